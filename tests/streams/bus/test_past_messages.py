"""Messages about the past: there and back, and what is none."""

import pytest

from streams.bus.past_messages import PastAsk, PastCredit, PastEnd, PastHead, read_answer, read_request
from streams.errors import FormatError


@pytest.mark.parametrize("request_", [PastAsk("a", 4, 1, 2), PastCredit("a", "streams-1", 0)])
def test_what_a_server_says_is_read_as_it_was_said(request_: PastAsk | PastCredit) -> None:
    assert read_request(request_.to_json()) == request_


@pytest.mark.parametrize(
    "answer",
    [
        PastHead("streams-1", 3, 10, 20, ((10, 0), (15, 90))),
        PastHead("streams-1", 0, reason="Nothing."),
        PastEnd("streams-1", 3),
    ],
)
def test_what_a_streams_process_says_is_read_as_it_was_said(answer: PastHead | PastEnd) -> None:
    assert read_answer(answer.to_json()) == answer


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert read_answer(b'{"streams": "s", "sent": 3, "new": true}') == PastEnd("s", 3)


@pytest.mark.parametrize("payload", [b"", b"7", b"[]", b"{}", b'{"ask": "a"}', b"\x82\x01", b'{"sent": 1e999}'])
def test_anything_else_is_refused(payload: bytes) -> None:
    for read in (read_request, read_answer):
        with pytest.raises(FormatError):
            read(payload)
