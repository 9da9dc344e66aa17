"""Streams without IDR pictures."""

import subprocess
from pathlib import Path

import av
import imageio_ffmpeg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.formats.h264 import NalType, nal_type, split_annex_b
from streams.formats.recovery_point import RecoveryPoints, recovery_pictures

IDR = b"\x65\x88" + b"i" * 30
SLICE = b"\x41\x9a" + b"p" * 30
# As x264 writes it with intra-refresh: recovery_frame_cnt 0, and one of 24; the end of an RBSP behind.
AT_ONCE = bytes.fromhex("060601c480")
LATER = bytes.fromhex("0606020c9080")
STEP = 3600


@pytest.mark.parametrize(
    ("nal", "pictures"),
    [
        (AT_ONCE, 0),
        (LATER, 24),
        # Behind another message, one of 257 bytes with the bytes that keep start codes away.
        (bytes.fromhex("0605ff02") + b"\0\0\3" * 128 + b"\0" + AT_ONCE[1:], 0),
        (bytes.fromhex("0605010080"), None),
        (IDR, None),
        (b"\x06", None),
        (b"\x06\x06", None),
        (b"\x06\x06\x00\x80", None),
        (b"\x06\x06\x05\x00\x00\x00\x00\x00", None),
        (b"\x06" + b"\xff" * 300, None),
    ],
)
def test_a_recovery_point_is_found(nal: bytes, pictures: int | None) -> None:
    assert recovery_pictures(nal) == pictures


def test_a_stream_without_idr_pictures_can_be_joined_at_its_recovery_points_after_five_seconds() -> None:
    points = RecoveryPoints()
    starts = [
        number
        for number in range(300)
        if points.take([AT_ONCE, SLICE] if number % 25 == 0 else [SLICE], (2**32 - 50_000 + number * STEP) % 2**32)
    ]
    assert starts == [125, 150, 175, 200, 225, 250, 275]


def test_where_there_are_idr_pictures_nothing_else_counts() -> None:
    points = RecoveryPoints()
    starts = [
        number for number in range(300) if points.take([IDR] if number % 100 == 0 else [AT_ONCE, SLICE], number * STEP)
    ]
    assert starts == [0, 100, 200]


def test_a_clock_that_jumps_is_no_time_without_idr_pictures() -> None:
    points = RecoveryPoints()
    points.take([IDR], 0)
    assert not points.take([AT_ONCE, SLICE], 100 * 90_000)
    assert not points.take([AT_ONCE, SLICE], 5)


@given(st.binary(max_size=60))
def test_no_message_makes_it_fail(body: bytes) -> None:
    assert (recovery_pictures(b"\x06" + body) or 0) >= 0


def test_a_stranger_who_starts_at_a_recovery_point_shows_whole_pictures_only(tmp_path: Path) -> None:
    path = tmp_path / "refreshed.264"
    arguments = "-f lavfi -i testsrc=size=320x240:rate=25 -frames:v 250 -c:v libx264 -g 50 -bf 0 -pix_fmt yuv420p"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", *arguments.split()]
    subprocess.run([*command, "-x264-params", "intra-refresh=1", path], check=True, timeout=30)
    with av.open(str(path)) as container:
        pictures = [split_annex_b(bytes(packet)) for packet in container.demux(video=0) if packet.size]
    points = RecoveryPoints()
    starts = [number for number, nals in enumerate(pictures) if points.take(nals, number * STEP)]
    assert starts == [0, 150, 200]

    whole = _decoded(pictures)
    sets = [nal for nal in pictures[0] if nal_type(nal) in {NalType.SPS, NalType.PPS}]
    joined = _decoded([sets + pictures[150], *pictures[151:]])
    assert 50 < len(joined) <= 100
    assert joined == whole[-len(joined) :]


def _decoded(pictures: list[list[bytes]]) -> list[bytes]:
    codec = av.CodecContext.create("h264", "r")
    packets = [av.Packet(b"".join(b"\0\0\0\1" + nal for nal in nals)) for nals in pictures]
    frames = [frame for packet in (*packets, None) for frame in codec.decode(packet)]
    return [frame.to_ndarray().tobytes() for frame in frames]
