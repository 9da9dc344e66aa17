"""PictureCheck: measures one picture of a camera, against another of some seconds before and one of better days.

Pictures are grey, made ``WIDTH`` wide, and looked at in cells: a car, a caption, a lamp or a raindrop changes a few of
them, what is wrong with the camera changes most. What the figures were for good and bad pictures stands in
docs/operations.md; what follows from them is decided elsewhere (server/core/picture_checks.py).
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from streams.formats.picture_pipe import Figures
from streams.mask import Mask

Grey = npt.NDArray[np.uint8]
Values = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

WIDTH = 640
"""Of the pictures that are compared; that is also how large a reference is kept."""
CELL = 40

_FLAT = 4.0
"""Grey levels squared: a cell with less variance than that has nothing in it but noise."""
_SHAPES = 20.0
"""With more than that it has shapes that can be found again."""
_FAINT = 5.0
"""As much is left of shapes when the light is poor."""
_BLACK, _DARK = 16, 35
"""Grey levels of 255."""
_FEW = 6
"""Cells that are too few to say something of the whole picture."""
_SWAY = 8
"""Pixels that a mast sways in the wind and bends in the sun."""
_ALIKE = 0.5
"""Correlation of edges. Of shapes that are not the same it is 0.2 to 0.3, the best of all shifts within ``_SWAY``."""
_LEVELS, _SHARE = 2, 0.01
"""A cell has changed when more than such a share of its pixels is other by more than so many grey levels."""


def shrunk(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The picture ``WIDTH`` wide, in colour or not."""
    height, width = picture.shape[:2]
    way = cv2.INTER_AREA if width >= WIDTH else cv2.INTER_CUBIC
    size = WIDTH, max(CELL, round(height * WIDTH / width))
    return cv2.resize(picture, size, interpolation=way).astype(np.uint8, copy=False)


def measure(
    now: Grey, before: Grey | None = None, reference: Grey | None = None, masks: Sequence[Mask] = ()
) -> Figures:
    """
    Args:
        now, before, reference: grey, as wide as ``shrunk`` makes them. One of another shape is left out.
    """
    open_cells = _open_cells(now.shape, masks)
    cells = _Cells(now)
    flat = cells.coarse < _FLAT
    has_shapes = open_cells & (cells.coarse >= _SHAPES)
    detail = float(np.median(cells.detail[has_shapes])) if np.count_nonzero(has_shapes) >= _FEW else None
    changed = None
    if before is not None and before.shape == now.shape and open_cells.any():
        changed = _share(_changed(now, before), open_cells)
    figures = Figures(
        dark=_share((cells.mean < _BLACK) & flat, open_cells),
        flat=_share(flat, open_cells),
        lit=_share(cells.mean > _DARK, open_cells),
        detail=detail,
        changed=changed,
    )
    if reference is None or reference.shape != now.shape:
        return figures
    return _compared(figures, cells, _Cells(reference), open_cells)


class _Cells:
    """A picture in cells; the arrays are (rows, columns) of them. What is left over at two sides is not looked at."""

    def __init__(self, grey: Grey) -> None:
        values = grey.astype(np.float32)
        smooth = cv2.GaussianBlur(values, (0, 0), 2.0)
        self.mean = _per_cell(values)
        self.coarse = _variance(smooth)
        """Of shapes, without noise."""
        fine = _variance(cv2.Laplacian(cv2.GaussianBlur(values, (0, 0), 0.7), cv2.CV_32F))
        self.detail: Values = fine / (self.coarse + 1e-6)
        """Falls when the picture blurs, and not when it is darker or in a haze."""
        across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
        self.edges: Values = cv2.magnitude(across, down).astype(np.float32, copy=False)
        """Of the whole picture."""


def _compared(figures: Figures, now: _Cells, reference: _Cells, open_cells: Flags) -> Figures:
    places = open_cells & (reference.coarse >= _SHAPES)
    count = int(np.count_nonzero(places))
    if count == 0:
        return figures
    seen = places & (now.coarse >= _FAINT)
    sharpness = None
    if np.count_nonzero(seen) >= _FEW:
        sharpness = float(np.median(now.detail[seen] / (reference.detail[seen] + 1e-6)))
    held = sum(_is_held(now.edges, reference.edges, int(row), int(column)) for row, column in np.argwhere(places))
    return replace(
        figures,
        places=count,
        seen=_share(seen, places),
        held=held / count,
        sharpness=sharpness,
        blank=_share((now.coarse < _FLAT) & (now.mean > _DARK), places),
    )


def _is_held(now: Values, reference: Values, row: int, column: int) -> bool:
    top, left = row * CELL, column * CELL
    shape = reference[top : top + CELL, left : left + CELL]
    around = now[max(0, top - _SWAY) : top + CELL + _SWAY, max(0, left - _SWAY) : left + CELL + _SWAY]
    return float(cv2.matchTemplate(around, shape, cv2.TM_CCOEFF_NORMED).max()) >= _ALIKE


def _changed(now: Grey, before: Grey) -> Flags:
    other = cv2.absdiff(now, before) > _LEVELS
    flags: Flags = _per_cell(other.astype(np.float32)) > _SHARE
    return flags


def _open_cells(shape: tuple[int, ...], masks: Sequence[Mask]) -> Flags:
    """Those that no mask touches."""
    height, width = shape[:2]
    hidden = np.zeros((height, width), np.uint8)
    for mask in masks:
        corners = np.round(np.array(mask.outline) * (width, height)).astype(np.int32)
        cv2.fillPoly(hidden, [corners], (1,))
    # The border of what is painted over moves with nothing.
    hidden = cv2.dilate(hidden, np.ones((2 * _SWAY + 1, 2 * _SWAY + 1), np.uint8)).astype(np.uint8, copy=False)
    flags: Flags = _per_cell(hidden.astype(np.float32)) == 0
    return flags


def _share(which: Flags, of: Flags) -> float:
    count = np.count_nonzero(of)
    return float(np.count_nonzero(which & of) / count) if count else 0.0


def _per_cell(values: Values) -> Values:
    rows, columns = values.shape[0] // CELL, values.shape[1] // CELL
    means = values[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL).mean(axis=(1, 3))
    result: Values = means.astype(np.float32, copy=False)
    return result


def _variance(values: npt.NDArray[np.floating] | cv2.typing.MatLike) -> Values:
    of = np.asarray(values, np.float32)
    result: Values = np.maximum(_per_cell(of * of) - _per_cell(of) ** 2, 0)
    return result
