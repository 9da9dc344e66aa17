import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.audience import EVERYBODY, STAFF
from server.core.entry import Entry, Kind
from server.core.escalation import Escalation
from server.notify.ring import LIFETIME_MS, MAX_PAYLOAD_BYTES, Ring
from tests.server.notify.samples import an_alert, an_alert_entry
from tests.server.samples import NOW_MS, a_push

PAGE = "https://sightline.example/tablet"


def ring(**changes: Any) -> Ring:
    found = Ring.of_entry(an_alert_entry(**changes))
    assert found is not None
    return found


def shown(of: Ring, *, with_text: bool = False) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(of.payload(PAGE, with_text=with_text))
    return message


def test_the_payload_is_declarative_and_says_what_the_worker_needs() -> None:
    assert shown(ring(id="a-1", number=17)) == {
        "web_push": 8030,
        "mutable": True,
        "notification": {
            "title": "P1 alert",
            "body": "Number 17",
            "navigate": f"{PAGE}#alert=a-1",
            "lang": "en",
            "dir": "ltr",
            "tag": "alert:a-1",
            "renotify": True,
            "requireInteraction": True,
            "silent": False,
            "data": {"item": "alert", "item_id": "a-1", "revision": 1, "navigate": f"{PAGE}#alert=a-1"},
        },
    }


def test_nothing_of_the_case_is_told_unless_it_is_wanted() -> None:
    secret = "4 rounds near Main St"
    of = ring(headline=secret)
    assert secret.encode() not in of.payload(PAGE, with_text=False)
    assert shown(of, with_text=True)["notification"]["body"] == f"Number 1: {secret}"


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"priority": 3}, "P3 alert"),
        ({"revision": 2}, "P1 alert changed"),
        ({"state": "cancelled", "revision": 2}, "P1 alert cancelled"),
        ({"state": "expired"}, "P1 alert expired"),
        ({"status": "Exercise"}, "EXERCISE: P1 alert"),
        ({"status": "Test"}, "TEST: P1 alert"),
    ],
)
def test_the_title_says_what_it_is(changes: dict[str, Any], title: str) -> None:
    assert shown(ring(**changes))["notification"]["title"] == title


def test_a_recalled_push_and_an_ended_bulletin_say_so_and_nothing_else() -> None:
    push = a_push().to_wire() | {"recalled_ms": NOW_MS, "note": "secret"}
    bulletin = {"id": "b", "number": 5, "revision": 2, "state": "expired", "expires_ms": NOW_MS - 1, "why": "secret"}
    for kind, record, title in (("push", push, "Push recalled"), ("bulletin", bulletin, "Wanted person expired")):
        found = Ring.of_entry(Entry(1, NOW_MS, kind, {kind: record}, EVERYBODY))  # type: ignore[arg-type]
        assert found is not None
        assert b"secret" not in found.payload(PAGE, with_text=True)
        assert shown(found)["notification"]["title"] == title
        assert found.until_ms == NOW_MS + LIFETIME_MS


@pytest.mark.parametrize(("priority", "urgency"), [(1, "high"), (2, "high"), (3, "normal"), (4, "normal")])
def test_what_matters_wakes(priority: int, urgency: str) -> None:
    assert ring(priority=priority).urgency == urgency


def test_it_rings_until_the_item_expires_and_an_hour_at_most() -> None:
    assert ring().until_ms == NOW_MS + LIFETIME_MS
    assert ring(expires_ms=NOW_MS + 5000).until_ms == NOW_MS + 5000
    assert ring(expires_ms=NOW_MS + 2 * LIFETIME_MS).until_ms == NOW_MS + LIFETIME_MS


def test_the_topic_is_of_the_item_and_fits() -> None:
    assert ring(id="a", revision=2).topic == ring(id="a").topic != ring(id="b").topic
    assert len(ring().topic) == 32
    assert ring().topic.replace("-", "").replace("_", "").isalnum()


def test_what_people_do_about_an_alert_wakes_nobody_but_what_is_said_of_it_does() -> None:
    assert Ring.of_entry(an_alert_entry(state="acknowledged", revised_ms=NOW_MS - 5000)) is None
    assert Ring.of_entry(an_alert_entry(state="en_route")) is None
    assert Ring.of_entry(an_alert_entry(shelved={"until_ms": NOW_MS + 1, "by": "operator", "reason": "noise"})) is None
    assert Ring.of_entry(an_alert_entry(state="en_route", revision=2, revised_ms=NOW_MS)) is not None


def test_in_a_flood_the_first_of_a_group_rings_and_every_alert_of_priority_1() -> None:
    assert Ring.of_entry(an_alert_entry(group_id="alert-1", priority=3)) is not None
    assert Ring.of_entry(an_alert_entry(group_id="alert-0", priority=3)) is None
    assert Ring.of_entry(an_alert_entry(group_id="alert-0", priority=1)) is not None
    ladder = Escalation("P2", 1, 3, NOW_MS, NOW_MS + 1000, sound=True, say="", reached=1).to_wire()
    assert Ring.of_entry(an_alert_entry(group_id="alert-0", priority=3, escalation=ladder)) is not None


@pytest.mark.parametrize("status", ["Draft", "System"])
def test_what_is_internal_rings_only_where_it_was_not(status: str) -> None:
    changes = [{"field": "status", "before": "Actual", "after": status}]
    assert Ring.of_entry(an_alert_entry(status=status)) is None
    assert Ring.of_entry(an_alert_entry(status=status, revision=2, changes=changes)) is not None


@pytest.mark.parametrize("kind", ["receipts", "probe"])
def test_other_entries_are_no_reason(kind: Kind) -> None:
    assert Ring.of_entry(Entry(1, NOW_MS, kind, {kind: []}, STAFF)) is None


def test_alerts_of_the_first_release_ring_too() -> None:
    old = {key: value for key, value in an_alert().items() if key not in ("state", "shelved", "revised_ms")}
    assert Ring.of_entry(Entry(1, NOW_MS, "alert", {"alert": old}, EVERYBODY)) is not None


@given(st.text(), st.text(max_size=64), st.sampled_from(["Actual", "Exercise"]), st.booleans())
def test_a_payload_always_fits(headline: str, item_id: str, status: str, with_text: bool) -> None:
    of = ring(headline=headline or "x", id=item_id, status=status)
    payload = of.payload(PAGE, with_text=with_text)
    assert len(payload) <= MAX_PAYLOAD_BYTES
    json.loads(payload)


def test_the_longest_text_fits() -> None:
    assert len(ring(headline="🚨" * 4000).payload(PAGE, with_text=True)) <= MAX_PAYLOAD_BYTES
    # Every one of these becomes six bytes.
    assert len(ring(headline="\x01" * 4000).payload(PAGE, with_text=True)) <= MAX_PAYLOAD_BYTES
