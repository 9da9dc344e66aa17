"""Intake: how many alerts a second get in, each signed, and answered when it is on disk. SQLite and PostgreSQL."""

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


def measure(_clips: Path) -> list[Measure]:
    found = []
    for kind in REACH:
        with tempfile.TemporaryDirectory(prefix="sightline-bench-") as name, _database(kind) as url:
            folder = Path(name)
            with servers.running(folder, servers=1, officers=OFFICERS, database=url) as ours:
                for sources in SOURCES:
                    run = _run(folder, ours.each[0], sources)
                    found += _measures(f"intake_{kind}_{sources}", kind, sources, run)
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


def _run(folder: Path, server: servers.Server, sources: int) -> Run:
    before_s = server.cpu_s()
    arguments = ["-m", "tests.bench.posters", str(server.port), str(sources), str(SECONDS), SECRET]
    with Program(arguments, log=folder / "posters.log") as posters:
        facts = posters.line(timeout_s=120)
        posters.wait(timeout_s=10)
    if facts["refused"]:
        raise RuntimeError(f"{facts['refused']} alerts were not accepted")
    latencies_ms = facts["latencies_ms"]
    return Run(
        per_second=len(latencies_ms) / facts["seconds"],
        p50_ms=percentile(latencies_ms, 50),
        p99_ms=percentile(latencies_ms, 99),
        server_cpu_us=(server.cpu_s() - before_s) / len(latencies_ms) * 1e6,
        load_generator=facts["cpu_s"] / facts["seconds"],
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
