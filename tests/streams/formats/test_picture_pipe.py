import json
from dataclasses import replace

import pytest

from streams.errors import FormatError, SourceError, SourceGarbled
from streams.formats import picture_pipe
from streams.formats.picture_pipe import Answer, CodedPicture, Figures, Question
from streams.mask import Mask
from tests.streams.formats.jpegs import picture

KEY = CodedPicture("h264", (b"sps", b"pps"), b"a picture")
FIGURES = Figures(0.1, 0.2, 0.9, 0.08, 0.5, 100, 0.9, 0.8, 1.1)
ANSWER = Answer(picture(640, 360), 640, 360, picture(64, 36), FIGURES)


def test_a_question_arrives_as_it_was_asked() -> None:
    mask = Mask(((0.0, 0.0), (0.5, 0.0), (0.5, 1.0)))
    asked = Question(KEY, CodedPicture("mjpeg", (), b"before"), b"reference", (mask,))
    assert picture_pipe.unpack_question(picture_pipe.pack_question(asked)) == asked
    alone = Question(KEY)
    assert picture_pipe.unpack_question(picture_pipe.pack_question(alone)) == alone


def test_so_does_an_answer() -> None:
    assert picture_pipe.unpack_answer(picture_pipe.pack_answer(ANSWER)) == ANSWER
    few = replace(ANSWER, figures=Figures(0, 0, 1, None))
    assert picture_pipe.unpack_answer(picture_pipe.pack_answer(few)) == few


def test_why_there_is_none_comes_as_a_sentence() -> None:
    with pytest.raises(SourceGarbled, match="It is broken"):
        picture_pipe.unpack_answer(picture_pipe.pack_failure(SourceGarbled.code, "It is broken."))
    with pytest.raises(SourceError, match="It is full") as caught:
        picture_pipe.unpack_answer(picture_pipe.pack_failure("something.else", "It is full."))
    assert type(caught.value) is SourceError


@pytest.mark.parametrize("cut", [0, 3, 4, 20, -1])
def test_what_is_cut_off_is_refused(cut: int) -> None:
    question, answer = picture_pipe.pack_question(Question(KEY)), picture_pipe.pack_answer(ANSWER)
    with pytest.raises(FormatError):
        picture_pipe.unpack_question(question[:cut])
    with pytest.raises(FormatError):
        picture_pipe.unpack_answer(answer[:cut])


def test_what_is_added_is_refused() -> None:
    with pytest.raises(FormatError):
        picture_pipe.unpack_answer(picture_pipe.pack_answer(ANSWER) + b"x")


@pytest.mark.parametrize("lied", [b"", b"<script>", b"\x89PNG", picture(9000, 16)])
def test_an_answer_of_something_else_than_pictures_is_refused(lied: bytes) -> None:
    """A decoder that was taken over must not reach a browser through us."""
    for lie in (replace(ANSWER, picture=lied), replace(ANSWER, reference=lied)):
        with pytest.raises(FormatError):
            picture_pipe.unpack_answer(picture_pipe.pack_answer(lie))


@pytest.mark.parametrize("value", ["NaN", "-1", "1e99", '"x"', "[]", "true" * 2])
def test_figures_that_are_none_are_refused(value: str) -> None:
    text = picture_pipe.pack_answer(ANSWER)
    size = int.from_bytes(text[:4], "big")
    head = json.loads(text[4 : 4 + size])
    said = json.dumps(head).replace('"dark": 0.1', f'"dark": {value}').encode()
    with pytest.raises(FormatError):
        picture_pipe.unpack_answer(len(said).to_bytes(4, "big") + said + text[4 + size :])


@pytest.mark.parametrize("value", ["1e999", "-1", "null", '"x"'])
def test_a_count_that_is_none_is_refused(value: str) -> None:
    text = picture_pipe.pack_answer(ANSWER)
    size = int.from_bytes(text[:4], "big")
    said = text[4 : 4 + size].replace(b'"places": 100', b'"places": ' + value.encode())
    with pytest.raises(FormatError):
        picture_pipe.unpack_answer(len(said).to_bytes(4, "big") + said + text[4 + size :])


@pytest.mark.parametrize("head", [b"[]", b"{}", b"x", b"{" * 10_000])
def test_a_head_that_is_none_is_refused(head: bytes) -> None:
    message = len(head).to_bytes(4, "big") + head
    for unpack in (picture_pipe.unpack_question, picture_pipe.unpack_answer):
        with pytest.raises(FormatError):
            unpack(message)
    with pytest.raises(FormatError):
        picture_pipe.unpack_answer(b"\xff\xff\xff\xff" + head)
