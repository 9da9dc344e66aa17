import itertools
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats.rtsp import MAX_HEAD_BYTES, MAX_LOSSES, Event, Interleaved, Lost, Parser, interleave
from streams.formats.rtsp_message import MAX_BODY_BYTES, Request, Response

VECTORS = Path(__file__).parents[2] / "vectors" / "rtsp"
CAMERAS = sorted(path for path in VECTORS.glob("*.txt") if path.read_bytes().startswith(b"RTSP/"))

OK = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"


def rtp(sequence: int, size: int = 40, channel: int = 0) -> bytes:
    return interleave(channel, struct.pack(">BBHII", 0x80, 96, sequence & 0xFFFF, 0, 7) + bytes([0x41]) * size)


def feed(parser: Parser, pieces: Sequence[bytes]) -> list[Event]:
    return [single for piece in pieces for event in parser.feed(piece) for single in singles(event)]


def singles(event: Event) -> list[Event]:
    """Each packet by itself: how many come together depends on how the bytes were cut."""
    if not isinstance(event, Interleaved):
        return [event]
    assert event.packets
    return [Interleaved(event.channel, [packet]) for packet in event.packets]


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[begin:end] for begin, end in itertools.pairwise(edges)]


@pytest.mark.parametrize("path", CAMERAS, ids=lambda path: path.stem)
def test_the_answers_of_real_cameras_are_read_in_pieces_of_any_size(path: Path) -> None:
    data = path.read_bytes()
    (whole,) = feed(Parser(), [data])
    assert isinstance(whole, Response)
    assert whole.status == (401 if "unauthorized" in path.name else 200)
    assert whole.header("cseq").isdigit() or "rtptime" in path.name
    assert len(whole.body) == int(whole.header("Content-Length", "0"))
    data += rtp(1) + OK
    expected = feed(Parser(), [data])
    assert expected[0] == whole
    assert len(expected) == 3
    for size in (1, 7, 100):
        assert feed(Parser(), [data[at : at + size] for at in range(0, len(data), size)]) == expected


def test_packets_between_messages_keep_their_place() -> None:
    data = rtp(1) + OK + rtp(2, channel=1) + rtp(3, size=30_000)
    events = feed(Parser(), [data])
    assert [type(event) for event in events] == [Interleaved, Response, Interleaved, Interleaved]
    assert events[2] == Interleaved(1, [rtp(2)[4:]])


def test_packets_of_one_channel_come_together_up_to_the_first_that_is_not_to_be_believed() -> None:
    wrong = bytearray(rtp(4))
    wrong[2:4] = b"\0\x0b"
    data = rtp(1) + rtp(2) + rtp(7, channel=1) + rtp(3) + bytes(wrong) + rtp(5) + rtp(6)
    events = list(Parser().feed(data + b"$"))
    assert [type(event) for event in events] == [Interleaved, Interleaved, Interleaved, Lost, Interleaved]
    together = [event.packets for event in events if isinstance(event, Interleaved)]
    assert [[packet[3] for packet in packets] for packets in together] == [[1, 2], [7], [3], [5, 6]]


def test_a_packet_is_given_as_soon_as_its_last_byte_is_there() -> None:
    parser, packet = Parser(), rtp(1)
    assert feed(parser, [packet[:-1]]) == []
    assert feed(parser, [packet[-1:]]) == [Interleaved(0, [packet[4:]])]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "expected RTSP, got '"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "expected RTSP, got 'SSH-2.0-OpenSSH_9.6'$"),
        (b"\x16\x03\x01\x02\x00", "expected RTSP, got bytes that are no text$"),
        (b"\r\n\xff\xd8", "expected RTSP, got bytes that are no text$"),
        (b"GET / HTTP/1.1\r\n\r\n", "expected RTSP"),
        (b"hello", "expected RTSP"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 2147483648\r\n\r\n", "2147483648 bytes was announced, expected at most"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: " + b"9" * 4000 + b"\r\n\r\n", "was announced, expected at most"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", "Content-Length of '-1'"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 0x10\r\n\r\n", "Content-Length of '0x10'"),
        (b"RTSP/1.0 200 OK\r\nX: " + b"y" * MAX_HEAD_BYTES, "header of more than 16384 bytes"),
    ],
)
def test_what_is_no_rtsp_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        feed(Parser(), [data])
    step = 1 + len(data) // 1000
    with pytest.raises(FormatError):
        feed(Parser(), [data[at : at + step] for at in range(0, len(data), step)])


