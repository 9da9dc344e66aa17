"""H.265 from a camera by RTSP, through to what a stranger decodes of it."""

import subprocess
from dataclasses import replace
from pathlib import Path

import av
import imageio_ffmpeg
import pytest

from streams.access_unit import AccessUnit
from streams.cameras.muxer import Muxer
from streams.cameras.rtsp import RtspReader
from streams.formats import fmp4, rtp_h265
from streams.formats.h264 import join_avcc, split_avcc
from streams.formats.rtp_packetiser import Packetiser
from streams.formats.rtsp import interleave
from streams.formats.rtsp_message import Response
from streams.fragment import Kind
from tests.fakes.rtsp_camera import IDR, SDP, RtspCamera
from tests.streams.cameras.test_rtsp import PATIENT, VECTORS, always, watching

CLIP = Path(__file__).parents[2] / "vectors" / "h265" / "car_open_groups.mp4"
BARE = b"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=control:track1\r\n"
IDR_265, TRAIL_265 = b"\x26\x01\xaf" + b"i" * 3000, b"\x02\x01\xd0" + b"t" * 300


class Sender:
    """What an H.265 camera writes."""

    def __init__(self, payload_type: int = 96, channel: int = 0) -> None:
        self._packetiser = Packetiser(rtp_h265.pack, payload_type=payload_type, ssrc=1)
        self._channel = channel

    def picture(self, timestamp: int, *nals: bytes) -> bytes:
        return b"".join(interleave(self._channel, packet) for packet in self._packetiser.packets(nals, timestamp))


@pytest.mark.parametrize(
    ("name", "payload_type", "size", "codec"),
    [
        ("tplink_sdp", 96, (2560, 1440), "hvc1.1.6.L150"),
        ("anjvision_describe", 96, (1280, 704), "hvc1.1.2.L153"),
        ("dahua_describe_h265_pcma", 98, (704, 480), "hvc1.1.6.L90.B0"),
    ],
)
async def test_real_cameras_with_h265_lead_to_pictures(
    name: str, payload_type: int, size: tuple[int, int], codec: str
) -> None:
    """Their descriptions hold until the stream says its own sets."""
    body = (VECTORS / f"{name}.txt").read_bytes().rpartition(b"\r\n\r\n")[2]
    async with (
        RtspCamera(describe=always(Response(200, (), body))) as camera,
        watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer,
    ):
        await camera.is_playing.wait()
        sender = Sender(payload_type)
        camera.send(sender.picture(90, IDR_265) + sender.picture(3690, TRAIL_265))
        first, second = await viewer.until(2)
        assert (first.parameters.width, first.parameters.height) == size
        assert first.parameters.codec_string == codec
        assert (first.data, first.is_key, second.is_key) == (join_avcc([IDR_265]), True, False)
        assert fmp4.read_init(fmp4.init_segment(first.parameters)) == first.parameters


async def test_where_a_camera_offers_both_h264_is_chosen() -> None:
    body = BARE.replace(b"96", b"98") + SDP.partition(b"\r\n")[2]
    async with (
        RtspCamera(describe=always(Response(200, (), body))) as camera,
        watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer,
    ):
        await camera.is_playing.wait()
        camera.send(camera.picture(90, IDR))
        (unit,) = await viewer.until(1)
        assert unit.parameters.codec == "h264"


async def test_packets_with_decoding_order_numbers_are_read() -> None:
    sets = (VECTORS / "tplink_sdp.txt").read_bytes()
    body = sets.replace(b"profile-space=0;", b"sprop-max-don-diff=1;")
    assert body != sets
    async with (
        RtspCamera(describe=always(Response(200, (), body))) as camera,
        watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer,
    ):
        await camera.is_playing.wait()
        camera.send(Sender().picture(90, IDR_265[:2] + b"\x12\x34" + IDR_265[2:500]))
        (unit,) = await viewer.until(1)
        assert unit.data == join_avcc([IDR_265[:500]])


async def test_a_stranger_gets_every_picture_of_a_clip_with_open_groups(tmp_path: Path) -> None:
    async with (
        RtspCamera(describe=always(Response(200, (), BARE))) as camera,
        watching(RtspReader(camera.url, timeouts=PATIENT)) as viewer,
    ):
        await camera.is_playing.wait()
        camera.send(_clip())
        units = list(await viewer.until(125))

    assert [n for n, unit in enumerate(units) if unit.is_key] == [0, 57, 117]
    assert {unit.parameters for unit in units} == {units[0].parameters}
    relayed = tmp_path / "relayed.mp4"
    relayed.write_bytes(_muxed(units))
    assert _hashes(relayed) == _hashes(CLIP)
    assert len(_hashes(CLIP)) == 125


def _clip() -> bytes:
    """As a camera sends it: sets before each key frame, timestamps of presentation."""
    sender = Sender()
    with av.open(CLIP, "r") as container:
        (stream,) = container.streams.video
        sets = fmp4.read_init(_file_init())
        sent = []
        for packet in container.demux(stream):
            if packet.size and packet.pts is not None:
                nals = split_avcc(bytes(packet))
                head = (*sets.vps, *sets.sps, *sets.pps) if packet.is_keyframe else ()
                sent.append(sender.picture(packet.pts * 90_000 // 12_800, *head, *nals))
        return b"".join(sent)


def _file_init() -> bytes:
    """The boxes of the file before its pictures."""
    data = CLIP.read_bytes()
    at = data.index(b"moov") - 4
    return data[at : at + int.from_bytes(data[at : at + 4], "big")]


def _muxed(units: list[AccessUnit]) -> bytes:
    muxer = Muxer(4)
    made = [f for n, unit in enumerate(units) for f in muxer.push(replace(unit, captured_at=1000 + n / 12.5))]
    assert [f.kind for f in made].count(Kind.INIT) == 1
    return b"".join(fragment.body for fragment in made)


def _hashes(path: Path) -> list[str]:
    to_hashes = ("-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-")
    done = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), *to_hashes],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return [line.rsplit(",", 1)[1].strip() for line in done.stdout.splitlines() if not line.startswith("#")]
