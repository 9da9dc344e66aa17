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
_STRIP_ROWS = 256


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
        """The full picture and its thumbnail, as they are limited in ``photo``. Upright; transparency becomes white.

        Raises:
            PhotoDamaged: it can't be decoded, or not to its end.
            ServerError: as ``read_header``.
        """
        header = read_header(data)
        os.dup2(self._pipe, 2)
        try:
            upright = self._decode(np.frombuffer(data, np.uint8), header)
        finally:
            os.dup2(self._stderr, 2)
        full = _fit(upright, _FULL_TRIES, MAX_FULL_BYTES)
        return full, _fit(upright, _THUMBNAIL_TRIES, MAX_THUMBNAIL_BYTES)

    def _decode(self, data: Pixels, header: Header) -> Pixels:
        if header.is_transparent:
            # All there is, and not yet turned.
            decoded, kinds, metadata = cv2.imdecodeWithMetadata(data, cv2.IMREAD_UNCHANGED)
            exif = next((bytes(each) for kind, each in zip(kinds, metadata, strict=True) if kind == _EXIF), b"")
            return _turned(_shrunk(_on_white(_present(decoded)), MAX_FULL_SIDE), exif)
        if header.kind == "heic":
            # Brings FFmpeg along: the worker has imported it before the lock, when it saw that it would be needed.
            from server.media import heif_pixels

            return heif_pixels.decode(heif.read(data.tobytes()))
        longest = max(header.width, header.height)
        reduced = next((flag for by, flag in _REDUCED if longest // by >= MAX_FULL_SIDE), cv2.IMREAD_COLOR)
        pixels = cv2.imdecode(data, reduced if header.kind == "jpeg" else cv2.IMREAD_COLOR)
        if header.kind == "jpeg" and (said := self._heard()) and not _HARMLESS.search(said):
            raise PhotoDamaged("It can't be decoded to its end.")
        return _present(pixels)

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
