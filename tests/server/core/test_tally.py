from typing import Any

import pytest

from server.core import tally as module
from server.core.audience import EVERYBODY, Audience
from server.core.entry import Entry
from server.core.receipts import Receipt, Stage
from server.core.tally import Tally
from tests.server.samples import EVERYBODY as PEOPLE
from tests.server.samples import HOUR_MS, NOW_MS


def an_entry(position: int, item_id: str = "a-1", revision: int = 1, audience: Audience = EVERYBODY) -> Entry:
    alert = {"id": item_id, "revision": revision, "received_ms": NOW_MS + position}
    return Entry(position, NOW_MS, "alert", {"alert": alert}, audience)


def shown(position: int, item_id: str = "a-1") -> Entry:
    receipt = Receipt("alert", item_id, 1, "officer-12", "tablet", Stage.SHOWN, NOW_MS)
    return Entry(position, NOW_MS, "receipts", {"receipts": [receipt.to_wire()]}, EVERYBODY)


def ids(sums: list[dict[str, Any]]) -> list[str]:
    return [one["item_id"] for one in sums]


def test_only_what_has_changed_is_told_and_once() -> None:
    tally = Tally(PEOPLE)
    tally.add(an_entry(1))
    tally.add(an_entry(2, "a-2"))
    assert sorted(ids(tally.changed())) == ["a-1", "a-2"]
    tally.add(shown(3))
    (one,) = tally.changed()
    assert (one["item_id"], one["queued"], one["shown"]) == ("a-1", 2, 1)
    tally.add(shown(3))
    assert tally.changed() == []
    assert ids(tally.everything()) == ["a-2", "a-1"]


def test_who_is_reached_later_is_counted_then() -> None:
    tally = Tally(PEOPLE)
    tally.add(an_entry(1, audience=Audience.of_people({"officer-12"})))
    assert tally.changed()[0]["queued"] == 1
    tally.add(an_entry(2, audience=Audience.of_people({"officer-12", "officer-7"})))
    assert tally.changed()[0]["queued"] == 2


def test_receipts_of_what_is_not_known_and_test_entries_are_nothing() -> None:
    tally = Tally(PEOPLE)
    tally.add(shown(1, "gone"))
    tally.add(Entry(2, NOW_MS, "probe", {"probe": {}}, EVERYBODY))
    assert (tally.changed(), tally.everything()) == ([], [])


def test_the_oldest_go_when_there_are_too_many_and_when_their_day_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ITEMS", 2)
    tally = Tally(PEOPLE)
    for number in range(3):
        tally.add(an_entry(number, f"a-{number}"))
    assert ids(tally.everything()) == ["a-2", "a-1"]
    tally.forget(before_ms=NOW_MS + 2)
    assert ids(tally.everything()) == ["a-2"]
    tally.forget(before_ms=NOW_MS + 24 * HOUR_MS)
    assert tally.everything() == []
