"""Mask: a part of a camera's picture that nobody may see."""

from dataclasses import dataclass
from itertools import chain
from typing import Any, Self

_MAX_POINTS = 100


@dataclass(frozen=True, slots=True)
class Mask:
    """An area, with everything that it encloses: an outline that crosses itself leaves no hole.

    Raises:
        ValueError: no area, or points outside the picture; the sentence says which. Never guessed at: a mask that is
            not understood would show what it is to hide.
    """

    outline: tuple[tuple[float, float], ...]
    """Corners in order, as fractions of width and height: (0, 0) is the upper left corner of the picture, (1, 1) the
    lower right."""

    def __post_init__(self) -> None:
        if not 3 <= len(self.outline) <= _MAX_POINTS:
            raise ValueError(f"a mask of {len(self.outline)} points, expected 3 to {_MAX_POINTS}")
        for number in chain.from_iterable(self.outline):
            if not 0 <= number <= 1:  # so is nan
                raise ValueError(f"a mask with a point at {number:g}, expected fractions of the picture, 0 to 1")

    @classmethod
    def of(cls, points: Any) -> Self:
        """From JSON: a list of [x, y].

        Raises:
            ValueError: also when it is something else.
        """
        try:
            return cls(tuple((float(x), float(y)) for x, y in points))
        except TypeError as error:
            raise ValueError("expected a mask as a list of points [x, y]") from error
