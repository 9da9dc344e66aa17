import json
from typing import Any

import pytest

from server.core.pushes import PushOrder, PushRecord
from server.errors import PushNoRecipient, RequestInvalid
from tests.server.samples import HOUR_MS, NOW_MS, a_push

GOOD: dict[str, Any] = {
    "id": "0c1f9d2e-7a55-4c6e-8a8e-0b5f2f1f7a11",
    "cameras": ["main-4th"],
    "to": {"people": ["officer-12"], "units": ["7"]},
    "note": " Suspect on foot ",
    "alert_id": "a-1",
}


def test_an_order_is_read() -> None:
    assert PushOrder.parse(GOOD) == PushOrder(
        GOOD["id"], ("main-4th",), ("officer-12",), ("7",), "Suspect on foot", "a-1"
    )


def test_note_and_alert_are_optional_and_doubles_count_once() -> None:
    body = {"id": "1", "cameras": ["a", "b", "a"], "to": {"units": ["7", "7"]}, "note": None, "alert_id": None}
    assert PushOrder.parse(body) == PushOrder("1", ("a", "b"), (), ("7",), "", None)


@pytest.mark.parametrize("to", [{}, {"people": []}, {"people": [], "units": None}])
def test_a_push_to_nobody_is_refused(to: object) -> None:
    with pytest.raises(PushNoRecipient):
        PushOrder.parse({**GOOD, "to": to})


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"id": "a/b"}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"cameras": None}, "cameras"),
        ({"cameras": []}, "cameras"),
        ({"cameras": "main-4th"}, "cameras"),
        ({"cameras": [4]}, "cameras[0]"),
        ({"cameras": ["a", ""]}, "cameras[1]"),
        ({"cameras": [str(number) for number in range(10)]}, "cameras"),
        ({"to": None}, "to"),
        ({"to": ["officer-12"]}, "to"),
        ({"to": {"people": "officer-12"}}, "to.people"),
        ({"to": {"units": [7]}}, "to.units[0]"),
        ({"note": "x" * 501}, "note"),
        ({"note": 5}, "note"),
        ({"note": "\0"}, "note"),
        ({"alert_id": 5}, "alert_id"),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_named(change: dict[str, object], path: str) -> None:
    with pytest.raises(RequestInvalid) as refusal:
        PushOrder.parse({**GOOD, **change})
    assert refusal.value.path == path


def test_a_push_is_live_until_it_expires() -> None:
    push = a_push()
    assert push.is_live(NOW_MS)
    assert push.is_live(NOW_MS + 8 * HOUR_MS - 1)
    assert not push.is_live(NOW_MS + 8 * HOUR_MS)


def test_a_recall_is_a_new_revision_and_again_the_same() -> None:
    recalled = a_push().recalled(by="dispatcher", now_ms=NOW_MS + 5)
    assert (recalled.revision, recalled.recalled_by, recalled.recalled_ms) == (2, "dispatcher", NOW_MS + 5)
    assert not recalled.is_live(NOW_MS + 5)
    assert recalled.recalled(by="operator", now_ms=NOW_MS + 9) is recalled


def test_the_wire_form_is_the_one_of_the_protocol() -> None:
    assert a_push().to_wire() == {
        "id": "push-1",
        "number": 1,
        "revision": 1,
        "alert_id": None,
        "cameras": [{"id": "main-4th", "number": 4, "name": "Main St / 4th Ave"}],
        "note": "Suspect on foot",
        "recipients": ["officer-12"],
        "sent_by": "operator",
        "sent_ms": NOW_MS,
        "recalled_by": None,
        "recalled_ms": None,
        "expires_ms": NOW_MS + 8 * HOUR_MS,
    }


def test_a_record_comes_back_from_the_wire_as_it_was() -> None:
    for push in (a_push(), a_push().recalled(by="operator", now_ms=NOW_MS)):
        assert PushRecord.from_wire(json.loads(json.dumps(push.to_wire()))) == push
