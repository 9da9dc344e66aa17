import json
from typing import Any

import pytest

from server.core.audience import EVERYBODY, STAFF, Audience
from server.core.entry import Entry, first_release_audience
from server.core.people import Person
from server.core.receipts import Receipt, Stage
from tests.server.samples import ADMIN, DISPATCHER, LIND, NOW_MS, OKAFOR, OPERATOR, REYES, a_push


def a_receipt(item: Any, person: Person, stage: Stage) -> dict[str, Any]:
    return Receipt(item, f"{item}-1", 1, person.id, "tablet", stage, NOW_MS).to_wire()


SHOWN = a_receipt("alert", REYES, Stage.SHOWN)
ACKNOWLEDGED = a_receipt("alert", OKAFOR, Stage.ACKNOWLEDGED)
RECEIPTS = Entry(7, NOW_MS, "receipts", {"receipts": [SHOWN, ACKNOWLEDGED]}, Audience.of_people([OKAFOR.id]))
PUSH = Entry(8, NOW_MS, "push", {"push": a_push().to_wire()}, Audience.of_people([REYES.id]))


@pytest.mark.parametrize("person", [OPERATOR, DISPATCHER, ADMIN])
def test_staff_gets_every_receipt(person: Person) -> None:
    assert RECEIPTS.payload_for(person) is RECEIPTS.payload


def test_an_officer_gets_his_own_receipts() -> None:
    assert RECEIPTS.payload_for(OKAFOR) == {"receipts": [ACKNOWLEDGED]}


def test_receipts_of_others_do_not_concern_an_officer() -> None:
    assert RECEIPTS.payload_for(REYES) is None
    everybody = Entry(7, NOW_MS, "receipts", RECEIPTS.payload, EVERYBODY)
    assert everybody.payload_for(LIND) is None


def test_whom_it_concerns_gets_the_whole_push() -> None:
    assert PUSH.payload_for(REYES) is PUSH.payload
    assert PUSH.payload_for(OPERATOR) is PUSH.payload
    assert PUSH.payload_for(OKAFOR) is None


def test_an_entry_survives_the_bus() -> None:
    for entry in (RECEIPTS, PUSH):
        assert Entry.from_bus(json.loads(entry.to_bus())) == entry


def test_clients_are_not_told_whom_else_an_entry_concerns() -> None:
    assert "audience" not in PUSH.to_wire()


def test_entries_of_the_first_release_concern_whom_they_did() -> None:
    assert first_release_audience("alert", {"alert": {}}) is EVERYBODY
    assert first_release_audience("push", PUSH.payload) == PUSH.audience
    assert first_release_audience("receipts", RECEIPTS.payload) == STAFF
