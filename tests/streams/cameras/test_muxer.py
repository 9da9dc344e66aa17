import io
import struct
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest

from streams.access_unit import AccessUnit, VideoParameters
from streams.cameras.muxer import Muxer
from streams.errors import FormatError
from streams.formats import fmp4, rtp_h264
from streams.formats.h264 import sample, split_annex_b
from streams.formats.parameter_sets import ParameterSets
from streams.formats.rtp import Depacketiser
from streams.formats.rtp_packetiser import Packetiser
from streams.fragment import Flag, Fragment, Kind

VECTORS = Path(__file__).parents[2] / "vectors" / "h264"
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
BIDIRECTIONAL = "Cisco_Men_whisper_640x320_CABAC_Bframe_9"

PARAMETERS = VideoParameters(
    "h264",
    720,
    480,
    "avc1.4D001E",
    (bytes.fromhex("674d001e95a82d0f69b808080810"),),
    (bytes.fromhex("68ee3c80"),),
)
OTHER = replace(PARAMETERS, pps=(bytes.fromhex("68ee3880"),))


def unit(number: int, *, is_key: bool = False, parameters: VideoParameters = PARAMETERS) -> AccessUnit:
    return AccessUnit(parameters, b"\0\0\0\2\x65\x88", is_key, 1_000 + number / 25, number * 3600)


def kinds(fragments: list[Fragment]) -> list[tuple[Kind, Flag]]:
    return [(fragment.kind, fragment.flags) for fragment in fragments]


def test_nothing_is_sent_before_the_first_key_frame() -> None:
    muxer = Muxer(4)
    assert muxer.push(unit(0)) == []
    init, frame = muxer.push(unit(1, is_key=True))
    assert kinds([init, frame]) == [
        (Kind.INIT, Flag.DISCONTINUITY),
        (Kind.FRAME, Flag.KEY | Flag.DISCONTINUITY),
    ]
    assert fmp4.read_init(init.body) == PARAMETERS
    assert (init.dts, frame.dts) == (0, 0)
    assert frame.body[fmp4.SAMPLE_OFFSET :] == unit(1).data
    assert kinds(muxer.push(unit(2))) == [(Kind.FRAME, Flag.NONE)]
    assert kinds(muxer.push(unit(3, is_key=True))) == [(Kind.FRAME, Flag.KEY)]


def test_each_fragment_is_numbered_and_carries_camera_time_and_dts() -> None:
    muxer = Muxer(4)
    fragments = [fragment for number in range(5) for fragment in muxer.push(unit(number, is_key=number == 0))]
    fragments.append(muxer.gap(2_000_000.0))
    assert [fragment.sequence for fragment in fragments] == list(range(7))
    assert {fragment.camera_number for fragment in fragments} == {4}
    assert [fragment.dts for fragment in fragments] == [0, 0, 3600, 7200, 10_800, 14_400, 14_400]
    assert fragments[2].captured_ms == pytest.approx(1_000_040)
    assert fragments[-1].captured_ms == 2_000_000


@pytest.mark.parametrize("offset", [0, 7200, -3600])
def test_the_composition_offset_of_a_picture_is_that_of_its_fragment(offset: int) -> None:
    muxer = Muxer(4)
    for is_key in (True, False):
        frame = muxer.push(replace(unit(0, is_key=is_key), composition_offset=offset))[-1]
        assert struct.unpack(">i", frame.body[100:104]) == (offset,)  # the last number of trun, before mdat
        assert frame.body[108:112] == b"mdat"


def test_other_parameters_at_a_key_frame_get_an_init_segment() -> None:
    muxer = Muxer(4)
    muxer.push(unit(0, is_key=True))
    # On a picture that is none they wait.
    assert kinds(muxer.push(unit(1, parameters=OTHER))) == [(Kind.FRAME, Flag.NONE)]
    init, frame = muxer.push(unit(2, is_key=True, parameters=OTHER))
    assert kinds([init, frame]) == [(Kind.INIT, Flag.NONE), (Kind.FRAME, Flag.KEY)]
    assert fmp4.read_init(init.body) == OTHER
    assert frame.dts == 7200


