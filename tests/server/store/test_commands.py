"""What people do about an alert, once for each id that they make; and what is said by radio."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from server.core.alerts import AlertState
from server.core.audience import Audience
from server.core.commands import AlertCommand, RadioCommand, RadioWord
from server.core.people import Actor
from server.core.planner import Planner
from server.core.policies import DEFAULTS
from server.core.receipts import Stage
from server.core.roster import Roster
from server.errors import (
    AlertNotShelvable,
    AlertUnknown,
    AuthForbidden,
    ConflictId,
    ConflictRevision,
    ConflictState,
    RequestInvalid,
)
from server.store import alerts, audit, commands, escalations, intake, people, pushes, receipts, revisions
from server.store.commands import Commanded
from server.store.db import Database
from tests.server.samples import (
    AT_THE_DESK,
    CAMERAS,
    DISPATCHER,
    EVERYBODY,
    NOW_MS,
    OKAFOR,
    REYES,
    SENSOR,
    an_alert,
    an_order,
    on,
)

ROSTER = Roster(EVERYBODY, online=frozenset(person.id for person in EVERYBODY))
PLANNER = Planner(ROSTER, {policy.priority: policy for policy in DEFAULTS})
TABLET = on("tablet-12")
DESK = Actor(DISPATCHER, "console-4", "10.0.0.4")


@pytest.fixture
async def alert_id(database: Database) -> str:
    """Of a P1 that concerns every officer."""

    def raise_it(conn: Connection) -> str:
        people.seed(conn, [(person, "hash") for person in EVERYBODY], now_ms=NOW_MS)
        given: dict[str, Any] = {"source": "gunshot", "priority": None, "actor": SENSOR, "now_ms": NOW_MS, "raw": b""}
        return intake.raise_alert(conn, an_alert(), planner=PLANNER, **given).record.id

    return await database.write(raise_it)


def giving(
    alert_id: str,
    name: Any,
    command_id: str = "c-1",
    *,
    actor: Actor = AT_THE_DESK,
    now_ms: int = NOW_MS,
    **fields: Any,
) -> Callable[[Connection], Commanded]:
    command = AlertCommand(command_id, name, **({"revision": 1} | fields))
    return lambda conn: commands.give(conn, alert_id, command, actor=actor, planner=PLANNER, now_ms=now_ms)


async def actions(database: Database) -> list[tuple[str, str]]:
    page = await database.read(audit.page)
    return [(entry.actor, entry.action) for entry in page if not entry.action.startswith("person.")]


async def test_who_is_on_the_way_has_acknowledged_and_the_ladder_stops(database: Database, alert_id: str) -> None:
    done = await database.write(giving(alert_id, "en_route", actor=TABLET))
    assert [entry.kind for entry in done.entries] == ["receipts", "alert"]
    (receipt,) = await database.read(lambda conn: receipts.of_item(conn, "alert", alert_id))
    assert (receipt.person, receipt.stage) == ("officer-12", Stage.ACKNOWLEDGED)
    ladder = await database.read(lambda conn: escalations.find(conn, alert_id))
    assert ladder is not None
    assert ladder.due_ms is None
    assert done.alert["escalation"]["over"]
    assert await actions(database) == [
        ("source:gunshot", "alert.raised"),
        ("officer-12", "alert.acknowledged"),
        ("server", "receipts.kept"),
        ("officer-12", "alert.en_route"),
    ]


async def test_closing_is_on_record_with_its_outcome(database: Database, alert_id: str) -> None:
    await database.write(giving(alert_id, "close", actor=TABLET, outcome="casings", note="Two"))
    *_, entry = await database.read(audit.page)
    assert (entry.action, '"outcome":"casings"' in entry.details, "Two" in entry.details) == (
        "alert.closed",
        True,
        False,
    )


async def test_the_same_id_again_gets_the_same_answer_and_changes_nothing(database: Database, alert_id: str) -> None:
    first = await database.write(giving(alert_id, "en_route", actor=TABLET))
    await database.write(giving(alert_id, "on_scene", "c-2", actor=TABLET))
    again = await database.write(giving(alert_id, "en_route", actor=TABLET, now_ms=NOW_MS + 9))
    assert again == Commanded(first.alert, ())


async def test_an_id_that_is_taken_by_another_command_is_a_conflict(database: Database, alert_id: str) -> None:
    await database.write(giving(alert_id, "en_route", actor=TABLET))
    with pytest.raises(ConflictId):
        await database.write(giving(alert_id, "on_scene", actor=TABLET))
    await database.write(giving(alert_id, "on_scene", actor=on("tablet-7", OKAFOR)))


async def test_what_is_refused_takes_no_id(database: Database, alert_id: str) -> None:
    with pytest.raises(ConflictRevision):
        await database.write(giving(alert_id, "close", actor=TABLET, outcome="victim", revision=2))
    await database.write(giving(alert_id, "close", actor=TABLET, outcome="victim"))


async def test_only_the_staff_corrects(database: Database, alert_id: str) -> None:
    for name in ("reopen", "update", "cancel", "shelve", "unshelve", "radio"):
        with pytest.raises(AuthForbidden):
            await database.write(giving(alert_id, name, actor=TABLET, reason="x", words={"priority": 2}))


async def test_an_officer_does_nothing_about_what_does_not_concern_him(database: Database, alert_id: str) -> None:
    def narrow(conn: Connection) -> None:
        record = alerts.find(conn, alert_id)
        assert record is not None
        alerts.keep(conn, record, Audience.of_people({"officer-7"}), now_ms=NOW_MS)

    await database.write(narrow)
    with pytest.raises(AlertUnknown):
        await database.write(giving(alert_id, "en_route", actor=TABLET))
    with pytest.raises(AlertUnknown):
        await database.write(giving("none", "en_route", actor=TABLET))
    await database.write(giving(alert_id, "en_route", actor=on("tablet-7", OKAFOR)))


async def test_a_correction_is_a_revision_that_is_kept_and_on_record(database: Database, alert_id: str) -> None:
    await database.write(giving(alert_id, "update", words={"priority": 3, "event": "Fireworks"}, reason="Reviewed"))
    await database.write(giving(alert_id, "cancel", "c-2", revision=2, reason="Fireworks"))
    await database.write(giving(alert_id, "reopen", "c-3", revision=3, reason="No fireworks"))
    kept = await database.read(lambda conn: revisions.of_alert(conn, alert_id))
    assert [(one.revision, one.state, one.event, one.reason) for one in kept] == [
        (1, "new", "Multiple gunshots", ""),
        (2, "new", "Fireworks", "Reviewed"),
        (3, "cancelled", "Fireworks", "Fireworks"),
        (4, "new", "Fireworks", "No fireworks"),
    ]
    assert [action for _, action in await actions(database)] == [
        "alert.raised",
        "alert.downgraded",
        "alert.cancelled",
        "alert.reopened",
    ]


async def test_priority_1_is_not_shelved(database: Database, alert_id: str) -> None:
    with pytest.raises(AlertNotShelvable):
        await database.write(giving(alert_id, "shelve", minutes=5, reason="x"))
    await database.write(giving(alert_id, "update", words={"priority": 2}))
    await database.write(giving(alert_id, "shelve", "c-2", revision=2, minutes=5, reason="x"))
    assert (await actions(database))[-1] == ("operator", "alert.shelved")


def said_by(person: str, stage: Stage = Stage.ACKNOWLEDGED, state: AlertState | None = None) -> RadioWord:
    return RadioWord(1, person, stage, state)


async def test_what_is_said_by_radio_counts_as_if_he_had_tapped(database: Database, alert_id: str) -> None:
    word = said_by("officer-12", state=AlertState.EN_ROUTE)
    done = await database.write(giving(alert_id, "radio", actor=DESK, radio=word))
    (progress,) = done.alert["progress"]
    assert (progress["person"], progress["via"], progress["by"]) == ("officer-12", "radio", "dispatcher")
    assert done.alert["state"] == "en_route"
    (receipt,) = await database.read(lambda conn: receipts.of_item(conn, "alert", alert_id))
    assert (receipt.person, receipt.device, receipt.via, receipt.by) == ("officer-12", "radio", "radio", "dispatcher")
    page = await database.read(audit.page)
    (entry,) = [entry for entry in page if entry.action == "alert.acknowledged"]
    assert (entry.actor, '"via":"radio"' in entry.details, '"person":"officer-12"' in entry.details) == (
        "dispatcher",
        True,
        True,
    )


async def test_who_declines_by_radio_does_not_take_it(database: Database, alert_id: str) -> None:
    done = await database.write(giving(alert_id, "radio", actor=DESK, radio=said_by("officer-12", Stage.DECLINED)))
    assert (done.alert["state"], [entry.kind for entry in done.entries]) == ("new", ["receipts"])


async def test_nobody_speaks_for_somebody_who_is_not_there(database: Database, alert_id: str) -> None:
    with pytest.raises(RequestInvalid) as refusal:
        await database.write(giving(alert_id, "radio", actor=DESK, radio=said_by("officer-99")))
    assert refusal.value.path == "person"


async def test_nobody_goes_by_radio_to_what_is_over_and_nothing_of_it_is_kept(
    database: Database, alert_id: str
) -> None:
    await database.write(giving(alert_id, "close", actor=TABLET, outcome="casings"))
    word = said_by("officer-7", state=AlertState.EN_ROUTE)

    def refused(conn: Connection) -> str:
        """Without an end of the transaction, as when others share it."""
        with pytest.raises(ConflictState) as refusal:
            giving(alert_id, "radio", actor=DESK, radio=word)(conn)
        return refusal.value.code

    assert await database.write(refused) == "conflict.state"
    assert await database.read(lambda conn: receipts.of_item(conn, "alert", alert_id)) == []
    assert (await actions(database))[-1] == ("officer-12", "alert.closed")


async def test_a_push_is_acknowledged_by_radio_once_and_only_by_whom_it_was_sent_to(
    database: Database, alert_id: str
) -> None:
    def send(conn: Connection) -> dict[str, Any]:
        sent = pushes.send(conn, an_order(), cameras=CAMERAS, roster=ROSTER, actor=AT_THE_DESK, now_ms=NOW_MS)
        return sent.record.to_wire()

    push = await database.write(send)

    def saying(person: str, command_id: str, actor: Actor = DESK) -> Callable[[Connection], int]:
        command = RadioCommand(command_id, said_by(person))
        return lambda conn: len(
            commands.speak(conn, "push", push["id"], command, actor=actor, present=push, now_ms=NOW_MS)
        )

    assert await database.write(saying(REYES.id, "r-1")) == 1
    assert await database.write(saying(REYES.id, "r-1")) == 0
    assert await database.write(saying(REYES.id, "r-2")) == 0
    with pytest.raises(RequestInvalid):
        await database.write(saying(OKAFOR.id, "r-3"))
    with pytest.raises(AuthForbidden):
        await database.write(saying(REYES.id, "r-4", TABLET))
