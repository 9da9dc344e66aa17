"""JPEG pictures of several kinds, for tests."""

import cv2
import numpy as np

_MAKER = np.random.default_rng(5)


def picture(width: int = 64, height: int = 48, *options: int) -> bytes:
    """Noise, so that it has many bytes and many 0xFF among them; ``options`` are those of ``cv2.imencode``."""
    noise = _MAKER.integers(0, 255, size=(height, width, 3), dtype=np.uint8)
    is_made, data = cv2.imencode(".jpg", noise, options)
    assert is_made
    return data.tobytes()


def progressive() -> bytes:
    return picture(64, 48, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)


def with_restarts() -> bytes:
    return picture(64, 48, cv2.IMWRITE_JPEG_RST_INTERVAL, 2)


def with_thumbnail() -> bytes:
    """A picture with another one, start and end and all, inside a segment."""
    inner, outer = picture(16, 16), picture()
    return outer[:2] + b"\xff\xe1" + (len(inner) + 8).to_bytes(2, "big") + b"Exif\0\0" + inner + outer[2:]
