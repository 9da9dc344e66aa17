from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.audience import Audience
from server.core.pushes import PushRecord
from server.core.receipts import Receipt, ReceiptCommand, ReceiptResult, Stage, Standing, check, is_higher
from server.errors import ConflictRecalled, ConflictRevision, ItemUnknown, ReceiptInvalid
from tests.server.samples import NOW_MS, OPERATOR, REYES, a_push, a_receipt_command

GOOD: dict[str, Any] = {
    "type": "receipt",
    "id": "0c1f9d2e-7a55-4c6e-8a8e-0b5f2f1f7a11",
    "item": "alert",
    "item_id": "a-1",
    "revision": 1,
    "stage": "acknowledged",
    "at_ms": NOW_MS,
}


def test_a_command_is_read() -> None:
    assert ReceiptCommand.parse(GOOD) == ReceiptCommand(GOOD["id"], "alert", "a-1", 1, Stage.ACKNOWLEDGED, NOW_MS)


def test_the_time_of_the_device_is_optional() -> None:
    assert ReceiptCommand.parse({**GOOD, "at_ms": None}).at_ms is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", None),
        ("id", "short"),
        ("id", "x" * 65),
        ("id", "with space"),
        ("id", 12345678),
        ("item", "camera"),
        ("item", ["alert"]),
        ("item_id", ""),
        ("item_id", "a\0"),
        ("item_id", "\ud800"),
        ("revision", 0),
        ("revision", True),
        ("revision", 1.5),
        ("revision", "1"),
        ("revision", None),
        ("stage", "seen"),
        ("stage", "sent"),
        ("stage", ["shown"]),
        ("stage", {}),
        ("at_ms", -1),
        ("at_ms", 10**20),
        ("at_ms", "now"),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_named(field: str, value: object) -> None:
    with pytest.raises(ReceiptInvalid) as refusal:
        ReceiptCommand.parse({**GOOD, field: value})
    assert refusal.value.path == field


@pytest.mark.parametrize("body", [None, [], "x", 1])
def test_what_is_no_object_is_no_receipt(body: object) -> None:
    with pytest.raises(ReceiptInvalid):
        ReceiptCommand.parse(body)


@given(st.permutations([*Stage, *Stage]))
def test_the_order_of_arrival_does_not_matter(stages: list[Stage]) -> None:
    known: Stage | None = None
    steps = []
    for stage in stages:
        if is_higher(stage, known):
            known = stage
            steps.append(stage.step)
    assert known is Stage.ACKNOWLEDGED
    assert steps == sorted(set(steps)), "it only ever climbs, and no stage counts twice"


def standing_of(push: PushRecord) -> Standing:
    audience = Audience(people=frozenset(push.recipients))
    return Standing("push", push.id, push.revision, audience, push.to_wire(), push.is_recalled)


def test_an_officer_can_acknowledge_a_push_to_him() -> None:
    check(a_receipt_command("push", "push-1"), REYES, standing_of(a_push()))


def test_what_does_not_exist_is_unknown() -> None:
    with pytest.raises(ItemUnknown):
        check(a_receipt_command("alert", "none"), REYES, None)


def test_a_push_to_others_is_unknown_even_to_staff() -> None:
    with pytest.raises(ItemUnknown):
        check(a_receipt_command("push", "push-1"), OPERATOR, standing_of(a_push()))


def test_a_revision_that_does_not_exist_yet_is_invalid() -> None:
    with pytest.raises(ReceiptInvalid, match="revision 1"):
        check(a_receipt_command("push", "push-1", revision=2), REYES, standing_of(a_push()))


def test_acknowledging_an_old_revision_gives_the_present_one() -> None:
    present = a_push(revision=2)
    with pytest.raises(ConflictRevision) as conflict:
        check(a_receipt_command("push", "push-1", revision=1), REYES, standing_of(present))
    assert conflict.value.to_wire()["push"] == present.to_wire()


def test_a_recall_is_acknowledged_and_what_was_recalled_no_more() -> None:
    recalled = standing_of(a_push().recalled(by="operator", now_ms=NOW_MS))
    check(a_receipt_command("push", "push-1", Stage.DELIVERED, revision=1), REYES, recalled)
    check(a_receipt_command("push", "push-1", revision=2), REYES, recalled)
    with pytest.raises(ConflictRecalled):
        check(a_receipt_command("push", "push-1", revision=1), REYES, recalled)


def test_an_old_revision_is_delivered_but_not_declined() -> None:
    present = standing_of(a_push(revision=2))
    check(a_receipt_command("push", "push-1", Stage.OPENED, revision=1), REYES, present)
    with pytest.raises(ConflictRevision):
        check(a_receipt_command("push", "push-1", Stage.DECLINED, revision=1), REYES, present)


def test_a_receipt_of_the_first_release_was_the_device_s_own() -> None:
    wire = Receipt("push", "push-1", 2, "officer-12", "tablet-1", Stage.SHOWN, NOW_MS).to_wire()
    del wire["via"], wire["by"]
    assert Receipt.from_wire(wire).via == "device"


def test_a_receipt_comes_back_from_the_wire_as_it_was() -> None:
    receipt = Receipt("push", "push-1", 2, "officer-12", "tablet-1", Stage.SHOWN, NOW_MS)
    assert Receipt.from_wire(receipt.to_wire()) == receipt


def test_a_result_answers_with_the_receipt_or_the_error() -> None:
    receipt = Receipt("alert", "a-1", 1, "officer-12", "tablet-1", Stage.SHOWN, NOW_MS)
    assert ReceiptResult("command-1", receipt).to_wire() == {
        "type": "receipt",
        "id": "command-1",
        "ok": True,
        "receipt": receipt.to_wire(),
    }
    assert ReceiptResult("command-1", None, ItemUnknown("There is no such thing.", path="item_id")).to_wire() == {
        "type": "receipt",
        "id": "command-1",
        "ok": False,
        "error": {"code": "item.unknown", "message": "There is no such thing.", "path": "item_id"},
    }
