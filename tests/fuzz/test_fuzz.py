"""A minute of what ``make fuzz`` does for long, in a process of its own for each parser: its memory counts."""

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from streams.formats.bits import BitWriter
from streams.formats.h264 import parse_sps
from tests.fuzz.fuzzing import MAX_GROWTH_BYTES, MAX_MS, attempt, fuzz, peak_bytes
from tests.fuzz.mutation import LARGE_BYTES, Mutator
from tests.fuzz.packets import framed
from tests.fuzz.targets import Target, all_targets

ROOT = Path(__file__).parents[2]
NAMES = (
    *("rtsp", "sdp", "rtp", "h264", "multipart", "fmp4", "packet_pipe", "fragment"),
    *("h265", "rtp_h265", "rtp_order", "encoder_pipe", "picture_pipe"),
)
SECONDS = 60 / len(NAMES)


def costly_sps(number: int) -> bytes:
    """With all that it may have: twelve scaling lists, and 255 offsets."""
    bits = BitWriter()
    for value in (number, 3):
        bits.ue(value)
    bits.u(1, 0)
    bits.ue(0)
    bits.ue(0)
    bits.u(2, 1)
    for index in range(12):
        bits.u(1, 1)
        for _ in range(16 if index < 6 else 64):
            bits.ue(1023)
    for value in (0, 1):
        bits.ue(value)
    bits.u(1, 0)
    for value in (0, 0, 255, *[70_000] * 255, 1):
        bits.ue(value)
    bits.u(1, 0)
    for value in (39, 29):
        bits.ue(value)
    bits.u(4, 0b1100)
    return bytes((0x67, 100, 0, 31)) + bits.end()


def rtp(sequence: int, payload: bytes, marker: int = 0) -> bytes:
    return struct.pack(">BBHII", 0x80, marker | 96, sequence, 5, 7) + payload


@pytest.mark.parametrize("name", NAMES)
def test_nearly_right_bytes_are_read_or_refused_in_time_and_space(name: str) -> None:
    command = [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(SECONDS)]
    run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr[-2000:]


ONCE_WRONG = {
    "fill bytes in a scan": ("multipart", b"\xff\xd8\xff\xda\0\2" + b"\xff" * 50_000 + b"\0\0"),
    "segments without an end": ("multipart", b"Content-Length: 9000000\n\n\xff\xd8" + b"\xff\xe0\0\2" * 2_250_000),
    "segments in a picture that ends": (
        "multipart",
        b"Content-Length: 9000004\n\n\xff\xd8" + b"\xff\xe0\0\2" * 2_250_000 + b"\xff\xd9",
    ),
    "payload types": ("sdp", b"m=video 0 RTP/AVP" + b" 1" * 500_000),
    "parameters": ("sdp", b"m=video 0 RTP/AVP 1\n" + b"".join(b"a=fmtp:1 a%d=1\n" % n for n in range(60_000))),
    "nested JSON": ("packet_pipe", b"\2".ljust(18, b"\0") + b"[" * 100_000),
    "large parameter sets": (
        "rtp",
        framed([rtp(n, costly_sps(n)) for n in range(150)] + [rtp(150, b"\x65\x88", 0x80)]),
    ),
    "NAL units of an aggregate": ("rtp", framed([rtp(n, b"\x18" + b"\0\1\6" * 20_000) for n in range(120)])),
    "NAL units between start codes": (
        "rtp",
        framed(
            [
                rtp(n, bytes((0x7C, 0x46 if n == 119 else 0x06 if n else 0x86)) + b"\0\0\1\6" * 15_000)
                for n in range(120)
            ]
        ),
    ),
}


@pytest.mark.parametrize("what", ONCE_WRONG)
def test_what_once_broke_or_stopped_a_parser_does_not_any_more(what: str) -> None:
    name, data = ONCE_WRONG[what]
    outcome, took_ms = attempt(all_targets()[name], data)
    assert not isinstance(outcome, BaseException)
    assert took_ms <= MAX_MS


def test_the_costly_set_is_read_to_its_end() -> None:
    assert parse_sps(costly_sps(7)).width == 640


def test_every_target_is_tried() -> None:
    assert set(NAMES) == set(all_targets())


def test_the_same_seed_gives_the_same_inputs() -> None:
    first, again, other = (Mutator(Random(seed), [b"abc", b"def" * 50], [b"word"]) for seed in (1, 1, 2))
    inputs = [first.next() for _ in range(1200)]
    assert inputs == [again.next() for _ in range(1200)]
    assert inputs != [other.next() for _ in range(1200)]
    assert max(map(len, inputs)) == LARGE_BYTES


def _breaks(data: bytes) -> int:
    if b"!" in data:
        raise IndexError("out of it")
    return len(data)


def _dawdles(data: bytes) -> int:
    return sum(1 for _ in range(10**7)) if b"!" in data else len(data)


def _hoards(data: bytes) -> int:
    """More than this process, which has run other tests, ever had at once."""
    return len(b"\1" * (peak_bytes() + MAX_GROWTH_BYTES + (64 << 20))) if b"!" in data else len(data)


@pytest.mark.parametrize(
    ("take", "what"),
    [(_breaks, "IndexError: out of it"), (_dawdles, "ms of CPU"), (_hoards, "MiB more memory")],
)
def test_what_must_not_be_is_found(take: Callable[[bytes], int], what: str) -> None:
    done = fuzz(Target(take, (b"abcdefgh",), (b"!",)), Random(3), is_over=lambda inputs: inputs > 20_000)
    assert done.finding is not None
    assert what in done.finding.what
    assert b"!" in done.finding.data
    assert take is not _breaks or done.finding.data == b"!"
