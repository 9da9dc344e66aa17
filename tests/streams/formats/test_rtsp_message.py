import pytest

from streams.formats.rtsp import Parser
from streams.formats.rtsp_message import Request, Response, parameters, parse_head


def test_fields_are_found_whatever_their_case() -> None:
    (response,) = Parser().feed(
        b"RTSP/1.0 401 No\r\nwww-authenticate: Basic\r\nWWW-Authenticate:Digest a=b\r\nCseq:  3 \r\n\r\n"
    )
    assert isinstance(response, Response)
    assert response.all("WWW-AUTHENTICATE") == ["Basic", "Digest a=b"]
    assert response.header("CSeq") == "3"
    assert response.header("Session", "none") == "none"
    assert response.reason == "No"


def test_heads_that_bend_the_rules_are_read() -> None:
    (response,) = Parser().feed(b"\r\n\0RTSP/1.0 200\nCSeq: 1\nno colon\nPublic: OPTIONS,\n  PLAY\n\n")
    assert isinstance(response, Response)
    assert response.header("Public") == "OPTIONS, PLAY"
    assert response.reason == ""


def test_what_is_encoded_is_read_back() -> None:
    request = Request("DESCRIBE", "rtsp://h/a b", (("CSeq", "2"), ("Accept", "application/sdp")))
    response = Response(200, (("CSeq", "2"), ("Content-Length", "3")), b"v=0", "OK")
    assert list(Parser().feed(request.encode() + response.encode())) == [request, response]
    assert Response(454, (), b"why").encode() == b"RTSP/1.0 454 Session Not Found\r\nContent-Length: 3\r\n\r\nwhy"


@pytest.mark.parametrize(
    "message",
    [
        Request("PLAY", "rtsp://h/\r\nX: y"),
        Request("PLAY", "rtsp://h/", (("Session", "a\nb"),)),
        Response(200, (("a", "Я"),)),
    ],
)
def test_what_would_break_the_head_is_not_encoded(message: Request | Response) -> None:
    with pytest.raises(ValueError, match=r"line break|latin-1"):
        message.encode()


def test_the_parts_of_a_transport_are_read() -> None:
    value = 'RTP/AVP/TCP;unicast; Interleaved=2-3 ;ssrc= d6d6627;mode="play",RTP/AVP;interleaved=8-9'
    assert parameters(value) == {
        "rtp/avp/tcp": "",
        "unicast": "",
        "interleaved": "2-3",
        "ssrc": "d6d6627",
        "mode": "play",
    }
    assert parameters("") == {}


def test_a_request_may_have_spaces_in_its_address_and_around_it() -> None:
    assert parse_head(b"PLAY   rtsp://h/a b  RTSP/1.0 ") == Request("PLAY", "rtsp://h/a b")
    for head in (b"PLAY RTSP/1.0", b"PLAY  RTSP/1.0", b"play rtsp://h/ RTSP/1.0", b"PLAY rtsp://h/ RTSP/1", b""):
        assert parse_head(head) is None
