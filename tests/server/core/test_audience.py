from typing import Any

import pytest

from server.core.audience import audience_key, payload_for, pushes_for, receipts_for
from server.core.entry import Entry
from server.core.people import Person
from server.core.receipts import Receipt, Stage
from tests.server.samples import (
    ADMIN,
    DISPATCHER,
    EVERYBODY,
    LIND,
    NOW_MS,
    OKAFOR,
    OPERATOR,
    REYES,
    a_push,
    an_entry,
)


def a_receipt(item: Any, person: Person, stage: Stage) -> Receipt:
    return Receipt(item, f"{item}-1", 1, person.id, "tablet", stage, NOW_MS)


DELIVERED = a_receipt("alert", REYES, Stage.DELIVERED)
ACKNOWLEDGED = a_receipt("alert", OKAFOR, Stage.ACKNOWLEDGED)
PUSH_ACKNOWLEDGED = a_receipt("push", OKAFOR, Stage.ACKNOWLEDGED)

ALERT = an_entry("alert", {"alert": {"id": "a-1"}})
PUSH = an_entry("push", {"push": a_push(recipients=("officer-12", "dispatcher")).to_wire()})
RECEIPTS = an_entry(
    "receipts", {"receipts": [receipt.to_wire() for receipt in (DELIVERED, ACKNOWLEDGED, PUSH_ACKNOWLEDGED)]}
)


@pytest.mark.parametrize("person", EVERYBODY)
def test_an_alert_concerns_everybody(person: Person) -> None:
    assert payload_for(ALERT, person) is ALERT.payload


@pytest.mark.parametrize("person", [OPERATOR, DISPATCHER, ADMIN, REYES])
def test_a_push_concerns_staff_and_its_recipients(person: Person) -> None:
    assert payload_for(PUSH, person) is PUSH.payload


@pytest.mark.parametrize("person", [OKAFOR, LIND])
def test_a_push_does_not_concern_other_officers(person: Person) -> None:
    assert payload_for(PUSH, person) is None


@pytest.mark.parametrize("person", [OPERATOR, DISPATCHER, ADMIN])
def test_staff_gets_every_receipt(person: Person) -> None:
    assert payload_for(RECEIPTS, person) is RECEIPTS.payload


@pytest.mark.parametrize(
    ("person", "receipts"),
    [
        (REYES, [DELIVERED, ACKNOWLEDGED]),
        (OKAFOR, [ACKNOWLEDGED, PUSH_ACKNOWLEDGED]),
        (LIND, [ACKNOWLEDGED]),
    ],
)
def test_an_officer_gets_his_own_receipts_and_acknowledged_alerts(person: Person, receipts: list[Receipt]) -> None:
    assert payload_for(RECEIPTS, person) == {"receipts": [receipt.to_wire() for receipt in receipts]}
    assert receipts_for(person, [DELIVERED, ACKNOWLEDGED, PUSH_ACKNOWLEDGED]) == receipts


def test_receipts_of_others_only_do_not_concern_an_officer() -> None:
    entry = an_entry("receipts", {"receipts": [DELIVERED.to_wire()]})
    assert payload_for(entry, LIND) is None


@pytest.mark.parametrize("entry", [ALERT, PUSH, RECEIPTS, an_entry("receipts", {"receipts": [DELIVERED.to_wire()]})])
def test_equal_keys_mean_equal_payloads(entry: Entry) -> None:
    by_key: dict[str | None, Any] = {}
    for person in EVERYBODY:
        payload = payload_for(entry, person)
        assert by_key.setdefault(audience_key(entry, person), payload) == payload
        assert (audience_key(entry, person) is None) == (payload is None)


def test_a_snapshot_is_filtered_like_the_entries() -> None:
    mine, others = a_push("mine"), a_push("others", recipients=("officer-7",))
    assert pushes_for(REYES, [mine, others]) == [mine]
    assert pushes_for(OPERATOR, [mine, others]) == [mine, others]
    receipts = [DELIVERED, ACKNOWLEDGED, PUSH_ACKNOWLEDGED]
    assert receipts_for(OPERATOR, receipts) == receipts
    assert receipts_for(OPERATOR, receipts, items=[("push", "push-1")]) == [PUSH_ACKNOWLEDGED]
