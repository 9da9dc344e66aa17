import io
import logging

import pytest

from server.log import Lines


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def text() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(clock: Clock, text: io.StringIO) -> logging.Logger:
    logger = logging.Logger("server.test")
    logger.addHandler(Lines(text, clock))
    return logger


def lines(text: io.StringIO) -> list[str]:
    """Without the time."""
    return [line[9:] for line in text.getvalue().splitlines()]


def test_a_record_is_a_line_with_its_fields(log: logging.Logger, text: io.StringIO) -> None:
    log.warning("source stopped: %s", "gone", extra={"code": "source.ended"})
    assert lines(text) == ["warning server.test: source stopped: gone code=source.ended"]


def test_what_is_about_people_is_not_written(log: logging.Logger, text: io.StringIO) -> None:
    log.info("socket opened", extra={"pii.person": "officer-12"})
    assert "officer-12" not in text.getvalue()


def test_what_repeats_is_counted_and_said_once_a_second(log: logging.Logger, text: io.StringIO, clock: Clock) -> None:
    for number in range(5):
        log.warning("fragment dropped: %d", number)
    log.warning("something else")
    assert lines(text) == ["warning server.test: fragment dropped: 0", "warning server.test: something else"]
    clock.now += 1
    log.warning("fragment dropped: %d", 5)
    assert lines(text)[2:] == [
        "warning server.test: fragment dropped: %d (4 times more)",
        "warning server.test: fragment dropped: 5",
    ]


def test_what_was_counted_is_said_in_the_end(log: logging.Logger, text: io.StringIO) -> None:
    log.error("again")
    log.error("again")
    log.handlers[0].close()
    assert lines(text)[-1] == "error server.test: again (1 times more)"


def test_an_exception_is_written_with_where_it_came_from(log: logging.Logger, text: io.StringIO) -> None:
    try:
        raise ZeroDivisionError("no")
    except ZeroDivisionError:
        log.exception("failed")
    assert "test_log.py" in text.getvalue()
    assert "ZeroDivisionError: no" in text.getvalue()


def test_a_stream_that_nobody_reads_any_more_ends_nothing(log: logging.Logger, text: io.StringIO) -> None:
    text.close()
    log.error("to nobody")
