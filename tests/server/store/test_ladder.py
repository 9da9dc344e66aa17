"""Receipts in any order, repeated in any way, always end at the same place."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from server.core.people import Actor
from server.core.receipts import ReceiptCommand, Stage
from server.store import audit, engines, intake, log, migrations, receipts
from tests.server.samples import NOW_MS, OKAFOR, SENSOR, TELLING_EVERYBODY, an_alert, on

Command = tuple[Actor, ReceiptCommand]

ACTORS = [on("tablet-1"), on("tablet-2"), on("tablet-1", OKAFOR)]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = engines.writer(f"sqlite:///{tmp_path_factory.mktemp('ladder')}/log.db")
    migrations.upgrade(engine)
    yield engine
    engine.dispose()


@st.composite
def batches(draw: st.DrawFn) -> list[list[tuple[int, int, Stage, int]]]:
    """Batches of (actor, alert, stage, number of the command); few numbers, so that many come again."""
    command = st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from(Stage), st.integers(0, 15))
    return draw(st.lists(st.lists(command, max_size=8), max_size=6))


@settings(deadline=None, max_examples=60)
@given(batches())
def test_the_highest_stage_is_kept_and_each_climb_is_told_once(
    engine: Engine, batches: list[list[tuple[int, int, Stage, int]]]
) -> None:
    with engine.connect() as conn, conn.begin() as transaction:
        ids = [_raise(conn, str(number)) for number in range(2)]
        expected: dict[tuple[str, str, str], Stage] = {}
        seen: set[tuple[str, int]] = set()
        told: dict[tuple[str, str, str], list[Stage]] = {}
        for batch in batches:
            commands = [
                (ACTORS[actor], ReceiptCommand(f"command-{number}", "alert", ids[alert], 1, stage))
                for actor, alert, stage, number in batch
            ]
            recorded = receipts.record(conn, commands, NOW_MS)
            assert [result.id for result in recorded.results] == [command.id for _, command in commands]
            for actor, alert, stage, number in batch:
                name = (ACTORS[actor].id, number)
                # What a person says is known by its id when it comes again; what devices report is taken as it comes.
                if not stage.is_said or name not in seen:
                    if stage.is_said:
                        seen.add(name)
                    rung = (ids[alert], ACTORS[actor].id, ACTORS[actor].device)
                    expected[rung] = max(stage, expected.get(rung, stage), key=lambda one: one.step)
            for wire in (
                one for entry in recorded.entries if entry.kind == "receipts" for one in entry.payload["receipts"]
            ):
                told.setdefault((wire["item_id"], wire["person"], wire["device"]), []).append(Stage(wire["stage"]))
        kept = [one for alert_id in ids for one in receipts.of_item(conn, "alert", alert_id)]
        assert {(one.item_id, one.person, one.device): one.stage for one in kept} == expected
        for rung, stages in told.items():
            steps = [stage.step for stage in stages]
            assert steps == sorted(set(steps))
            assert stages[-1] is expected[rung]
        assert told.keys() == expected.keys()
        assert [entry.position for entry in log.entries_after(conn, 0)] == [*range(1, log.head(conn) + 1)]
        assert audit.verify(conn).is_whole
        transaction.rollback()


def news(recorded: receipts.Recorded) -> bool:
    return any(entry.kind == "receipts" for entry in recorded.entries)


def _raise(conn: Connection, source_id: str) -> str:
    alert = an_alert(source_id)
    raised = intake.raise_alert(
        conn, alert, source="s", priority=None, actor=SENSOR, now_ms=NOW_MS, raw=b"", planner=TELLING_EVERYBODY
    )
    return raised.record.id
