import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from server.core import audience
from server.core.alerts import AlertState
from server.core.audience import STAFF, Audience
from server.core.people import Actor, Person, Role
from server.core.receipts import Item, Receipt, ReceiptCommand, Stage
from server.errors import ConflictRecalled, ConflictRevision, ItemUnknown
from server.store import alerts, audit, intake, log, people, pushes, receipts, tables
from server.store.db import Database
from server.store.receipts import Recorded
from tests.server.samples import (
    AT_THE_DESK,
    CAMERAS,
    EVERYBODY,
    NOW_MS,
    OKAFOR,
    ROSTER,
    SENSOR,
    TELLING_EVERYBODY,
    a_bulletin,
    a_receipt_command,
    an_alert,
    an_order,
    of_the_sensor,
    on,
)

TABLET = on("tablet-1")


@pytest.fixture
async def alert_id(database: Database) -> str:
    raised = await database.write(lambda conn: intake.raise_alert(conn, an_alert(), **of_the_sensor()))
    return raised.record.id


@pytest.fixture
async def push_id(database: Database) -> str:
    def seed_and_send(conn: Connection) -> str:
        people.seed(conn, [(person, "hash") for person in EVERYBODY], now_ms=NOW_MS)
        return pushes.send(conn, an_order(), cameras=CAMERAS, roster=ROSTER, actor=AT_THE_DESK, now_ms=NOW_MS).record.id

    return await database.write(seed_and_send)


def recording(*commands: tuple[Actor, ReceiptCommand], now_ms: int = NOW_MS + 5) -> Callable[[Connection], Recorded]:
    return lambda conn: receipts.record(conn, commands, now_ms)


def about(alert_id: str, stage: Stage, number: int = 1, **fields: Any) -> ReceiptCommand:
    return a_receipt_command("alert", alert_id, stage, command_id=f"command-{number}", **fields)


async def of(database: Database, alert_id: str) -> Sequence[Receipt]:
    return await database.read(lambda conn: receipts.of_item(conn, "alert", alert_id))


async def test_a_receipt_is_an_entry_and_a_row(database: Database, alert_id: str) -> None:
    recorded = await database.write(recording((TABLET, about(alert_id, Stage.ACKNOWLEDGED))))
    receipt = Receipt("alert", alert_id, 1, "officer-12", "tablet-1", Stage.ACKNOWLEDGED, NOW_MS + 5)
    assert [result.receipt for result in recorded.results] == [receipt]
    assert recorded.entries[0].payload == {"receipts": [receipt.to_wire()]}
    assert await database.read(lambda conn: log.entries_after(conn, 1)) == [*recorded.entries]
    assert await of(database, alert_id) == [receipt]


async def test_an_acknowledgement_is_in_the_audit_by_name(database: Database, alert_id: str) -> None:
    commands = [(TABLET, about(alert_id, Stage.DELIVERED)), (on("t", OKAFOR), about(alert_id, Stage.ACKNOWLEDGED))]
    await database.write(recording(*commands))
    found = [(entry.actor, entry.device, entry.action, entry.subject) for entry in await database.read(audit.page)]
    assert found[1:] == [
        ("officer-7", "t", "alert.acknowledged", f"alert:{alert_id}"),
        ("server", "", "receipts.kept", "entry:2"),
    ]


async def test_a_batch_is_one_entry_with_the_highest_stages(database: Database, alert_id: str) -> None:
    commands = [
        (TABLET, about(alert_id, Stage.DELIVERED, 1)),
        (TABLET, about(alert_id, Stage.ACKNOWLEDGED, 2)),
        (TABLET, about(alert_id, Stage.SHOWN, 3)),
        (on("tablet-2"), about(alert_id, Stage.DELIVERED, 4)),
    ]
    recorded = await database.write(recording(*commands))
    assert [entry.kind for entry in recorded.entries] == ["receipts", "alert"]
    assert await database.read(log.head) == 3
    assert recorded.entries
    stages = [(wire["device"], wire["stage"]) for wire in recorded.entries[0].payload["receipts"]]
    assert stages == [("tablet-1", "acknowledged"), ("tablet-2", "delivered")]
    assert all(result.error is None for result in recorded.results)


