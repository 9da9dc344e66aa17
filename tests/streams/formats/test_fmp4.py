import hashlib
import struct
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.access_unit import VideoParameters
from streams.errors import FormatError
from streams.formats import h265
from streams.formats.fmp4 import SAMPLE_OFFSET, frame, init_segment, read_init
from streams.formats.h264 import split_annex_b, video_parameters
from streams.formats.rtp_h265 import Unpacker, pack

SPS = bytes.fromhex("674d001e95a82d0f69b808080810")
HIGH_SPS = bytes.fromhex("6764000dacd941419f9f0110000003001000000303c0f1429960")  # with chroma fields
PPS = bytes.fromhex("68ee3c80")
VPS_265 = bytes.fromhex("40010c01ffff01600000030090000003000003005d959409")
SPS_265 = bytes.fromhex("42010101600000030090000003000003005da00280802d16595952930b9a020000030002000003003210")
PPS_265 = bytes.fromhex("4401c073c189")


def boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    found = []
    while data:
        size, kind = struct.unpack_from(">I4s", data)
        found.append((kind, data[8:size]))
        data = data[size:]
    return found


def test_the_bytes_of_a_frame_are_these() -> None:
    expected = (
        "00000068 6d6f6f66"
        "00000010 6d666864 00000000 00000007"
        "00000050 74726166"
        "0000001c 74666864 00020038 00000001 00000e10 00000003 02000000"
        "00000014 74666474 01000000 0000000100000002"
        "00000018 7472756e 01000801 00000001 00000070 fffffff6"
        "0000000b 6d646174 616263"
    )
    assert frame(7, 2**32 + 2, 3600, True, b"abc", -10) == bytes.fromhex(expected)


def test_the_sample_stands_at_a_fixed_place() -> None:
    data = frame(1, 2, 3, False, b"the sample")
    assert data[SAMPLE_OFFSET:] == b"the sample"
    assert [kind for kind, _ in boxes(data)] == [b"moof", b"mdat"]
    assert bytes.fromhex("01010000") in data[:SAMPLE_OFFSET]


@pytest.mark.parametrize(
    ("sequence", "dts", "duration", "offset"),
    [(-1, 0, 0, 0), (2**32, 0, 0, 0), (0, -1, 0, 0), (0, 0, 2**32, 0), (0, 0, 0, 2**31)],
)
def test_numbers_outside_their_range_are_refused(sequence: int, dts: int, duration: int, offset: int) -> None:
    with pytest.raises(ValueError, match=f"dts {dts}, duration {duration}"):
        frame(sequence, dts, duration, True, b"", offset)


@pytest.mark.parametrize("sps", [SPS, HIGH_SPS])
def test_an_init_segment_says_what_it_was_made_of(sps: bytes) -> None:
    parameters = video_parameters([sps], [PPS, PPS + b"\x01"])
    assert read_init(init_segment(parameters)) == parameters


def test_an_init_segment_says_live() -> None:
    """Every duration is 0: Chromium then holds back no more than one picture."""
    moov = boxes(dict(boxes(init_segment(video_parameters([SPS], [PPS]))))[b"moov"])
    headers = dict(moov)
    assert struct.unpack_from(">II", headers[b"mvhd"], 12) == (90_000, 0)
    assert dict(boxes(headers[b"mvex"]))[b"mehd"] == bytes(8)
    track = dict(boxes(headers[b"trak"]))
    assert struct.unpack_from(">I", track[b"tkhd"], 20) == (0,)
    assert struct.unpack_from(">II", dict(boxes(track[b"mdia"]))[b"mdhd"], 12) == (90_000, 0)


def test_a_stranger_reads_the_init_segment(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("init") / "init.mp4"
    path.write_bytes(init_segment(video_parameters([SPS], [PPS])))
    with av.open(path) as container:
        (stream,) = container.streams
        assert isinstance(stream, av.VideoStream)
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 720, 480)
        assert stream.time_base is not None
        assert stream.time_base.denominator == 90_000
        assert SPS in bytes(stream.codec_context.extradata or b"")


def test_only_h264_and_h265_can_be_put_in() -> None:
    with pytest.raises(FormatError, match="for h264 and h265 only, not for mjpeg"):
        init_segment(VideoParameters("mjpeg", 1, 1, "image/jpeg"))
    with pytest.raises(FormatError, match="0 VPS, 0 SPS and 0 PPS"):
        init_segment(VideoParameters("h265", 1, 1, "hvc1"))


