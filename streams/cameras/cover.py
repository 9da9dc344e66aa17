"""Cover: masks drawn for pictures of one size, and painted into them."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from streams.mask import Mask

Plane = npt.NDArray[np.uint8]

_SHIFT = 4
"""Fractional bits of the corners' positions."""
_BLACK_LUMA, _BLACK_CHROMA = 16, 128
"""Limited range (ITU-T H.273 §8.3)."""


class Cover:
    """Black over every pixel that a mask touches, and over a margin around, which ends softly *outwards*.

    The margin is there because a camera's own coding smears the neighbourhood: what is hidden shines a few pixels
    through its borders.
    """

    def __init__(self, masks: Sequence[Mask], width: int, height: int) -> None:
        """
        Args:
            width, height: even.
        """
        hidden = np.zeros((height, width), np.uint8)
        for mask in masks:
            hidden |= _area(mask, width, height)
        margin = max(2, round(min(width, height) / 180))
        hidden = _grown(hidden, margin)
        soft = cv2.GaussianBlur(_grown(hidden, 1), (5, 5), 0)
        self._luma_share = 255 - np.maximum(hidden, soft).astype(np.uint8, copy=False)
        # A sample of colour belongs to four pixels: the most hidden of them decides.
        self._chroma_share: Plane = self._luma_share.reshape(height // 2, 2, width // 2, 2).min(axis=(1, 3))
        self._luma_black = _part(_BLACK_LUMA, 255 - self._luma_share)
        self._chroma_black = _part(_BLACK_CHROMA, 255 - self._chroma_share)

    def paint(self, planes: Plane) -> None:
        """Paint into a picture.

        Args:
            planes: I420 in limited range, one plane below the other: (height * 3 / 2, width).
        """
        height, width = self._luma_share.shape
        _blend(planes[:height], self._luma_share, self._luma_black)
        chroma = planes[height:].reshape(2, height // 2, width // 2)
        for plane in chroma:
            _blend(plane, self._chroma_share, self._chroma_black)


def _area(mask: Mask, width: int, height: int) -> Plane:
    # Pixel 0 of OpenCV has its middle at 0, not at 0.5.
    corners = (np.array(mask.outline) * (width, height) - 0.5) * (1 << _SHIFT)
    area = np.zeros((height, width), np.uint8)
    # Border included, which a hairline of a mask consists of.
    cv2.fillPoly(area, [np.round(corners).astype(np.int32)], (255,), shift=_SHIFT)
    # It fills by the even-odd rule: an outline that crosses itself has holes, which an outline from outside has not.
    outlines, _ = cv2.findContours(area, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(area, outlines, -1, (255,), cv2.FILLED)
    return area


def _grown(area: Plane, by: int) -> Plane:
    return cv2.dilate(area, np.ones((2 * by + 1, 2 * by + 1), np.uint8)).astype(np.uint8, copy=False)


def _part(value: int, share: Plane) -> Plane:
    return np.round(share * (value / 255)).astype(np.uint8)


def _blend(plane: Plane, share: Plane, black: Plane) -> None:
    # In 1/255; a share of 0 leaves exactly black, whatever was there.
    plane[:] = cv2.add(cv2.multiply(plane, share, scale=1 / 255), black)
