from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats import sdp
from streams.formats.h264 import NalType, nal_type
from streams.formats.h265 import nal_type as nal_type_265
from streams.formats.h265 import parse_sps as parse_sps_265
from streams.formats.rtsp import Parser
from streams.formats.rtsp_message import Response

VECTORS = Path(__file__).parents[2] / "vectors" / "rtsp"

# What is to be asked for the video of each camera: encoding, payload type, URL of SETUP, URL of PLAY.
CAMERAS = {
    "anjvision_describe": ("H265", 96, "rtsp://192.168.1.10:554/stream0/trackID=1", "rtsp://192.168.1.10:554/stream0/"),
    "anpviz_sdp": ("H264", 96, "rtsp://asked/x/trackID=1", "rtsp://asked/x"),
    "bunny_describe": (
        "H264",
        97,
        "rtsp://wowzaec2demo.streamlock.net/vod/mp4:BigBuckBunny_115k.mov/trackID=2",
        "rtsp://wowzaec2demo.streamlock.net/vod/mp4:BigBuckBunny_115k.mov/",
    ),
    "dahua_describe_h264_aac_onvif": (
        "H264",
        96,
        "rtsp://192.168.5.111:554/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif/trackID=0",
        "rtsp://192.168.5.111:554/cam/realmonitor?channel=1&subtype=1&unicast=true&proto=Onvif/",
    ),
    "dahua_describe_h265_pcma": (
        "H265",
        98,
        "rtsp://cam-driveway/cam/realmonitor?channel=1&subtype=2/trackID=0",
        "rtsp://cam-driveway/cam/realmonitor?channel=1&subtype=2/",
    ),
    "foscam_describe": (
        "H264",
        96,
        "rtsp://192.168.5.107:65534/videoMain/track1",
        "rtsp://192.168.5.107:65534/videoMain/",
    ),
    "geovision_sdp": ("H264", 105, "rtsp://192.168.5.237/media/video1/video", "rtsp://asked/x"),
    "gw_main_describe": (
        "H264",
        96,
        "rtsp://192.168.1.110:5050/H264?channel=1&subtype=0&unicast=true&proto=Onvif/video",
        "rtsp://192.168.1.110:5050/H264?channel=1&subtype=0&unicast=true&proto=Onvif",
    ),
    "gw_sub_describe": (
        "H264",
        96,
        "rtsp://192.168.1.110:5049/H264?channel=1&subtype=1&unicast=true&proto=Onvif/video",
        "rtsp://192.168.1.110:5049/H264?channel=1&subtype=1&unicast=true&proto=Onvif",
    ),
    "h264dvr_describe": ("H264", 96, "rtsp://127.0.0.1:554/camera/trackID=3", "rtsp://127.0.0.1:554/camera"),
    "hikvision_describe": (
        "H264",
        96,
        "rtsp://192.168.5.106:554/Streaming/Channels/101/trackID=1?transportmode=unicast&profile=Profile_1",
        "rtsp://192.168.5.106:554/Streaming/Channels/101/?transportmode=unicast&profile=Profile_1",
    ),
    "ipcam_describe": ("H264", 96, "rtsp://asked/x/trackID=1", "rtsp://asked/x"),
    "macrovideo_describe": ("H264", 96, "rtsp://asked/x/track1", "rtsp://asked/x"),
    "missing_content_type_describe": ("H264", 96, "rtsp://asked/x/streamid=0", "rtsp://asked/x"),
    "reolink_describe": (
        "H264",
        96,
        "rtsp://192.168.5.206/h264Preview_01_main/trackID=1",
        "rtsp://192.168.5.206/h264Preview_01_main/",
    ),
    "reolink_describe_control_first": (
        "H264",
        96,
        "rtsp://192.168.5.206/h264Preview_01_main/trackID=1",
        "rtsp://192.168.5.206/h264Preview_01_main/",
    ),
    "tplink_sdp": ("H265", 96, "rtsp://asked/x/track1", "rtsp://asked/x"),
    "ubiquiti_sdp": ("H264", 97, "rtsp://asked/x/trackID=2", "rtsp://asked/x"),
    "vstarcam_describe": ("H264", 96, "rtsp://asked/x/track0", "rtsp://asked/x"),
}


def read(name: str) -> tuple[str, bytes]:
    """Content-Base and description."""
    data = (VECTORS / f"{name}.txt").read_bytes()
    if not data.startswith(b"RTSP/"):
        return "", data
    (response,) = Parser().feed(data)
    assert isinstance(response, Response)
    return response.header("Content-Base"), response.body


def video(text: str) -> sdp.Media:
    (media,) = [media for media in sdp.parse(text.encode()).media if media.kind == "video"]
    return media


