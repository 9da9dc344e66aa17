"""Pixels: from the bytes of a picture to two JPEGs that hold nothing else. Runs in the worker; blocks."""

import os
import re
from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from server.errors import PhotoDamaged
from server.media import heif
from server.media.colour_profile import ColourProfile, read_profile, srgb_of
from server.media.header import Header, read_header
from server.media.photo import MAX_FULL_BYTES, MAX_FULL_SIDE, MAX_THUMBNAIL_BYTES

Pixels = NDArray[np.uint8]

_FULL_TRIES = ((1600, (85, 75, 65, 55)), (1280, (65, 50)), (1024, (65, 50)), (800, (60, 40)), (640, (50, 30, 15)))
_THUMBNAIL_TRIES = ((240, (80, 65, 50)), (200, (65, 50)), (160, (65, 50, 35)), (96, (50, 25)), (64, (30, 10)))
"""Longest side in pixels and qualities, best first: the first that fits is taken. Noise fits the last one."""
_REDUCED = ((8, cv2.IMREAD_REDUCED_COLOR_8), (4, cv2.IMREAD_REDUCED_COLOR_4), (2, cv2.IMREAD_REDUCED_COLOR_2))
_HARMLESS = re.compile(rb"data: [1-6]?[0-9] extraneous bytes before marker 0xd9")
"""What many cameras leave before the end. More than that is a part of the picture in the wrong place."""
_EXIF = cv2.IMAGE_METADATA_EXIF
_PROFILE = cv2.IMAGE_METADATA_ICCP
_STRIP_ROWS = 256
_LIGHTS = 2**14
"""In dark colours one step of 255 is five of them."""


class PixelMaker:
    """Decodes and encodes. Made before the sandbox is locked; opens nothing later."""

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        # libjpeg tells of damage only on the error stream, so that is a pipe of ours while pictures are decoded.
        self._said, self._pipe = os.pipe()
        self._stderr = os.dup(2)
        os.set_blocking(self._said, False)
        os.set_blocking(self._pipe, False)
        self.open_files = self._stderr + 1

    def develop(self, data: bytes) -> tuple[bytes, bytes]:
        """The full picture and its thumbnail, as ``photo`` limits them. Upright, in sRGB; transparency becomes white.

        Raises:
            PhotoDamaged: it can't be decoded, or not to its end.
            ServerError: as ``read_header``.
        """
        header = read_header(data)
        os.dup2(self._pipe, 2)
        try:
            upright, profile = self._decode(np.frombuffer(data, np.uint8), header)
        finally:
            os.dup2(self._stderr, 2)
        upright = _in_srgb(_shrunk(upright, MAX_FULL_SIDE), read_profile(profile))
        full = _fit(upright, _FULL_TRIES, MAX_FULL_BYTES)
        return full, _fit(upright, _THUMBNAIL_TRIES, MAX_THUMBNAIL_BYTES)

    def _decode(self, data: Pixels, header: Header) -> tuple[Pixels, bytes]:
        """Upright, and the colour profile that came with it, or b"". What is large may be shrunk already."""
        if header.kind == "heic":
            # Brings FFmpeg along: the worker has imported it before the lock, when it saw that it would be needed.
            from server.media import heif_pixels

            picture = heif.read(data.tobytes())
            return heif_pixels.decode(picture), picture.profile
        flags = cv2.IMREAD_COLOR
        if header.is_transparent:
            # All there is, and not yet turned.
            flags = cv2.IMREAD_UNCHANGED
        elif header.kind == "jpeg":
            longest = max(header.width, header.height)
            flags = next((flag for by, flag in _REDUCED if longest // by >= MAX_FULL_SIDE), flags)
        decoded, kinds, bodies = cv2.imdecodeWithMetadata(data, flags)
        if header.kind == "jpeg" and (said := self._heard()) and not _HARMLESS.search(said):
            raise PhotoDamaged("It can't be decoded to its end.")
        pixels = _present(decoded)
        metadata = {kind: bytes(body) for kind, body in zip(kinds, bodies, strict=True)}
        if header.is_transparent:
            pixels = _turned(_shrunk(_on_white(pixels), MAX_FULL_SIDE), metadata.get(_EXIF, b""))
        return pixels, metadata.get(_PROFILE, b"")

    def _heard(self) -> bytes:
        try:
            return os.read(self._said, 4096)
        except BlockingIOError:
            return b""


def _present(decoded: Any) -> Pixels:
    if decoded is None:
        raise PhotoDamaged("It can't be decoded.")
    pixels: Pixels = decoded
    return pixels


def _on_white(pixels: NDArray[Any]) -> Pixels:
    """What is transparent hides colours that nobody chose to show. Strip by strip: a large picture fits once only."""
    height, width, channels = pixels.shape
    opaque = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, _STRIP_ROWS):
        strip = pixels[top : top + _STRIP_ROWS]
        if strip.dtype != np.uint8:
            strip = cv2.convertScaleAbs(strip, alpha=255 / np.iinfo(strip.dtype).max)
        part = opaque[top : top + _STRIP_ROWS]
        part[:] = strip[:, :, :3]
        if channels == 4:
            alpha = cv2.cvtColor(strip[:, :, 3], cv2.COLOR_GRAY2BGR)
            part[:] = cv2.add(cv2.multiply(part, alpha, scale=1 / 255), cv2.bitwise_not(alpha))
    return opaque


def _shrunk(pixels: Pixels, longest: int) -> Pixels:
    """At most so many pixels long; a smaller one stays as it is."""
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _in_srgb(pixels: Pixels, profile: ColourProfile | None) -> Pixels:
    """As every screen shows it, without the profile that said how. Strip by strip: light takes four times the room."""
    if profile is None or profile.is_srgb:
        return pixels
    # OpenCV has blue first.
    curves = np.array(profile.curves[::-1], np.float32).T.reshape(1, 256, 3)
    matrix = np.array(profile.matrix, np.float32)[::-1, ::-1] * (_LIGHTS - 1)
    values = np.array([round(255 * srgb_of(light / (_LIGHTS - 1))) for light in range(_LIGHTS)], np.uint8)
    shown = np.empty_like(pixels)
    for top in range(0, len(pixels), _STRIP_ROWS):
        lights = cv2.transform(cv2.LUT(pixels[top : top + _STRIP_ROWS], curves), matrix)
        shown[top : top + _STRIP_ROWS] = values[np.clip(np.rint(lights), 0, _LIGHTS - 1).astype(np.uint16)]
    return shown


def _turned(pixels: Pixels, exif: bytes) -> Pixels:
    """Upright, by the orientation in ``exif``: OpenCV turns only what it decodes without transparency, so once more."""
    if not exif:
        return pixels
    _, carrier = cv2.imencodeWithMetadata(".png", pixels, [_EXIF], [np.frombuffer(exif, np.uint8)])
    return _present(cv2.imdecode(carrier, cv2.IMREAD_COLOR))


def _fit(pixels: Pixels, tries: Iterable[tuple[int, Iterable[int]]], max_bytes: int) -> bytes:
    for longest, qualities in tries:
        shrunk = _shrunk(pixels, longest)
        for quality in qualities:
            options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
            encoded: bytes = cv2.imencode(".jpg", shrunk, options)[1].tobytes()
            if len(encoded) <= max_bytes:
                return encoded
    raise PhotoDamaged("It can't be made small enough.")
