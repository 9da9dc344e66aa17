"""What the benchmarks count with; how fast anything is, is no test."""

import json
import os
import socket
import struct

import pytest

from streams.fragment import Flag, Kind, pack
from tests.bench import processes
from tests.bench.crowd import Crowd, Watcher
from tests.bench.measure import Measure, percentile
from tests.bench.sent import SentLog, arrivals
from tests.bench.web_socket import BINARY, PING, TEXT, frames, messages, pong_frame, text_frame

MS = 10**6


def test_percentiles_are_of_the_nearest_rank() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert (percentile(values, 50), percentile(values, 99), percentile(values, 100)) == (50, 99, 100)
    assert percentile([7.0], 95) == 7


def test_a_measure_is_the_median_and_says_whether_it_reaches() -> None:
    line = json.loads(Measure("x", [9.0, 1.0, 2.00049], "ms", 2.5, "why").line())
    assert line == {
        "measure": "x",
        "value": 2.0,
        "unit": "ms",
        "reach": 2.5,
        "ok": True,
        "runs": [9.0, 1.0, 2.0],
        "note": "why",
    }
    assert not Measure("x", [3.0], "ms", 2.5).ok
    assert Measure("x", [3.0], "ms").ok
    assert Measure("x", [3.0], "/s", 2.5, is_least=True).ok
    assert not Measure("x", [2.0], "/s", 2.5, is_least=True).ok


def sent(*at_ms: int) -> bytes:
    """A log of a clip of two pictures, A and B in turn."""
    log = SentLog()
    for number, at in enumerate(at_ms):
        log.note(at * MS, bytes([number % 2]) * 12)
    return log.content()


A, B = b"\0" * 12, b"\1" * 12


def test_a_picture_is_matched_with_its_last_sending() -> None:
    received = [(0, A, 1 * MS), (0, B, 2005 * MS), (0, A, 4003 * MS)]
    came = arrivals(sent(0, 2000, 4000), received, viewers=1, from_ns=1000 * MS, until_ns=5000 * MS)
    assert (came.latencies_ms, came.sent, came.missing) == ([5.0, 3.0], 2, 0)


def test_a_picture_that_did_not_reach_every_viewer_is_missing() -> None:
    received = [(0, A, 1 * MS), (1, A, 2 * MS), (0, B, 2001 * MS)]
    came = arrivals(sent(0, 2000), received, viewers=2, from_ns=0, until_ns=3000 * MS)
    assert (came.sent, came.missing) == (2, 1)


def test_pictures_that_end_alike_are_refused() -> None:
    with pytest.raises(ValueError, match="same 12 bytes"):
        arrivals(sent(0, 40, 80), [], viewers=1, from_ns=0, until_ns=1)


def test_frames_are_found_however_they_are_cut() -> None:
    small, large = b"\x82\x7d" + b"s" * 125, b"\x82\x7f" + struct.pack(">Q", 70_000) + b"l" * 70_000
    middle = b"\x81\x7e" + struct.pack(">H", 300) + b"m" * 300
    stream = small + large + middle
    for step in (1, 1000, len(stream)):
        buffer, found = bytearray(), []
        for at in range(0, len(stream), step):
            buffer += stream[at : at + step]
            found += [(opcode, bytes(payload)) for opcode, payload in frames(buffer)]
        assert found == [(BINARY, b"s" * 125), (BINARY, b"l" * 70_000), (TEXT, b"m" * 300)]
        assert buffer == b""


def test_a_message_in_pieces_is_put_together_and_a_ping_between_them_is_heard_at_once() -> None:
    stream = b"\x02\x03one" + b"\x89\x01p" + b"\x00\x03two" + b"\x80\x05three" + b"\x82\x04next"
    for step in (1, len(stream)):
        buffer, begun, found = bytearray(), bytearray(), []
        for at in range(0, len(stream), step):
            buffer += stream[at : at + step]
            found += [(opcode, bytes(payload)) for opcode, payload in messages(buffer, begun)]
        assert found == [(PING, b"p"), (BINARY, b"onetwothree"), (BINARY, b"next")]
    assert pong_frame(b"p") == b"\x8a\x81\0\0\0\0p"


@pytest.mark.parametrize("length", [2, 300])
def test_what_is_sent_is_masked(length: int) -> None:
    frame = text_frame({"x": "y" * length})
    assert frame[1] & 0x80
    assert json.loads(frame[frame.index(b"{") :]) == {"x": "y" * length}


def test_our_own_cpu_time_is_found() -> None:
    ours = processes.tree(os.getpid())
    assert ours[0].pid == os.getpid()
    assert sum(processes.cpu_s(ours).values()) > 0
    assert processes.thread_cpu_s(os.getpid()) > 0
    assert processes.pss_bytes(ours[:1]) > 10**6


def message(sequence: int, flags: Flag = Flag.NONE, kind: Kind = Kind.FRAME) -> bytes:
    return pack(kind, flags, camera_number=1, sequence=sequence, captured_ms=5, dts=0, body=b"p" * 200).message


def test_a_picture_that_does_not_follow_is_smeared_but_for_a_key_frame() -> None:
    near, far = socket.socketpair()
    with near, far, Crowd(0) as crowd:
        watcher = Watcher(7, "", bytes_per_s=None)
        whole = (message(0, kind=Kind.INIT), message(1, Flag.KEY), message(2), message(9, Flag.KEY), message(10))
        watcher.begin(near, b"".join(whole))
        crowd.take(watcher, 4)
        assert (watcher.pictures, watcher.smears, watcher.captured_ms) == (4, 0, 5)
        assert crowd.received == [(7, b"p" * 12, 4)] * 4
        watcher.buffer += message(12)
        crowd.take(watcher, 5)
        assert watcher.smears == 1


def test_a_slow_viewer_may_read_what_its_link_has_carried() -> None:
    watcher = Watcher(1, "", bytes_per_s=1000)
    watcher.earn(0.0)
    watcher.allowance_bytes = 0
    watcher.earn(0.5)
    assert watcher.allowance_bytes == 500
    watcher.earn(60.0)
    assert watcher.allowance_bytes == 4096