def test_every_description_of_the_vectors_is_in_the_table() -> None:
    with_video = {path.stem for path in VECTORS.glob("*.txt") if b"m=video" in path.read_bytes()}
    assert with_video == set(CAMERAS)


@pytest.mark.parametrize("name", CAMERAS)
def test_the_video_of_real_cameras_is_found(name: str) -> None:
    base, body = read(name)
    encoding, payload_type, set_up, play = CAMERAS[name]
    session = sdp.parse(body)
    (media,) = [media for media in session.media if media.kind == "video"]
    assert (media.encoding, media.payload_type, media.clock_hz) == (encoding, payload_type, 90_000)
    assert sdp.join_control([base, "", "rtsp://asked/x"], media.control) == set_up
    assert sdp.join_control([base, "", "rtsp://asked/x"], session.control) == play
    if encoding == "H264":
        assert [nal_type(nal) for nal in media.parameter_sets] == [NalType.SPS, NalType.PPS]


def test_sound_is_told_from_video() -> None:
    _, body = read("ubiquiti_sdp")
    assert [(media.kind, media.encoding) for media in sdp.parse(body).media] == [
        ("audio", "MPEG4-GENERIC"),
        ("audio", "OPUS"),
        ("video", "H264"),
    ]


def test_lines_that_make_no_sense_are_left_out() -> None:
    media = video(
        "v=0\ns=\ns=again\nnonsense\nc=IN\n=\nm=video 0 RTP/AVP x 96  \na\na=rtpmap\na=rtpmap:x H264\n"
        "a=fmtp:\na=fmtp:96\na=control\na=rtpmap:96  h264/90000  \na=fmtp:96 a;b=;;=c;b=2\na=control: t1 \n"
    )
    assert media == sdp.Media("video", 96, "H264", 90_000, "t1", {"b": ""})


def test_the_format_of_a_track_is_found_under_another_track() -> None:
    media = video(
        "m=video 0 RTP/AVP 96\na=control:t1\nm=audio 0 RTP/AVP 8\na=rtpmap:96 H264/90000\n"
        "a=fmtp:96 sprop-parameter-sets=Z00AHg==,aO48gA==\n"
    )
    assert media.encoding == "H264"
    assert media.parameter_sets == [bytes.fromhex("674d001e"), bytes.fromhex("68ee3c80")]


def test_the_own_format_comes_before_that_of_another_track_with_the_same_number() -> None:
    media = video("m=audio 0 RTP/AVP 96\na=rtpmap:96 OPUS/48000\nm=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\n")
    assert media.encoding == "H264"


def test_a_video_with_parameter_sets_but_no_name_is_taken_for_h264() -> None:
    assert video("m=video 0 RTP/AVP 96\na=fmtp:96 sprop-parameter-sets=Z00AHg==\n").encoding == "H264"


def test_payload_types_without_a_name_have_their_standard_one() -> None:
    assert video("m=video 0 RTP/AVP 26\n").encoding == "JPEG"


def test_each_payload_type_of_a_section_is_given() -> None:
    session = sdp.parse(b"m=video 0 RTP/AVP 97 96\na=rtpmap:96 H264/90000\na=rtpmap:97 H265/90000\na=control:t\n")
    assert [(media.payload_type, media.encoding, media.control) for media in session.media] == [
        (97, "H265", "t"),
        (96, "H264", "t"),
    ]


@pytest.mark.parametrize(
    ("text", "nals"),
    [
        ("Z00AHg,aO48gA", ["674d001e", "68ee3c80"]),  # no padding
        ("AAAAAWdNAB4=,AAABaO48gA==", ["674d001e", "68ee3c80"]),  # with start codes
        ("Z00AHgAAAAFo7jyA", ["674d001e", "68ee3c80"]),  # both in one
        ("aO48gAAAAAE=", ["68ee3c80"]),  # a start code at the end
        ("*,,Z00AHg==", ["674d001e"]),
        ("", []),
    ],
)
def test_parameter_sets_are_read_however_they_are_written(text: str, nals: list[str]) -> None:
    media = video(f"m=video 0 RTP/AVP 96\na=fmtp:96 sprop-parameter-sets={text}\n")
    assert [nal.hex() for nal in media.parameter_sets] == nals


def test_parameter_sets_of_h265_stand_in_three_places() -> None:
    media = video(
        "m=video 0 RTP/AVP 98\na=rtpmap:98 H265/90000\n"
        "a=fmtp:98 sprop-sps=QgEBAWAAAAMA,QgEBAUAAAAMA;sprop-pps=RAHA8g==;sprop-vps=QAEMAf//"
    )
    assert [nal.hex() for nal in media.parameter_sets] == [
        "40010c01ffff",
        "4201010160000003",
        "4201010140000003",
        "4401c0f2",
    ]


