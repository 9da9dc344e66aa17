"""Targets: every parser of what cameras, their workers and the bus send, each with right inputs to begin with.

A target takes one input and says in a few words what became of it; a mutator goes on from inputs of which something
new became. It lets no error out but those that the parser's docstring names, and asserts what callers rely on.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from streams.access_unit import AccessUnit
from streams.cameras.decode_order import DecodeOrder
from streams.cameras.muxer import Muxer
from streams.errors import FormatError, SourceError
from streams.formats import digest, fmp4, h264, jpeg, packet_pipe, picture_pipe, rtp_h264, rtsp_message, sdp
from streams.formats.multipart import MultipartParser
from streams.formats.parameter_sets import ParameterSets
from streams.formats.picture_pipe import Figures
from streams.formats.rtp import MAX_PICTURE_BYTES, Depacketiser
from streams.formats.rtp_packetiser import Packetiser
from streams.formats.rtsp import Interleaved, Parser, interleave
from streams.fragment import HEADER, Flag, Kind, pack, unpack
from tests.fuzz import targets_h265 as newer
from tests.fuzz.packets import framed, unframed
from tests.streams.formats import jpegs

VECTORS = Path(__file__).parents[1] / "vectors"
_PAYLOAD_TYPE = 96
_SPS = bytes.fromhex("674d001e95a82d0f69b808080810")
_PPS = bytes.fromhex("68ee3c80")


@dataclass(frozen=True, slots=True)
class Target:
    take: Callable[[bytes], object]
    """Gives something small and hashable; the same for inputs that went the same way."""
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()


def all_targets() -> dict[str, Target]:
    """By name. Reads the vectors."""
    answers = tuple(path.read_bytes() for path in sorted((VECTORS / "rtsp").glob("*.txt")))
    descriptions = tuple(body for answer in answers if (body := answer.partition(b"\r\n\r\n")[2]))
    streams = [path.read_bytes()[:6000] for path in sorted((VECTORS / "h264").glob("*.264"))]
    pictures = [h264.split_annex_b(stream) for stream in streams]
    parameters = h264.video_parameters([_SPS], [_PPS])
    init = fmp4.init_segment(parameters)
    payloads = [path.read_bytes() for path in sorted((VECTORS / "wire").glob("*.bin"))]
    bodies = tuple(payload[HEADER.size :] for payload in payloads if len(payload) > HEADER.size)
    messages = tuple(
        pack(Kind.FRAME, Flag.KEY, camera_number=1, sequence=2, captured_ms=3, dts=4, body=b).message for b in bodies
    )
    packets = tuple(framed(_packets(nals)) for nals in (*pictures, [_SPS, _PPS, b"\x65\x88" + b"i" * 3000]))
    return {
        "rtsp": Target(
            take_rtsp,
            (*answers, *(answer + interleave(0, b"\x80" + b"p" * 40) * 3 for answer in answers[:8])),
            (
                *(b"$\0\0\x10\x80", b"RTSP/1.0 200 OK\r\n", b"\r\n\r\n", b"GET_PARAMETER * RTSP/1.0\r\n\r\n"),
                *(b"Content-Length: ", b'WWW-Authenticate: Digest realm="\\', b"Transport: ", b"\n ", b"\\", b'"'),
            ),
        ),
        "sdp": Target(
            take_sdp,
            descriptions,
            (
                *(b"m=video 0 RTP/AVP 96\n", b"a=fmtp:96 ", b"a=rtpmap:96 H264/90000\n", b"a=control:", b" 96"),
                *(b"sprop-parameter-sets=", b"rtsp://", b"://[", b"=", b";", b","),
            ),
        ),
        "rtp": Target(
            take_rtp, packets, (b"\x80\x60", b"\0\0\1", b"\x7c\x85", b"\x7c\x45", b"\x78\0\1", b"\0\x10\x80")
        ),
        "h264": Target(
            take_h264,
            (
                _SPS,
                _PPS,
                *(nal[:400] for nals in pictures for nal in nals[:12]),
                *(stream[:4000] for stream in streams),
            ),
            (b"\0\0\1", b"\0\0\1\x67", b"\0\0\1\x68", b"\0\0\3", b"\0\0\0\1"),
        ),
        "multipart": Target(
            take_multipart,
            tuple(
                b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture) + picture + b"\r\n"
                for picture in (jpegs.picture(), jpegs.progressive(), jpegs.with_restarts(), jpegs.with_thumbnail())
            ),
            (b"\xff\xd8\xff", b"\xff\xd9", b"\xff\xda", b"\xff\xe0\0\2", b"\xff", b"\xff\0", b"Content-Length: 9"),
        ),
        "fmp4": Target(
            take_fmp4,
            (init, *bodies),
            (b"moov", b"trak", b"avcC", b"avc1", b"stsd", struct.pack(">I4s", 8, b"trak")),
        ),
        "packet_pipe": Target(
            take_packet_pipe,
            (
                packet_pipe.parameters(parameters),
                packet_pipe.parameters(newer.PARAMETERS),
                packet_pipe.failure("source.ended", "It ended."),
                packet_pipe.picture(b"\0\0\0\1\x65", is_key=True, timestamp=9, composition_offset=-1),
            ),
            (b"[", b"{", b'{"codec": "h265", "sps":', b'"', b"\\ud800", b"1e999", b"null"),
        ),
        "h265": Target(newer.take_h265, newer.SEEDS_H265, newer.WORDS_H265),
        "rtp_h265": Target(newer.take_rtp_h265, newer.SEEDS_RTP_H265, newer.WORDS_RTP_H265),
        "rtp_order": Target(newer.take_rtp_order, newer.SEEDS_RTP_ORDER),
        "encoder_pipe": Target(newer.take_encoder_pipe, newer.SEEDS_ENCODER_PIPE, newer.WORDS_ENCODER_PIPE),
        "picture_pipe": Target(
            take_picture_pipe,
            _picture_answers(),
            (b"[", b"{", b'"', b"\\ud800", b"1e999", b"null", b"NaN", b"-1", b'"picture": ', b"\0\0\0\2{}"),
        ),
        "fragment": Target(take_fragment, messages, (b"\x82\x7e", b"\x82\x7f")),
    }


def take_rtsp(data: bytes) -> object:
    parser = Parser()
    came = []
    try:
        for piece in _pieces(data):
            for event in parser.feed(piece):
                came.append(type(event).__name__)
                if isinstance(event, rtsp_message.Response):
                    _read_response(event)
                elif isinstance(event, Interleaved):
                    assert event.packets
    except FormatError as error:
        came.append(_words(error))
    return frozenset(came)


def _read_response(response: rtsp_message.Response) -> None:
    assert 0 <= response.status <= 999
    rtsp_message.parameters(response.header("Transport"))
    challenge = digest.choose(digest.parse_challenges(response.all("WWW-Authenticate")))
    if challenge is not None:
        digest.authorize(challenge, digest.Credentials("u", "p"), method="PLAY", uri="rtsp://h/", cnonce="c")


def take_sdp(data: bytes) -> object:
    try:
        session = sdp.parse(data)
    except FormatError as error:
        return _words(error)
    for media in session.media:
        assert all(media.parameter_sets)
        sdp.join_control([session.control, "rtsp://asked/x"], media.control)
    return frozenset((media.kind[:5], media.encoding[:5], bool(media.control)) for media in session.media[:4])


def take_rtp(data: bytes) -> object:
    """All the way of a picture: packets, parameter sets, decode order, fragments."""
    depacketiser, sets, order, muxer = (
        Depacketiser(_PAYLOAD_TYPE, rtp_h264.Unpacker()),
        ParameterSets(),
        DecodeOrder(),
        Muxer(1),
    )
    fragments = 0
    try:
        for packet in unframed(data):
            for picture in depacketiser.push(packet, 1.0):
                assert picture.nals
                assert all(picture.nals)
                sets.update(picture.nals)
                if (parameters := sets.parameters) is None:
                    continue
                sample, is_key = h264.sample(picture.nals)
                timestamp, offset = order.next(picture.timestamp)
                fragments += len(muxer.push(AccessUnit(parameters, sample, is_key, 1.0, timestamp, offset)))
    except FormatError as error:
        return _words(error)
    return min(depacketiser.seen, 9), min(depacketiser.dropped, 9), min(fragments, 9)


def take_h264(data: bytes) -> object:
    nals = h264.split_annex_b(data)
    assert all(nals)
    assert h264.split_avcc(h264.join_avcc(nals)) == nals
    outcome: list[object] = [min(len(nals), 9)]
    readers: tuple[Callable[[bytes], object], ...] = (
        *(h264.parse_sps, h264.pps_ids, h264.slice_pps_id, h264.split_avcc),
    )
    for read in readers:
        for nal in (data, *nals[:4]):
            try:
                read(nal)
                outcome.append(read.__name__)
            except FormatError as error:
                outcome.append(_words(error))
    sets = ParameterSets()
    if nals:
        # As many as a description and a picture may have.
        sets.describe(nals[: sdp.MAX_PARAMETER_SETS])
        sets.update(nals[: MAX_PICTURE_BYTES // 1024])
        if (parameters := sets.parameters) is not None:
            try:
                fmp4.init_segment(parameters)
            except FormatError as error:
                outcome.append(_words(error))
    return frozenset(outcome)


def take_multipart(data: bytes) -> object:
    parser = MultipartParser()
    outcome: list[object] = []
    try:
        for piece in _pieces(data):
            for picture in parser.feed(piece):
                assert picture.startswith(jpeg.START)
                assert picture.endswith(jpeg.END)
                try:
                    assert all(jpeg.size(picture))
                    outcome.append("picture")
                except FormatError as error:
                    outcome.append(_words(error))
    except FormatError as error:
        outcome.append(_words(error))
    return frozenset(outcome), min(parser.dropped, 5)


def take_fmp4(data: bytes) -> object:
    try:
        parameters = fmp4.read_init(data)
        assert fmp4.read_init(fmp4.init_segment(parameters)) == parameters
    except FormatError as error:
        return _words(error)
    return len(parameters.sps), len(parameters.pps)


def take_packet_pipe(data: bytes) -> object:
    outcome: list[object] = []
    header, body = (
        data[: packet_pipe.HEADER.size].ljust(packet_pipe.HEADER.size, b"\0"),
        data[packet_pipe.HEADER.size :],
    )
    reads: tuple[Callable[[], object], ...] = (
        lambda: packet_pipe.unpack_header(header)[0],
        lambda: len(packet_pipe.unpack_parameters(body).sps),
        lambda: packet_pipe.unpack_failure(body)[0][:20],
    )
    for read in reads:
        try:
            outcome.append(read())
        except FormatError as error:
            outcome.append(_words(error))
    return tuple(outcome)


def _picture_answers() -> tuple[bytes, ...]:
    figures = Figures(0.1, 0.2, 0.9, None, 0.5, 100, 0.9, 0.8, 1.1)
    answer = picture_pipe.Answer(jpegs.picture(), 64, 48, jpegs.picture(16, 16), figures)
    return picture_pipe.pack_answer(answer), picture_pipe.pack_failure("source.garbled", "It is broken.")


def take_picture_pipe(data: bytes) -> object:
    try:
        answer = picture_pipe.unpack_answer(data)
    except (FormatError, SourceError) as error:
        return type(error).__name__, _words(error)
    assert max(answer.width, answer.height) <= picture_pipe.MAX_SIDE
    return answer.width, answer.figures.changed is None


def take_fragment(data: bytes) -> object:
    try:
        fragment = unpack(data)
    except ValueError:
        return "refused"
    return fragment.kind, fragment.flags & 3, bool(fragment.body)


def _words(error: Exception) -> str:
    """What kind of error it is: without numbers and without what is quoted."""
    return "".join(c for c in str(error).partition("'")[0] if not c.isdigit())[:40]


def _pieces(data: bytes) -> Iterator[bytes]:
    """As a socket cuts it: whole, in packets, in small pieces; which, the length says."""
    step = (len(data) or 1, 1448, 97)[len(data) % 3] if len(data) > 2000 else (len(data) or 1, 97, 1)[len(data) % 3]
    for begin in range(0, len(data), step):
        yield data[begin : begin + step]


def _packets(nals: list[bytes]) -> list[bytes]:
    packetiser = Packetiser(rtp_h264.pack, payload_type=_PAYLOAD_TYPE, ssrc=7, sequence=65_530)
    return [packet for n, nal in enumerate(nals) for packet in packetiser.packets([nal], n * 3600)]
