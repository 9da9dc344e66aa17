import pytest

from streams.formats.local_time import epoch_of


def _read(text: str, timezone: str = "America/New_York") -> tuple[float | None, list[str]]:
    problems: list[str] = []
    return epoch_of(text, timezone=timezone, what="time", problems=problems), problems


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T14:03:02-05:00",
        "2026-11-20T19:03:02Z",
        "2026-11-20T19:03:02.000+00:00",
        "2026-11-20 14:03:02",
        "2026/11/20 14:03:02",
        "20261120T140302",
        "11/20/2026 14:03:02",
        "11/20/2026 2:03:02 PM",
        "11/20/26 2:03:02 p.m.",
        "11-20-2026, 14:03:02.0",
        "1795201382",
        "1795201382.0",
        "1795201382000",
    ],
)
def test_every_way_of_writing_a_time_gives_the_same_moment(text: str) -> None:
    assert _read(text) == (1795201382.0, [])


def test_a_fraction_of_a_second_is_kept() -> None:
    assert _read("11/20/2026 14:03:02.250")[0] == 1795201382.25


def test_midnight_and_noon_are_told_apart() -> None:
    midnight, noon = _read("11/20/2026 12:00:00 AM")[0], _read("11/20/2026 12:00 PM")[0]

    assert midnight is not None
    assert noon == midnight + 12 * 3600


def test_the_hour_that_happens_twice_is_said_and_the_first_is_taken() -> None:
    found, problems = _read("2026-11-01 01:30:00")

    assert found == _read("2026-11-01T01:30:00-04:00")[0]
    assert problems == ["the time '2026-11-01 01:30:00' happened twice in America/New_York (clock change)"]


def test_the_hour_that_does_not_exist_is_said() -> None:
    found, problems = _read("2026-03-08 02:30:00")

    assert found == _read("2026-03-08T02:30:00-05:00")[0]
    assert problems == ["the time '2026-03-08 02:30:00' did not happen in America/New_York (clock change)"]


@pytest.mark.parametrize(
    "text",
    ["soon", "11/31/2026 10:00:00", "13/13/2026 10:00", "11/20/2026 14:03 PM", "9" * 13, "9" * 400, "1/1/1 0:00:00 x"],
)
def test_what_can_not_be_read_is_left_out_and_named(text: str) -> None:
    found, problems = _read(text)

    assert found is None or text == "9" * 13
    assert problems or text == "9" * 13
    assert all(len(problem) < 100 for problem in problems)


def test_no_text_is_no_problem() -> None:
    assert _read("  ") == (None, [])