def test_a_body_as_large_as_allowed_is_read_without_copying_it_again_and_again() -> None:
    data = b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % MAX_BODY_BYTES + bytes(MAX_BODY_BYTES)
    (response,) = feed(Parser(), [data[at : at + 1000] for at in range(0, len(data), 1000)])
    assert isinstance(response, Response)
    assert len(response.body) == MAX_BODY_BYTES


@pytest.mark.parametrize("wrong_by", [-20, 20, 3000])
def test_the_framing_is_found_again_after_a_wrong_length(wrong_by: int) -> None:
    parser = Parser()
    parser.channels = {0, 1}
    broken = bytearray(rtp(10, size=500))
    broken[2:4] = struct.pack(">H", struct.unpack(">H", broken[2:4])[0] + wrong_by)
    after = b"".join(rtp(sequence, size=500) for sequence in range(11, 30))
    events = feed(parser, [OK + rtp(9) + bytes(broken) + after])
    lost = [index for index, event in enumerate(events) if isinstance(event, Lost)]
    assert lost
    # What comes after is whole, up to the end.
    tail = [event for event in events[lost[-1] + 1 :] if isinstance(event, Interleaved)]
    assert tail[-1] == Interleaved(0, [rtp(29, size=500)[4:]])
    assert len(tail) > 10
    assert all(len(event.packets[0]) == 512 for event in tail)


def test_only_channels_that_were_agreed_on_are_believed_while_the_framing_is_lost() -> None:
    parser = Parser()
    parser.channels = {0, 1}
    events = feed(parser, [OK + b"\x99\x99" + rtp(1, channel=36) + rtp(2) + rtp(3)])
    assert [type(event) for event in events] == [Response, Lost, Interleaved, Interleaved]
    assert events[1] == Lost(2 + len(rtp(1)))


def test_garbage_is_skipped_in_pieces_of_any_size() -> None:
    parser = Parser()
    parser.channels = {0, 1}
    data = OK + b"\x99garbage $ and R and $\x00\xff" + rtp(1) + rtp(2)
    events = feed(parser, [data[at : at + 1] for at in range(len(data))])
    assert [type(event) for event in events] == [Response, Lost, Interleaved, Interleaved]


def test_it_gives_up_when_the_framing_is_lost_too_often() -> None:
    parser = Parser()
    data = OK + b"".join(rtp(n) + b"\x99" + rtp(n) for n in range(MAX_LOSSES + 2))
    with pytest.raises(FormatError, match="framing of interleaved packets was lost 11 times"):
        feed(parser, [data])


def test_it_gives_up_when_nothing_but_garbage_comes() -> None:
    parser = Parser()
    with pytest.raises(FormatError, match="bytes in which no RTSP was found"):
        feed(parser, [OK, *[b"\x99" * 65536] * 20])


def test_a_camera_that_loses_count_once_a_minute_is_forgiven() -> None:
    parser = Parser()
    minute = b"".join(rtp(n, size=30_000) for n in range(160))
    for _ in range(MAX_LOSSES + 5):
        events = feed(parser, [OK, minute, b"\x99" + rtp(1) + rtp(2)])
        assert sum(isinstance(event, Lost) for event in events) == 1


WELL_FORMED = st.lists(
    st.one_of(
        st.builds(lambda body: Response(200, (("CSeq", "1"),), body).encode(), st.binary(max_size=50)),
        st.builds(lambda uri: Request("OPTIONS", f"rtsp://{uri}").encode(), st.text("abc/", min_size=1)),
        st.builds(interleave, st.integers(0, 255), st.binary(max_size=300)),
    ),
    max_size=8,
)


@given(WELL_FORMED, st.lists(st.integers(0, 5000), max_size=12))
def test_any_cutting_gives_the_same(parts: list[bytes], places: list[int]) -> None:
    data = b"".join(parts)
    expected = feed(Parser(), [data])
    assert len(expected) == len(parts)
    assert feed(Parser(), cut(data, places)) == expected


@settings(max_examples=200)
@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([OK, rtp(1), b"$\0", b"RTSP/1.0 ", b"\r\n\r\n"]))))
def test_any_bytes_are_events_or_a_format_error(pieces: list[bytes]) -> None:
    for begun in (b"", OK):
        parser = Parser()
        try:
            feed(parser, [begun, *pieces])
        except FormatError:
            continue
