"""Any sequence of what sources, people and clocks do to an alert, against what the protocol promises of it."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, Engine

from server.core.alerts import AlertRecord, AlertState
from server.core.commands import OUTCOMES, AlertCommand, RadioWord
from server.core.people import Actor, Person
from server.core.planner import Planner
from server.core.policies import DEFAULTS
from server.core.receipts import ReceiptCommand, Stage
from server.core.roster import Roster
from server.errors import AlertUnknown, Conflict
from server.store import (
    alerts,
    audit,
    commands,
    engines,
    escalations,
    intake,
    log,
    migrations,
    people,
    receipts,
    revisions,
)
from tests.server.samples import AT_THE_DESK, EVERYBODY, NOW_MS, OKAFOR, REYES, SENSOR, an_alert, on

ROSTER = Roster(EVERYBODY, online=frozenset(person.id for person in EVERYBODY))
PLANNER = Planner(ROSTER, {policy.priority: policy for policy in DEFAULTS})
OFFICERS = [on("tablet-12", REYES), on("tablet-7", OKAFOR)]
WORKING = (AlertState.ACKNOWLEDGED, AlertState.EN_ROUTE, AlertState.ON_SCENE)

_engines: list[Engine] = []


def an_engine(folder: Any) -> Engine:
    if not _engines:
        engine = engines.writer(f"sqlite:///{folder}/log.db")
        migrations.upgrade(engine)
        with engine.connect() as conn, conn.begin():
            people.seed(conn, [(person, "hash") for person in EVERYBODY], now_ms=NOW_MS)
        _engines.append(engine)
    return _engines[0]


class AlertLife(RuleBasedStateMachine):
    """One alert in one transaction, which is rolled back at the end."""

    folder: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.conn: Connection = an_engine(self.folder).connect()
        self.transaction = self.conn.begin()
        self.now_ms = NOW_MS
        self.ids = 0
        self.said = 0
        """Messages of the source."""
        self.alert_id = ""
        self.was: AlertRecord | None = None
        self.concerned: set[str] = set()

    def teardown(self) -> None:
        assert audit.verify(self.conn).is_whole
        self.transaction.rollback()
        self.conn.close()

    @property
    def record(self) -> AlertRecord:
        found = alerts.find(self.conn, self.alert_id)
        assert found is not None
        return found

    def say(self, **fields: Any) -> None:
        """The source sends its next message."""
        self.said += 1
        alert = an_alert("53-348", sent_at=NOW_MS / 1000 + self.said, **fields)
        given = {"source": "gunshot", "priority": None, "actor": SENSOR, "raw": b"", "planner": PLANNER}
        raised = intake.raise_alert(self.conn, alert, now_ms=self.now_ms, **given)  # type: ignore[arg-type]
        self.alert_id = raised.record.id

    def order(self, actor: Actor, name: Any, *, behind: int = 0, **fields: Any) -> bool:
        """Whether it was done."""
        self.ids += 1
        revision = max(1, self.record.revision - behind)
        command = AlertCommand(f"command-{self.ids}", name, revision, **fields)
        before = self.record
        try:
            commands.give(self.conn, self.alert_id, command, actor=actor, planner=PLANNER, now_ms=self.now_ms)
        except (Conflict, AlertUnknown):
            assert self.record == before, "what is refused changes nothing"
            return False
        assert revision == before.revision, "nobody acts upon what he has not seen"
        return True

    @initialize(urgency=st.sampled_from(["Expected", "Immediate", "Past"]), expires_s=st.none() | st.integers(1, 300))
    def raise_it(self, urgency: str, expires_s: int | None) -> None:
        self.say(urgency=urgency, expires_at=None if expires_s is None else self.now_ms / 1000 + expires_s)

    @rule(
        event=st.sampled_from(["Gunshot", "Fireworks"]),
        urgency=st.sampled_from(["Immediate", "Expected", "Past", "Unknown"]),
        severity=st.sampled_from(["Severe", "Moderate", "Unknown"]),
        msg_type=st.sampled_from(["Alert", "Update", "Update", "Cancel"]),
        status=st.sampled_from(["Actual", "Actual", "Exercise", "Draft"]),
    )
    def source_says(self, **fields: str) -> None:
        self.say(**fields)

    @rule(officer=st.sampled_from(OFFICERS), name=st.sampled_from(["en_route", "on_scene"]), behind=st.integers(0, 1))
    def officer_goes(self, officer: Actor, name: str, behind: int) -> None:
        if self.order(officer, name, behind=behind):
            assert self.record.state in (AlertState.EN_ROUTE, AlertState.ON_SCENE)
            assert self._furthest(officer) == "acknowledged"

    @rule(officer=st.sampled_from(OFFICERS), outcome=st.sampled_from(OUTCOMES))
    def officer_closes(self, officer: Actor, outcome: str) -> None:
        if self.order(officer, "close", outcome=outcome):
            assert (self.record.state, self.record.outcome) == (AlertState.CLOSED, outcome)

    @rule(officer=st.sampled_from(OFFICERS), behind=st.integers(0, 1))
    def officer_acknowledges(self, officer: Actor, behind: int) -> None:
        self.ids += 1
        before = self.record
        revision = max(1, before.revision - behind)
        command = ReceiptCommand(f"receipt-{self.ids}", "alert", self.alert_id, revision, Stage.ACKNOWLEDGED)
        (result,) = receipts.record(self.conn, [(officer, command)], self.now_ms).results
        assert (result.error is None) == (revision == before.revision and self._concerns(officer.person))
        if result.error is None and before.state is AlertState.NEW:
            assert self.record.state is AlertState.ACKNOWLEDGED
            assert self.record.progress[-1].person == officer.id

    @precondition(lambda self: self.record.state in (AlertState.NEW, AlertState.ACKNOWLEDGED))
    @rule(state=st.sampled_from([None, AlertState.EN_ROUTE]))
    def dispatch_hears_by_radio(self, state: AlertState | None) -> None:
        word = RadioWord(self.record.revision, "officer-12", Stage.ACKNOWLEDGED, state)
        if self._concerns(REYES) and self.order(AT_THE_DESK, "radio", radio=word):
            assert self.record.state is not AlertState.NEW

    @rule(priority=st.sampled_from([1, 1, 2, 3, 4]))
    def operator_corrects(self, priority: int) -> None:
        self.order(AT_THE_DESK, "update", words={"priority": priority})
        assert self.record.priority == priority

    @precondition(lambda self: self.record.priority > 1 and not self.record.state.is_over)
    @rule(minutes=st.integers(1, 30))
    def operator_shelves(self, minutes: int) -> None:
        self.order(AT_THE_DESK, "shelve", minutes=minutes, reason="Roadworks")

    @rule(name=st.sampled_from(["unshelve", "reopen", "cancel"]))
    def operator_orders(self, name: str) -> None:
        done = self.order(AT_THE_DESK, name, reason="Because")
        if done and name == "reopen":
            assert self.record.state is AlertState.NEW

    @rule(seconds=st.integers(0, 120))
    def time_passes(self, seconds: int) -> None:
        self.now_ms += seconds * 1000
        alerts.expire_due(self.conn, self.now_ms)
        record = self.record
        assert record.state.is_over or record.expires_ms is None or record.expires_ms > self.now_ms

    @invariant()
    def it_is_as_the_protocol_says(self) -> None:
        if not self.alert_id:
            return
        now, was = self.record, self.was
        self.was = now
        times = [step.at_ms for step in now.progress]
        assert times == sorted(times)
        assert not (now.priority == 1 and now.shelved), "priority 1 is never shelved"
        assert (now.outcome != "") <= (now.state is AlertState.CLOSED)
        assert [one.revision for one in revisions.of_alert(self.conn, now.id)] == [*range(1, now.revision + 1)]
        self._ladder_fits(now)
        found = alerts.find_with_audience(self.conn, now.id)
        assert found is not None
        audience = {person.id for person in EVERYBODY if found[1].concerns(person)}
        assert audience >= self.concerned, "who has seen it must see what it has become"
        self.concerned = audience
        newest = max(log.entries_after(self.conn, 0), key=lambda entry: (entry.kind == "alert", entry.position))
        assert newest.payload["alert"] == now.to_wire(), "what is kept is what was told"
        if was is not None:
            self._moved_as_allowed(was, now)

    def _moved_as_allowed(self, was: AlertRecord, now: AlertRecord) -> None:
        assert now.revision - was.revision in (0, 1), "one revision for each thing that is said"
        if now.revision == was.revision:
            words = ("priority", "event", "urgency", "severity", "point", "reason", "changes", "msg_type")
            assert all(getattr(now, word) == getattr(was, word) for word in words), "said without a revision"
            assert (was.state.is_over, now.state) != (True, AlertState.NEW)
        if was.state.is_over:
            assert now.state not in WORKING, "what is over is worked on again only when it is new again"
        assert now.progress[: len(was.progress)] == was.progress

    def _ladder_fits(self, record: AlertRecord) -> None:
        ladder = escalations.find(self.conn, record.id)
        due_ms = ladder.due_ms if ladder else None
        if record.state.is_over or record.is_internal or record.state in (AlertState.EN_ROUTE, AlertState.ON_SCENE):
            assert due_ms is None, "nothing climbs when somebody goes, when it is over, or when it is nobody's"
            assert record.escalation is None or record.escalation.over
        elif record.state is AlertState.ACKNOWLEDGED:
            assert ladder is None or due_ms is None or ladder.policy.en_route_s is not None
        elif record.priority < 4:
            assert ladder is not None, "new and urgent: somebody is called"
            assert due_ms is not None
            assert ladder.policy.priority == record.priority
        assert record.escalation is None or record.escalation.next_ms == due_ms or record.state.is_over

    def _concerns(self, person: Person | None) -> bool:
        return person is not None and person.id in self.concerned

    def _furthest(self, officer: Actor) -> str:
        revision = self.record.revision
        mine = [one for one in receipts.of_item(self.conn, "alert", self.alert_id) if one.person == officer.id]
        return max((one for one in mine if one.revision == revision), key=lambda one: one.stage.step).stage


def test_any_life_of_an_alert_is_one_that_the_protocol_allows(tmp_path_factory: Any) -> None:
    AlertLife.folder = tmp_path_factory.mktemp("lives")
    machine = AlertLife.TestCase
    machine.settings = settings(
        max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    machine().runTest()
    _engines.pop().dispose()
