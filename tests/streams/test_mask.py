from typing import Any

import pytest

from streams.mask import Mask


def test_a_mask_is_read_from_json() -> None:
    assert Mask.of([[0, 0], [1, 0], [0.5, 1]]) == Mask(((0.0, 0.0), (1.0, 0.0), (0.5, 1.0)))


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([[0, 0], [1, 1]], "of 2 points, expected 3 to 100"),
        ([[0, 0]] * 101, "of 101 points"),
        ([[0, 0], [1, 0], [0.5, 1.01]], "a point at 1.01"),
        ([[0, 0], [-0.1, 0], [0.5, 1]], "a point at -0.1"),
        ([[0, 0], [float("nan"), 0], [0.5, 1]], "a point at nan"),
        ([1, 2, 3], "a list of points"),
        (None, "a list of points"),
        ([["a", 0], [1, 0], [0, 1]], "could not convert"),
    ],
)
def test_a_mask_that_is_not_understood_is_refused(points: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Mask.of(points)
