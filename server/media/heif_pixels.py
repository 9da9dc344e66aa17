"""The pixels of a HEIC file: its tiles, decoded by FFmpeg one after the other. Runs in the worker; blocks."""

import struct
from fractions import Fraction

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext

from server.errors import PhotoDamaged
from server.media.header import MAX_PIXELS
from server.media.heif import HeifPicture, Tile
from server.media.pixels import Pixels

_OPTIONS = {"err_detect": "explode", "max_pixels": str(MAX_PIXELS)}


def decode(picture: HeifPicture) -> Pixels:
    """All tiles in their places, cut to size and upright.

    Raises:
        PhotoDamaged: a tile can't be decoded, or has not the size of the others.
    """
    pixels = np.empty((picture.height, picture.width, 3), np.uint8)
    tile_height = tile_width = 0
    for index, tile in enumerate(picture.tiles):
        decoded = _decode(tile)
        if index == 0:
            tile_height, tile_width = decoded.shape[:2]
            rows = len(picture.tiles) // picture.columns
            if rows * tile_height < picture.height or picture.columns * tile_width < picture.width:
                raise PhotoDamaged("Its tiles do not cover it.")
        elif decoded.shape[:2] != (tile_height, tile_width):
            raise PhotoDamaged("Its tiles differ in size.")
        row, column = divmod(index, picture.columns)
        place = pixels[row * tile_height :, column * tile_width :][:tile_height, :tile_width]
        place[:] = decoded[: place.shape[0], : place.shape[1]]
    for kind, body in picture.transforms:
        pixels = _TRANSFORMS[kind](pixels, body)
    return np.ascontiguousarray(pixels)


def _decode(tile: Tile) -> Pixels:
    context = av.CodecContext.create("hevc", "r")
    assert isinstance(context, VideoCodecContext), "HEVC is video"
    context.extradata = tile.configuration
    context.thread_count = 1
    context.options = _OPTIONS
    try:
        frames = [*context.decode(av.Packet(tile.data)), *context.decode(None)]
        if len(frames) != 1:
            raise PhotoDamaged("A tile holds no picture.")
        return np.asarray(frames[0].to_ndarray(format="bgr24"), np.uint8)
    except (av.FFmpegError, ValueError) as error:
        raise PhotoDamaged("A tile can't be decoded.") from error


def _cut(pixels: Pixels, body: bytes) -> Pixels:
    """``clap``, ISO/IEC 14496-12 §12.1.4: what somebody cut away must not come back."""
    try:
        numbers = struct.unpack("!IIIIiIiI", body)
        width, height, right, down = (Fraction(*numbers[at : at + 2]) for at in (0, 2, 4, 6))
    except (struct.error, ZeroDivisionError):
        raise PhotoDamaged("Its cut is none.") from None
    whole_height, whole_width = pixels.shape[:2]
    left, top = round((whole_width - width) / 2 + right), round((whole_height - height) / 2 + down)
    cut = pixels[max(0, top) : top + round(height), max(0, left) : left + round(width)]
    if left < 0 or top < 0 or cut.shape[:2] != (round(height), round(width)) or cut.size == 0:
        raise PhotoDamaged("Its cut lies outside of it.")
    return cut


def _rotate(pixels: Pixels, body: bytes) -> Pixels:
    """``irot``: quarters of a turn, to the left."""
    return np.rot90(pixels, body[0] & 3) if body else pixels


def _mirror(pixels: Pixels, body: bytes) -> Pixels:
    """``imir``: 0 changes top and bottom, 1 left and right."""
    return np.asarray(cv2.flip(pixels, body[0] & 1), np.uint8) if body else pixels


_TRANSFORMS = {b"clap": _cut, b"irot": _rotate, b"imir": _mirror}