async def test_what_is_not_higher_than_what_is_known_makes_no_entry(database: Database, alert_id: str) -> None:
    await database.write(recording((TABLET, about(alert_id, Stage.SHOWN, 1))))
    for number, stage in ((2, Stage.DELIVERED), (3, Stage.SHOWN)):
        recorded = await database.write(recording((TABLET, about(alert_id, stage, number))))
        assert not recorded.entries
        assert recorded.results[0].receipt is not None
        assert recorded.results[0].receipt.stage is Stage.SHOWN
    recorded = await database.write(recording((TABLET, about(alert_id, Stage.ACKNOWLEDGED, 4))))
    assert recorded.entries
    assert [receipt.stage for receipt in await of(database, alert_id)] == [Stage.ACKNOWLEDGED]


async def test_what_a_person_said_gets_the_same_answer_again_and_changes_nothing(
    database: Database, alert_id: str
) -> None:
    command = about(alert_id, Stage.DECLINED)
    first = await database.write(recording((TABLET, command)))
    await database.write(recording((TABLET, about(alert_id, Stage.ACKNOWLEDGED, 2))))
    again = await database.write(recording((TABLET, command), (TABLET, command), now_ms=NOW_MS + 99))
    assert again.entries == ()
    assert again.results == first.results * 2
    assert await database.read(log.head) == 4


async def test_no_answer_is_kept_of_what_devices_report_by_themselves(database: Database, alert_id: str) -> None:
    stages = (Stage.DELIVERED, Stage.SHOWN, Stage.OPENED, Stage.ACKNOWLEDGED)
    await database.write(recording(*((TABLET, about(alert_id, stage, stage.step)) for stage in stages)))
    kept = await database.read(lambda conn: conn.scalars(select(tables.receipt_commands.c.id)).all())
    assert kept == [f"command-{Stage.ACKNOWLEDGED.step}"]


