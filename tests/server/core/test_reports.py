"""Reports: many lines at once, each judged for itself."""

from typing import Any

import pytest

from server.core.receipts import ReceiptCommand, Stage
from server.core.reports import MAX_LINES, Report, Reported
from server.errors import ItemUnknown, LogUnavailable, ReceiptInvalid
from tests.server.samples import NOW_MS

LINE: dict[str, Any] = {"item": "alert", "item_id": "a-1", "revision": 2, "stage": "shown", "at_ms": NOW_MS}


def test_a_report_is_read() -> None:
    report = Report.parse(3, {"receipts": [LINE, {**LINE, "stage": "opened", "at_ms": None}]})
    assert report.number == 3
    assert report.commands == (
        ReceiptCommand("", "alert", "a-1", 2, Stage.SHOWN, NOW_MS),
        ReceiptCommand("", "alert", "a-1", 2, Stage.OPENED),
    )


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (None, ""),
        ([], ""),
        ({**LINE, "item": "camera"}, "item"),
        ({**LINE, "revision": 0}, "revision"),
        ({**LINE, "stage": "sent"}, "stage"),
        ({**LINE, "stage": "acknowledged"}, "stage"),
        ({**LINE, "stage": "declined"}, "stage"),
        ({**LINE, "item_id": "x" * 65}, "item_id"),
    ],
)
def test_a_line_that_is_wrong_does_not_cost_the_others(line: object, path: str) -> None:
    report = Report.parse(3, {"receipts": [LINE, line, LINE]})
    assert len(report.commands) == 2
    ((index, error),) = report.answered([None, None]).refused
    assert index == 1
    assert isinstance(error, ReceiptInvalid)
    assert error.path == path


@pytest.mark.parametrize("lines", [None, {}, "shown", [], [LINE] * (MAX_LINES + 1)])
def test_what_is_no_list_of_lines_is_refused_as_a_whole(lines: object) -> None:
    with pytest.raises(ReceiptInvalid, match="1 to 200") as refusal:
        Report.parse(3, {"receipts": lines})
    assert refusal.value.path == "receipts"


def test_what_came_of_each_line_is_told_by_its_place() -> None:
    report = Report.parse(3, {"receipts": [LINE, "rubbish", LINE, LINE]})
    unknown = ItemUnknown("There is no alert 'a-1' for you.")
    refused = report.answered([None, unknown, None]).refused
    assert [index for index, _ in refused] == [1, 2]
    assert refused[1][1] is unknown


def test_what_could_not_be_written_is_to_be_sent_again_as_a_whole() -> None:
    error = LogUnavailable("Not now.")
    report = Report.parse(3, {"receipts": [LINE, "rubbish"]})
    assert report.answered([error]) == Reported(3, error=error)