@pytest.mark.parametrize("name", ["tplink_sdp", "anjvision_describe", "dahua_describe_h265_pcma"])
def test_the_parameter_sets_of_real_h265_cameras_can_be_read(name: str) -> None:
    body = (VECTORS / f"{name}.txt").read_bytes().rpartition(b"\r\n\r\n")[2]
    (media,) = (each for each in sdp.parse(body).media if each.is_h265)
    assert [nal_type_265(nal) for nal in media.parameter_sets] == [32, 33, 34]
    assert parse_sps_265(media.parameter_sets[1]).width > 0


@pytest.mark.parametrize(
    ("format_parameters", "has_numbers"),
    [("", False), ("sprop-max-don-diff=0", False), ("sprop-max-don-diff=1", True), ("sprop-max-don-diff=00", False)],
)
def test_packets_have_order_numbers_where_the_description_says_so(format_parameters: str, has_numbers: bool) -> None:
    media = video(f"m=video 0 RTP/AVP 98\na=rtpmap:98 H265/90000\na=fmtp:98 {format_parameters}\n")
    assert media.has_order_numbers is has_numbers


@pytest.mark.parametrize(("name", "encoding"), [("sprop-parameter-sets", "H264"), ("sprop-sps", "H265")])
def test_a_codec_that_is_not_named_is_known_by_its_parameter_sets(name: str, encoding: str) -> None:
    media = video(f"m=video 0 RTP/AVP 96\na=fmtp:96 {name}=QgEB\n")
    assert (media.encoding, media.clock_hz) == (encoding, 90_000)


def test_a_description_without_media_is_refused() -> None:
    with pytest.raises(FormatError, match="no media section"):
        sdp.parse(b"v=0\r\ns=x\r\n")


@pytest.mark.parametrize(
    ("base", "control", "url"),
    [
        ("", "trackID=1", "rtsp://asked/x/trackID=1"),
        ("", "*", "rtsp://asked/x"),
        ("rtsp://cam/a/", "", "rtsp://cam/a/"),
        ("rtsp://cam/a/", "/trackID=1", "rtsp://cam/a/trackID=1"),
        ("rtsp://cam/a?b=c", "trackID=1", "rtsp://cam/a?b=c/trackID=1"),
        ("rtsp://cam/a", "?ctype=video", "rtsp://cam/a?ctype=video"),
        ("rtsp://cam/a", "RTSP://other/b", "RTSP://other/b"),
        ("rtsp://rtsp://cam/a", "t", "rtsp://cam/a/t"),
        ("cam:554/a/", "t", "rtsp://cam:554/a/t"),
        ("rtsp://fe80::1:2/a/", "t", "rtsp://asked/x/t"),
        ("rtsp://[fe80::1]:554/a/", "t", "rtsp://[fe80::1]:554/a/t"),
        ("rtsp://cam:port/a/", "t", "rtsp://asked/x/t"),
        ("rtsp:///a/", "t", "rtsp://asked/x/t"),
        ("http://cam/a/", "t", "rtsp://asked/x/t"),
    ],
)
def test_control_is_joined_to_a_base_that_may_be_wrong(base: str, control: str, url: str) -> None:
    assert sdp.join_control([base, "", "rtsp://asked/x"], control) == url


@given(st.binary(), st.text())
def test_any_bytes_are_a_description_or_a_format_error(body: bytes, base: str) -> None:
    for data in (
        body,
        b"m=video 0 RTP/AVP 96\n" + body,
        b"m=video 0 RTP/AVP 96\na=fmtp:96 sprop-parameter-sets=" + body,
    ):
        try:
            session = sdp.parse(data)
        except FormatError:
            continue
        for media in session.media:
            assert all(media.parameter_sets)
            assert sdp.join_control([base, "rtsp://asked/x"], media.control)


def test_a_description_is_bounded() -> None:
    head = b"m=video 0 RTP/AVP" + b"".join(b" %d" % n for n in range(200)) + b"\na=fmtp:0 sprop-parameter-sets="
    media = sdp.parse(head + b",".join([b"Z00="] * 100)).media
    assert len(media) == sdp.MAX_PAYLOAD_TYPES
    assert len(media[0].parameter_sets) == sdp.MAX_PARAMETER_SETS
    with pytest.raises(FormatError, match="65537 bytes, expected at most 65536"):
        sdp.parse(b"m=video 0 RTP/AVP 96\n".ljust(sdp.MAX_BYTES + 1))


def test_what_was_said_first_of_a_format_holds() -> None:
    session = sdp.parse(b"m=video 0 RTP/AVP 96\na=fmtp:96 a=1;b=2\na=fmtp:96 b=3;c=4\n")
    assert session.media[0].format_parameters == {"a": "1", "b": "2", "c": "4"}
