"""A little of everything that ``make chaos`` does for long: on both databases, with a seed that stays the same."""

from functools import partial
from pathlib import Path

from tests.chaos import nemeses
from tests.chaos.database import Database, PostgreSql, Sqlite
from tests.chaos.history import History
from tests.chaos.round import Wish, run
from tests.server.postgres import Postgres

SEED = "short"
COUNTS = {
    "kill": 4,
    "stop": 1,
    "valkey-kill": 1,
    "valkey-freeze": 1,
    "outage": 1,
    "cut": 2,
    "flap": 2,
    "stall": 1,
    "jump": 1,
}
TOLERANCE_S = 4.0
"""Other tests may run on this machine; the long run is strict."""
KNOWN = nemeses.BY_NAME | {"valkey-freeze": nemeses.valkey_freeze_briefly}


def _postgresql(postgres: Postgres, _folder: Path, history: History) -> Database:
    return PostgreSql(postgres, history)


async def test_nothing_is_lost_or_doubled_while_parts_die_on_sqlite() -> None:
    wish = Wish(SEED, 8.0, COUNTS | {"stall": 0}, devices=12, tolerance_s=TOLERANCE_S, known=KNOWN)
    outcome = await run(Sqlite, wish)
    assert not outcome.violations, f"seed {SEED}: {outcome.report()}"
    assert outcome.counts["kill"] == COUNTS["kill"]
    assert outcome.counts["disk-full"] == COUNTS["outage"]
    assert all(outcome.counts[kind] for kind in ("alert", "push", "bulletin", "taken-back"))


async def test_nothing_is_lost_or_doubled_while_parts_die_on_postgresql(postgres: Postgres) -> None:
    wish = Wish(SEED, 8.0, COUNTS | {"jump": 0}, devices=12, tolerance_s=TOLERANCE_S, known=KNOWN)
    outcome = await run(partial(_postgresql, postgres), wish)
    assert not outcome.violations, f"seed {SEED}: {outcome.report()}"
    assert outcome.counts["database-restart"] == COUNTS["outage"]
    assert outcome.counts["stall"] >= COUNTS["stall"]