def test_an_init_segment_of_h265_says_what_it_was_made_of() -> None:
    parameters = h265.video_parameters([VPS_265], [SPS_265], [PPS_265, PPS_265 + b"\x01"])
    assert (parameters.width, parameters.height, parameters.codec_string) == (1280, 720, "hvc1.1.6.L93.90")
    body = init_segment(parameters)
    assert read_init(body) == parameters
    assert read_init(body.replace(b"hvc1", b"hev1")) == parameters
    for kind in (b"hvc1", b"hvcC"):
        with pytest.raises(FormatError, match=r"no box|no H"):
            read_init(body.replace(kind, b"free"))


@pytest.mark.parametrize("options", ["bframes=0:keyint=5:slices=4", "bframes=2:b-adapt=0:keyint=12:open-gop=0"])
def test_a_stranger_decodes_h265_that_came_over_rtp(tmp_path: Path, options: str) -> None:
    source, relayed = tmp_path / "source.265", tmp_path / "relayed.mp4"
    with av.open(source, "w", format="hevc") as container:
        params = f"log-level=none:pools=1:frame-threads=1:repeat-headers=1:{options}"
        stream = container.add_stream("libx265", rate=25, options={"preset": "ultrafast", "x265-params": params})
        stream.width, stream.height, stream.pix_fmt = 322, 182, "yuv420p"
        noise = np.random.default_rng(1).integers(0, 255, (182, 322, 3), np.uint8)
        packets = []
        for number in range(30):
            packets += stream.encode(av.VideoFrame.from_ndarray(np.roll(noise, number * 3, axis=1), "rgb24"))
        packets += stream.encode()
        pictures = [(split_annex_b(bytes(packet)), packet.pts or 0, packet.dts or 0) for packet in packets]
        container.mux(packets)
    unpacker, out = Unpacker(), []
    first = min(dts for _, _, dts in pictures)
    for number, (nals, pts, dts) in enumerate(pictures):
        came = [nal for payload in pack(nals, 500) for nal in unpacker.push(payload)]
        sets = ([nal for nal in came if h265.nal_type(nal) == kind] for kind in (32, 33, 34))
        data, is_key = h265.sample(came)
        if number == 0:
            out.append(init_segment(h265.video_parameters(*sets)))
        out.append(frame(number, (dts - first) * 3600, 3600, is_key, data, (pts - dts) * 3600))
    relayed.write_bytes(b"".join(out))
    assert hashes(relayed) == hashes(source)
    assert len(hashes(source)) == 30


def hashes(path: Path) -> list[str]:
    with av.open(path, "r") as container:
        return [hashlib.sha256(picture.to_ndarray().tobytes()).hexdigest() for picture in container.decode(video=0)]


def test_parameter_sets_that_do_not_fit_are_refused() -> None:
    with pytest.raises(FormatError, match=r"32 SPS and 1 PPS, expected 1\.\.31"):
        init_segment(VideoParameters("h264", 1, 1, "avc1.000000", (SPS,) * 32, (PPS,)))
    with pytest.raises(FormatError, match="more than 65535 bytes"):
        init_segment(VideoParameters("h264", 1, 1, "avc1.000000", (SPS,), (PPS + bytes(65536),)))


@pytest.mark.parametrize("kind", [b"moov", b"trak", b"stsd", b"avc1", b"avcC"])
def test_an_init_segment_without_a_box_is_refused(kind: bytes) -> None:
    with pytest.raises(FormatError, match=r"no box|no H"):
        read_init(init_segment(video_parameters([SPS], [PPS])).replace(kind, b"free"))


@given(st.binary(), st.integers(0, 800), st.integers(0, 255), st.booleans())
def test_any_bytes_are_an_init_segment_or_a_format_error(data: bytes, place: int, value: int, is_h265: bool) -> None:
    parameters = h265.video_parameters([VPS_265], [SPS_265], [PPS_265]) if is_h265 else video_parameters([SPS], [PPS])
    changed = bytearray(init_segment(parameters))
    changed[place % len(changed)] = value
    for body in (data, bytes(changed), bytes(changed[:place])):
        try:
            read_init(body)
        except FormatError:
            continue
