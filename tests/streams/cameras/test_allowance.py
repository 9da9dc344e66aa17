"""How much one camera may send."""

import pytest

from streams.cameras.allowance import MAX_BYTES, MAX_PICTURES, WINDOW_S, Allowance
from streams.errors import SourceGarbled


def test_what_cameras_send_is_allowed_for_ever() -> None:
    allowance = Allowance()
    for number in range(10_000):
        allowance.take(80_000, number / 100, pictures=1)


def test_too_many_pictures_are_refused_in_words() -> None:
    allowance = Allowance()
    for _ in range(MAX_PICTURES):
        allowance.take(10, 100.0, pictures=1)
    with pytest.raises(SourceGarbled, match=r"more than any camera does: 1001 pictures and 10010 bytes within 5 s"):
        allowance.take(10, 100.0 + WINDOW_S - 0.1, pictures=1)


def test_too_many_bytes_are_refused_in_words() -> None:
    allowance = Allowance()
    allowance.take(MAX_BYTES, 100.0)
    allowance.take(MAX_BYTES, 100.0 + WINDOW_S)
    with pytest.raises(SourceGarbled, match="more than any camera does: 0 pictures and 67108865 bytes"):
        allowance.take(1, 100.0 + WINDOW_S)
