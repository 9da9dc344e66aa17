import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.formats.rtp_order import PacketOrder
from streams.formats.rtsp import Interleaved, Lost


def rtp(sequence: int) -> bytes:
    return struct.pack(">BBHII", 0x80, 96, sequence & 0xFFFF, 0, 7) + b"\x41"


def numbers(order: PacketOrder, sequences: list[int], step_s: float = 0.0) -> list[int | None]:
    """What comes out, as numbers; None for a loss."""
    out: list[int | None] = []
    for index, sequence in enumerate(sequences):
        for event in order.push(rtp(sequence), index * step_s):
            if isinstance(event, Interleaved):
                out += [packet[2] << 8 | packet[3] for packet in event.packets]
            else:
                out.append(None)
    return out


def test_packets_in_order_come_at_once() -> None:
    order = PacketOrder(256)
    assert order.push(rtp(7), 0.0) == [Interleaved(256, [rtp(7)])]
    assert order.push(rtp(8), 0.0) == [Interleaved(256, [rtp(8)])]


def test_packets_that_were_overtaken_are_put_back_in_order_and_doubles_are_dropped() -> None:
    assert numbers(PacketOrder(0), [1, 2, 4, 4, 5, 3, 3, 6, 2, 7]) == [1, 2, 3, 4, 5, 6, 7]


def test_the_order_holds_where_the_numbers_wrap() -> None:
    assert numbers(PacketOrder(0), [65534, 0, 65535, 2, 1]) == [65534, 65535, 0, 1, 2]


def test_a_packet_that_never_comes_is_a_loss_after_64_others() -> None:
    sequences = [1, *range(3, 68)]
    assert numbers(PacketOrder(0), sequences[:-1]) == [1]
    assert numbers(PacketOrder(0), sequences) == [1, None, *range(3, 68)]


def test_where_packets_come_slowly_a_loss_is_not_waited_for_longer_than_a_tenth_of_a_second() -> None:
    assert numbers(PacketOrder(0), [1, 3, 4, 5, 6, 7, 8], step_s=0.03) == [1, None, 3, 4, 5, 6, 7, 8]


def test_two_holes_are_two_losses_and_each_is_waited_for() -> None:
    # 3 and 5 have waited since 0.03 s and 0.06 s.
    assert numbers(PacketOrder(0), [1, 3, 5, 6, 7, 8], step_s=0.03) == [1, None, 3]
    assert numbers(PacketOrder(0), [1, 3, 5, 6, 7, 8, 9], step_s=0.03) == [1, None, 3, None, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("restart", [0, 2000, 40_000])
def test_a_camera_that_counts_anew_is_followed(restart: int) -> None:
    out = numbers(PacketOrder(0), [*range(5000, 5010), *range(restart, restart + 200)])
    assert out[:10] == list(range(5000, 5010))
    assert out[10] is None
    assert out[-1] == restart + 199
    assert out[11:] == list(range(out[11] or 0, restart + 200))


def test_what_is_no_rtp_is_ignored() -> None:
    order = PacketOrder(0)
    assert order.push(b"", 0.0) == order.push(b"\x80" * 11, 0.0) == order.push(b"\x00" * 40, 0.0) == []


@given(st.integers(0, 65535), st.integers(0, 1000), st.integers(1, 60))
def test_any_shuffling_of_neighbours_is_undone(first: int, seed: int, reach: int) -> None:
    chance = random.Random(seed)
    expected = [(first + n) & 0xFFFF for n in range(300)]
    places = [0.0, *(n + chance.random() * reach for n in range(1, 300))]
    shuffled = [number for _, number in sorted(zip(places, expected, strict=True), key=lambda pair: pair[0])]
    out = numbers(PacketOrder(0), shuffled)
    assert out == expected[: len(out)]
    assert len(out) == 300


@given(st.lists(st.tuples(st.integers(0, 65535), st.floats(0, 1)), max_size=300))
def test_whatever_comes_nothing_is_given_twice_in_a_row_and_little_is_kept(arrivals: list[tuple[int, float]]) -> None:
    order, at = PacketOrder(0), 0.0
    for sequence, wait_s in arrivals:
        at += wait_s
        for event in order.push(rtp(sequence), at):
            assert isinstance(event, Lost) or event.packets
        assert len(order._waiting) <= 64