def test_parameters_that_change_with_every_key_frame_are_followed_without_a_new_beginning() -> None:
    muxer = Muxer(4)
    fragments = [
        fragment
        for number in range(12)
        for fragment in muxer.push(
            unit(number, is_key=number % 2 == 0, parameters=OTHER if number // 2 % 2 else PARAMETERS)
        )
    ]
    assert [fragment.kind for fragment in fragments] == [Kind.INIT, Kind.FRAME, Kind.FRAME] * 6
    assert not any(fragment.flags & Flag.DISCONTINUITY for fragment in fragments[2:])
    assert [fragment.dts for fragment in fragments if fragment.kind is Kind.FRAME] == [n * 3600 for n in range(12)]


def test_after_a_gap_pictures_begin_with_an_init_segment_again() -> None:
    muxer = Muxer(4)
    muxer.push(unit(0, is_key=True))
    gap = muxer.gap(5.0)
    assert (gap.kind, gap.flags, gap.body, gap.captured_ms) == (Kind.GAP, Flag.NONE, b"", 5.0)
    assert muxer.push(unit(1)) == []
    init, frame = muxer.push(unit(500, is_key=True))
    assert kinds([init, frame]) == [
        (Kind.INIT, Flag.DISCONTINUITY),
        (Kind.FRAME, Flag.KEY | Flag.DISCONTINUITY),
    ]
    assert frame.dts == 3600
    assert (init.sequence, frame.sequence) == (3, 4)


def test_a_clock_that_jumped_is_announced_with_the_next_key_frame() -> None:
    muxer = Muxer(4)
    muxer.push(unit(0, is_key=True))
    muxer.push(unit(1))
    assert kinds(muxer.push(unit(1000))) == [(Kind.FRAME, Flag.NONE)]
    assert kinds(muxer.push(unit(1001, is_key=True))) == [
        (Kind.INIT, Flag.DISCONTINUITY),
        (Kind.FRAME, Flag.KEY | Flag.DISCONTINUITY),
    ]


def test_mjpeg_is_sent_as_it_is() -> None:
    parameters = VideoParameters("mjpeg", 0, 0, "image/jpeg")
    muxer = Muxer(4)
    fragments = [
        fragment
        for number in range(3)
        for fragment in muxer.push(AccessUnit(parameters, b"\xff\xd8\xff\xd9", True, number / 10))
    ]
    assert kinds(fragments) == [
        (Kind.JPEG, Flag.KEY | Flag.DISCONTINUITY),
        (Kind.JPEG, Flag.KEY),
        (Kind.JPEG, Flag.KEY),
    ]
    assert [fragment.dts for fragment in fragments] == [0, 9000, 18_000]
    assert fragments[0].body == b"\xff\xd8\xff\xd9"


@pytest.mark.parametrize("parameters", [PARAMETERS, VideoParameters("mjpeg", 0, 0, "image/jpeg")])
def test_the_pictures_of_a_group_can_be_had_again(parameters: VideoParameters) -> None:
    muxer = Muxer(4)
    units = [unit(number, is_key=number == 0, parameters=parameters) for number in range(3)]
    fragments = [fragment for each in units for fragment in muxer.push(each)]
    unpacked = [again for fragment in fragments if (again := muxer.unpack(fragment)) is not None]
    is_jpeg = parameters.codec == "mjpeg"
    assert unpacked == [replace(each, timestamp=None, is_key=each.is_key or is_jpeg) for each in units]
    assert muxer.unpack(muxer.gap(2_000_000.0)) is None


def test_a_codec_that_no_init_segment_is_for_is_refused() -> None:
    with pytest.raises(FormatError, match="0 VPS, 0 SPS and 0 PPS"):
        Muxer(4).push(unit(0, is_key=True, parameters=VideoParameters("h265", 1, 1, "hvc1")))


def test_sequence_numbers_wrap() -> None:
    muxer = Muxer(4)
    muxer._sequence = 2**32 - 1
    init, frame = muxer.push(unit(0, is_key=True))
    assert (init.sequence, frame.sequence) == (2**32 - 1, 0)


# Strangers: PyAV and the ffmpeg binary decode what comes out, and get the pictures that went in.


def made_clip(path: Path) -> Path:
    with av.open(path, "w", format="h264") as container:
        stream = container.add_stream("libx264", rate=25, options={"tune": "zerolatency", "g": "10"})
        stream.width, stream.height, stream.pix_fmt = 322, 182, "yuv420p"
        noise = np.random.default_rng(1).integers(0, 255, (182, 322, 3), np.uint8)
        for number in range(30):
            image = np.roll(noise, number * 3, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode())
    return path


def relayed(path: Path) -> list[Fragment]:
    """The whole way: packets, pictures, parameter sets, fragments."""
    packetiser, depacketiser = Packetiser(rtp_h264.pack, payload_type=96, ssrc=1), Depacketiser(96, rtp_h264.Unpacker())
    sets, muxer, fragments = ParameterSets(), Muxer(4), []
    with av.open(path, "r") as container:
        pictures = [bytes(packet) for packet in container.demux() if packet.size]
    for number, picture in enumerate(pictures):
        for packet in packetiser.packets(split_annex_b(picture), number * 3600):
            for unpacked in depacketiser.push(packet, number / 25):
                sets.update(unpacked.nals)
                data, is_key = sample(unpacked.nals)
                assert sets.parameters is not None
                made = AccessUnit(sets.parameters, data, is_key, unpacked.arrived_at, unpacked.timestamp)
                fragments += muxer.push(made)
    return fragments


def hashes(path: Path) -> list[str]:
    done = subprocess.run(
        [FFMPEG, "-v", "error", "-i", str(path), "-fps_mode", "passthrough", "-f", "framemd5", "-"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return [line.rsplit(",", 1)[1].strip() for line in done.stdout.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("name", ["made", "SarVui", "MPS_MW_A", "jm_1080p_allslice", BIDIRECTIONAL, "BA_MW_D_IDR_LOST"])
def test_strangers_decode_exactly_the_pictures_that_went_in(name: str, tmp_path: Path) -> None:
    source = made_clip(tmp_path / "made.264") if name == "made" else VECTORS / f"{name}.264"
    fragments = relayed(source)
    out = tmp_path / "out.mp4"
    out.write_bytes(b"".join(fragment.body for fragment in fragments))
    expected = hashes(source)
    assert hashes(out) == expected
    with av.open(io.BytesIO(out.read_bytes()), "r") as container:
        (stream,) = container.streams
        assert stream.time_base == Fraction(1, 90_000)
        packets = [packet for packet in container.demux() if packet.size]
    frames = [fragment for fragment in fragments if fragment.kind is Kind.FRAME]
    assert len(frames) == len(packets) == len(expected)
    assert [packet.dts for packet in packets] == [fragment.dts for fragment in frames]
    assert [packet.is_keyframe for packet in packets] == [fragment.is_key for fragment in frames]
    assert [bytes(packet) for packet in packets] == [fragment.body[fmp4.SAMPLE_OFFSET :] for fragment in frames]