async def test_the_audit_vouches_for_who_reported_what(database: Database, alert_id: str) -> None:
    await database.write(
        recording((TABLET, about(alert_id, Stage.DELIVERED)), (on("t-2"), about(alert_id, Stage.SHOWN)))
    )
    text = await database.read(lambda conn: conn.scalar(select(tables.log.c.payload).where(tables.log.c.position == 2)))
    assert text is not None
    vouched = json.loads((await database.read(audit.page))[-1].details)
    assert vouched == {"count": 2, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    assert [(one["device"], one["stage"]) for one in json.loads(text)["receipts"]] == [
        ("tablet-1", "delivered"),
        ("t-2", "shown"),
    ]


async def test_ids_of_different_people_have_nothing_to_do_with_each_other(database: Database, alert_id: str) -> None:
    command = about(alert_id, Stage.ACKNOWLEDGED)
    await database.write(recording((TABLET, command)))
    recorded = await database.write(recording((on("tablet-7", OKAFOR), command)))
    assert recorded.entries
    assert [receipt.person for receipt in await of(database, alert_id)] == ["officer-12", "officer-7"]


async def test_what_is_wrong_with_one_is_not_the_matter_of_the_others(
    database: Database, alert_id: str, push_id: str
) -> None:
    commands = [
        (TABLET, a_receipt_command("alert", "none", command_id="command-1")),
        (TABLET, about(alert_id, Stage.SHOWN, 2)),
        (on("tablet-7", OKAFOR), a_receipt_command("push", push_id, command_id="command-3")),
        (TABLET, a_receipt_command("push", push_id, command_id="command-4")),
    ]
    recorded = await database.write(recording(*commands))
    assert [type(result.error) for result in recorded.results] == [ItemUnknown, type(None), ItemUnknown, type(None)]
    assert [result.id for result in recorded.results] == ["command-1", "command-2", "command-3", "command-4"]
    assert recorded.entries
    assert len(recorded.entries[0].payload["receipts"]) == 2


async def test_a_refused_one_is_refused_again_and_its_id_is_not_taken(database: Database, alert_id: str) -> None:
    wrong = recording((TABLET, a_receipt_command("alert", "none", command_id="command-1")))
    for _ in range(2):
        recorded = await database.write(wrong)
        assert isinstance(recorded.results[0].error, ItemUnknown)
        assert not recorded.entries
    right = await database.write(recording((TABLET, about(alert_id, Stage.SHOWN, 1))))
    assert right.results[0].receipt is not None


async def test_a_recall_is_acknowledged_and_what_was_recalled_no_more(database: Database, push_id: str) -> None:
    def told(stage: Stage, number: int, revision: int) -> tuple[Actor, ReceiptCommand]:
        return TABLET, a_receipt_command("push", push_id, stage, command_id=f"command-{number}", revision=revision)

    await database.write(recording(told(Stage.SHOWN, 1, 1)))
    await database.write(lambda conn: pushes.recall(conn, push_id, actor=AT_THE_DESK, now_ms=NOW_MS))
    recorded = await database.write(recording(told(Stage.ACKNOWLEDGED, 2, 1), told(Stage.ACKNOWLEDGED, 3, 2)))
    assert isinstance(recorded.results[0].error, ConflictRecalled)
    assert recorded.results[1].error is None
    found = await database.read(lambda conn: receipts.of_item(conn, "push", push_id))
    assert sorted((receipt.revision, receipt.stage) for receipt in found) == [(1, "shown"), (2, "acknowledged")]


async def test_the_time_of_the_device_is_the_one_that_is_shown(database: Database, alert_id: str) -> None:
    command = ReceiptCommand("command-1", "alert", alert_id, 1, Stage.SHOWN, at_ms=NOW_MS - 4000)
    recorded = await database.write(recording((TABLET, command)))
    assert recorded.results[0].receipt is not None
    assert recorded.results[0].receipt.at_ms == NOW_MS - 4000
    assert await database.read(lambda conn: receipts.recent(conn, since_ms=NOW_MS + 5)) == [recorded.results[0].receipt]
    assert await database.read(lambda conn: receipts.recent(conn, since_ms=NOW_MS + 6)) == []


async def test_the_receipts_of_many_items_are_those_of_one_person_or_of_all(
    database: Database, alert_id: str, push_id: str
) -> None:
    of_alert = about(alert_id, Stage.SHOWN, 1)
    of_push = a_receipt_command("push", push_id, command_id="command-2")
    await database.write(recording((TABLET, of_alert), (TABLET, of_push), (on("tablet-7", OKAFOR), of_alert)))
    both: tuple[tuple[Item, str], ...] = (("alert", alert_id), ("push", push_id))
    for items, person, expected in (
        (both, None, 3),
        (both, TABLET.id, 2),
        (both, OKAFOR.id, 1),
        (both, "nobody", 0),
        (both[:1], TABLET.id, 1),
        ((), None, 0),
    ):
        found = await database.read(partial(receipts.of_items, items=items, person=person))
        assert len(found) == expected


async def test_a_thousand_tablets_are_one_entry(database: Database, alert_id: str) -> None:
    officers = [Person(f"officer-{number}", "", Role.OFFICER) for number in range(1000)]
    delivered = [(on("tablet", officer), about(alert_id, Stage.DELIVERED, 1)) for officer in officers]
    shown = [(on("tablet", officer), about(alert_id, Stage.SHOWN, 2)) for officer in officers]
    for commands in (delivered, shown, shown):
        recorded = await database.write(recording(*commands))
        assert len(recorded.results) == 1000
    assert await database.read(log.head) == 3
    found = await of(database, alert_id)
    assert len(found) == 1000
    assert {receipt.stage for receipt in found} == {Stage.SHOWN}


async def test_nothing_at_all_is_no_entry(database: Database) -> None:
    assert await database.write(recording()) == Recorded((), ())


async def test_two_who_acknowledge_at_once_both_count_and_the_first_has_it(database: Database, alert_id: str) -> None:
    commands = [(on("t-7", OKAFOR), about(alert_id, Stage.ACKNOWLEDGED)), (TABLET, about(alert_id, Stage.ACKNOWLEDGED))]
    recorded = await database.write(recording(*commands))
    assert [entry.kind for entry in recorded.entries] == ["receipts", "alert"]
    alert = recorded.entries[1].payload["alert"]
    assert (alert["state"], [step["person"] for step in alert["progress"]]) == ("acknowledged", ["officer-7"])
    assert {receipt.person for receipt in await of(database, alert_id)} == {"officer-7", "officer-12"}


async def test_what_is_new_again_is_taken_again_by_who_had_it(database: Database, alert_id: str) -> None:
    def made_new(conn: Connection) -> None:
        record = alerts.find(conn, alert_id)
        assert record is not None
        alerts.keep(conn, replace(record, state=AlertState.NEW), audience.EVERYBODY, now_ms=NOW_MS + 6)

    await database.write(recording((TABLET, about(alert_id, Stage.ACKNOWLEDGED, 1))))
    await database.write(made_new)
    recorded = await database.write(recording((TABLET, about(alert_id, Stage.ACKNOWLEDGED, 2))))
    assert [entry.kind for entry in recorded.entries] == ["alert"], "the receipt is no news, that he takes it is"
    assert len(recorded.entries[0].payload["alert"]["progress"]) == 2


async def test_what_was_cancelled_is_acknowledged_and_what_it_was_no_more(database: Database, alert_id: str) -> None:
    given: dict[str, Any] = {"source": "gunshot", "priority": None, "actor": SENSOR, "now_ms": NOW_MS, "raw": b""}
    cancel = an_alert(msg_type="Cancel")
    await database.write(lambda conn: intake.raise_alert(conn, cancel, planner=TELLING_EVERYBODY, **given))
    commands = [(TABLET, about(alert_id, Stage.ACKNOWLEDGED, number, revision=number)) for number in (1, 2)]
    old, new = (await database.write(recording(*commands))).results
    assert isinstance(old.error, ConflictRevision)
    assert old.error.to_wire()["alert"]["state"] == "cancelled"
    assert new.receipt is not None


async def test_who_is_not_concerned_gives_no_receipts(database: Database, alert_id: str) -> None:
    def narrow(conn: Connection) -> None:
        record = alerts.find(conn, alert_id)
        assert record is not None
        alerts.keep(conn, record, Audience.of_people({"officer-7"}), now_ms=NOW_MS)

    await database.write(narrow)
    recorded = await database.write(recording((TABLET, about(alert_id, Stage.SHOWN))))
    assert isinstance(recorded.results[0].error, ItemUnknown)


async def test_a_bulletin_is_acknowledged_and_so_is_its_end(database: Database) -> None:
    record = a_bulletin("b-1")
    row = {"number": 1, "id": record.id, "sent_ms": NOW_MS, "expires_ms": record.expires_ms, "wanted": ""}
    row |= {"record": log.to_json(record.to_json()), "audience": log.to_json(record.audience.to_json())}
    await database.write(lambda conn: conn.execute(insert(tables.bulletins), row).rowcount)

    def given(number: int, revision: int, **fields: Any) -> tuple[Actor, ReceiptCommand]:
        command = a_receipt_command("bulletin", "b-1", command_id=f"command-{number}", revision=revision, **fields)
        return TABLET, command

    first = await database.write(recording(given(1, 1)))
    assert [entry.kind for entry in first.entries] == ["receipts"]
    ended = log.to_json(record.cancelled("operator", NOW_MS, reason="Found").to_json())
    await database.write(lambda conn: conn.execute(update(tables.bulletins).values(record=ended)).rowcount)
    old, new = (await database.write(recording(given(2, 1), given(3, 2)))).results
    assert isinstance(old.error, ConflictRecalled)
    assert "why" not in old.error.to_wire()["bulletin"], "what it said is told to nobody any more"
    assert new.receipt is not None


async def test_that_something_was_sent_is_noted_where_nothing_better_is_known(
    database: Database, alert_id: str
) -> None:
    await database.write(recording((TABLET, about(alert_id, Stage.DELIVERED))))
    devices = [("officer-12", "tablet-1"), ("officer-7", "tablet-7")]
    work = partial(receipts.sent, item="alert", item_id=alert_id, revision=1, devices=devices, now_ms=NOW_MS)
    (entry,) = await database.write(work)
    assert [(one["person"], one["stage"]) for one in entry.payload["receipts"]] == [("officer-7", "sent")]
    assert entry.audience == STAFF
    assert await database.write(work) == ()
