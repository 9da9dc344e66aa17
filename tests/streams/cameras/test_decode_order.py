from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.cameras.decode_order import DecodeOrder

FRAME = 3600


def placed(presentations: list[int]) -> list[tuple[int, int]]:
    order = DecodeOrder()
    return [order.next(presentation % 2**32) for presentation in presentations]


def reordered(pattern: list[int], groups: int) -> list[int]:
    """Presentation times in decode order: one picture, then ``pattern`` again and again, each group after the other."""
    return [0, *(((group * len(pattern)) + place) * FRAME for group in range(groups) for place in pattern)]


def test_without_reordering_both_timestamps_are_the_same() -> None:
    presentations = [n * FRAME + n % 3 for n in range(300)]
    assert placed(presentations) == [(presentation, 0) for presentation in presentations]


@pytest.mark.parametrize(
    ("pattern", "depth"),
    [([2, 1], 1), ([4, 2, 1, 3], 2), ([4, 1, 2, 3], 1), ([8, 4, 2, 1, 3, 6, 5, 7], 3)],
    ids=["IBP", "pyramid", "three B", "deep pyramid"],
)
def test_reordered_pictures_get_even_decode_times(pattern: list[int], depth: int) -> None:
    presentations = reordered(pattern, 30)
    result = placed(presentations)
    learned = 3 * len(pattern)
    times = [decode for decode, _ in result]
    assert all(after > before for before, after in pairwise(times))
    assert {after - before for before, after in pairwise(times[learned:])} == {FRAME}
    # Never shown before it is decoded, and no later than the depth asks.
    assert all(offset >= 0 for _, offset in result[learned:])
    assert [decode + offset for decode, offset in result] == presentations
    assert times[-1] == sorted(presentations)[-1 - depth]


def test_a_wrap_of_the_timestamps_is_not_seen() -> None:
    start = 2**32 - 20 * FRAME
    plain = placed(reordered([4, 2, 1, 3], 20))
    wrapped = placed([start + presentation for presentation in reordered([4, 2, 1, 3], 20)])
    assert wrapped == [((start + decode) % 2**32, offset) for decode, offset in plain]


@pytest.mark.parametrize("jump", [-5 * FRAME, -90_000, 10 * 90_000, -(2**31) + 5, 0, 1])
def test_a_jump_of_the_clock_is_no_reordering(jump: int) -> None:
    presentations = [10**9 + n * FRAME for n in range(50)]
    presentations += [presentations[-1] + jump + n * FRAME for n in range(50)]
    assert all(offset == 0 for _, offset in placed(presentations))


def test_a_stream_that_ends_reordering_is_believed_after_a_while() -> None:
    presentations = reordered([4, 2, 1, 3], 20)
    presentations += [max(presentations) + (n + 1) * FRAME for n in range(200)]
    result = placed(presentations)
    assert result[-1] == (presentations[-1], 0)
    assert all(after > before for (before, _), (after, _) in pairwise(result))


def test_the_decode_times_of_an_encoder_are_found_again(tmp_path: Path) -> None:
    path = tmp_path / "b.mp4"
    noise = np.random.default_rng(1).integers(0, 255, (64, 96, 3), np.uint8)
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"bf": "3", "g": "24", "b-pyramid": "normal"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(100):
            image = np.roll(noise, number, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode())
    with av.open(path, "r") as container:
        packets = [packet for packet in container.demux() if packet.pts is not None and packet.dts is not None]
    scale = 90_000 * packets[0].time_base
    presentations = [int((packet.pts or 0) * scale) for packet in packets]
    assert presentations != sorted(presentations)
    result = placed(presentations)
    assert [decode for decode, _ in result][20:] == [int((packet.dts or 0) * scale) for packet in packets][20:]


@given(st.lists(st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 30).map(lambda n: n * FRAME)), max_size=80))
def test_any_timestamps_are_placed(presentations: list[int]) -> None:
    for presentation, (decode, offset) in zip(presentations, placed(presentations), strict=True):
        assert (decode + offset) % 2**32 == presentation
        assert abs(offset) < 2**31
