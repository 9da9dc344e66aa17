"""Intake: how many alerts a second get in, each signed, and answered when it is on disk. SQLite and PostgreSQL.

Twice: sources that each wait for their answer before they send the next alert (how much gets in at most), and alerts
that come at a rate, whatever becomes of them (how long one takes then).
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.bench import servers
from tests.bench.measure import Measure, percentile
from tests.bench.program import Program
from tests.bench.servers import SECRET
from tests.server.postgres import running_postgres

SOURCES = (1, 8, 32)
SECONDS = 5.0
REACH = {"sqlite": 800, "postgresql": 500}
REACH_P99_MS = 25
RATES = {kind: (reach // 2, reach) for kind, reach in REACH.items()}
"""Alerts a second."""
OFFICERS = 100


@dataclass(frozen=True, slots=True)
class Run:
    per_second: float
    p50_ms: float
    p99_ms: float
    server_cpu_us: float
    """For one alert."""
    load_generator: float
    """Share of a core."""
    in_time: float
    """Share of those that were answered within 25 ms."""
    sent_late_ms: float
    """99 of 100 of those that came at a rate were on their way so soon after they were due."""


def measure(_clips: Path) -> list[Measure]:
    found = []
    for kind in REACH:
        with tempfile.TemporaryDirectory(prefix="sightline-bench-") as name, _database(kind) as url:
            folder = Path(name)
            with servers.running(folder, servers=1, officers=OFFICERS, database=url) as ours:
                for sources in SOURCES:
                    run = _run(folder, ours.each[0], "posters", sources)
                    found += _measures(f"intake_{kind}_{sources}", kind, sources, run)
                for rate in RATES[kind]:
                    run = _run(folder, ours.each[0], "arrivals", rate)
                    found += _measures_at(f"intake_{kind}_at_{rate}", run)
    return found


def _measures(name: str, kind: str, sources: int, run: Run) -> list[Measure]:
    note = (
        f"{sources} sources; {run.server_cpu_us:.0f} µs of CPU each; load generator {run.load_generator:.0%} of a core"
    )
    is_most = sources == max(SOURCES)
    return [
        Measure(f"{name}_per_second", [run.per_second], "/s", REACH[kind] if is_most else None, note, is_least=True),
        Measure(f"{name}_p50", [run.p50_ms], "ms"),
        Measure(f"{name}_p99", [run.p99_ms], "ms", REACH_P99_MS),
    ]


def _measures_at(name: str, run: Run) -> list[Measure]:
    note = (
        f"from when it was due; {run.server_cpu_us:.0f} µs of CPU each; 99 of 100 sent {run.sent_late_ms:.1f} ms after "
        f"it; load generator {run.load_generator:.0%} of a core"
    )
    return [
        Measure(f"{name}_p50", [run.p50_ms], "ms"),
        Measure(f"{name}_p99", [run.p99_ms], "ms", REACH_P99_MS, note),
        Measure(f"{name}_in_time", [100 * run.in_time], "%", 99, f"within {REACH_P99_MS} ms", is_least=True),
    ]


def _run(folder: Path, server: servers.Server, load: str, how_many: int) -> Run:
    """
    Args:
        load: ``posters``, with as many sources, or ``arrivals``, with as many alerts a second.
    """
    before_s = server.cpu_s()
    arguments = ["-m", f"tests.bench.{load}", str(server.port), str(how_many), str(SECONDS), SECRET]
    with Program(arguments, log=folder / f"{load}.log") as program:
        facts = program.line(timeout_s=120)
        program.wait(timeout_s=10)
    if facts["refused"]:
        raise RuntimeError(f"{facts['refused']} alerts were not accepted")
    latencies_ms = facts["latencies_ms"]
    return Run(
        per_second=len(latencies_ms) / facts["seconds"],
        p50_ms=percentile(latencies_ms, 50),
        p99_ms=percentile(latencies_ms, 99),
        server_cpu_us=(server.cpu_s() - before_s) / facts["answered"] * 1e6,
        load_generator=facts["cpu_s"] / facts["seconds"],
        in_time=sum(one <= REACH_P99_MS for one in latencies_ms) / len(latencies_ms),
        sent_late_ms=percentile(facts.get("sent_late_ms", [0.0]), 99),
    )


@contextmanager
def _database(kind: str) -> Iterator[str]:
    """The URL of a new one; empty: SQLite in the folder of the servers."""
    if kind == "sqlite":
        yield ""
        return
    with running_postgres() as postgres:
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            # The tests do without; here a commit has to be on disk.
            connection.execute("ALTER SYSTEM SET fsync = on")
            connection.execute("SELECT pg_reload_conf()")
        yield postgres.empty_database()
