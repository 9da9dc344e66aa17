"""Servers: several server processes on one database and one bus, and the people who are signed in there."""

import asyncio
import hashlib
import json
import secrets
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy import Connection

from server.core.people import Person, Role
from server.store import sessions
from server.store.db import Database
from server.store.sessions import Session
from tests.bench import processes
from tests.bench.program import Program

HOST = "127.0.0.1"
READY_TIMEOUT_S = 120.0
SECRET = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
OPERATOR = "operator"
_SESSION_MS = 12 * 3600 * 1000
_HEAD = """\
data_folder = "{folder}"

[web]
port = 8080

[database]
url = "{database}"

[bus]
url = "{bus}"

[[camera]]
id = "bench"
number = 1
name = "Bench"
url = "rtsp://127.0.0.1:9/none"

[[source]]
name = "bench"
kind = "alerts"
secret_env = "BENCH_SECRET"

[[person]]
id = "operator"
role = "operator"
password_env = "BENCH_PASSWORD"
"""
_OFFICER = """
[[person]]
id = "officer-{number}"
role = "officer"
unit = "{unit}"
password_env = "BENCH_PASSWORD"
"""


@dataclass(slots=True)
class Server:
    program: Program = field(repr=False)
    port: int

    def cpu_s(self) -> float:
        return processes.thread_cpu_s(self.program.pid)

    def memory_bytes(self) -> int:
        """What it has for itself, and its share of what several processes have together (PSS)."""
        return processes.pss_bytes(processes.tree(self.program.pid))


@dataclass(slots=True)
class Servers:
    each: list[Server]
    tokens: Sequence[str] = field(repr=False)
    """One for each officer, who has one device."""
    operator_token: str = field(repr=False)

    def cpu_s(self) -> float:
        return sum(server.cpu_s() for server in self.each)

    def memory_bytes(self) -> int:
        return sum(server.memory_bytes() for server in self.each)


@contextmanager
def running(folder: Path, *, servers: int, officers: int, database: str = "") -> Iterator[Servers]:
    """Start them; each officer, and the operator, is signed in.

    Args:
        database: its URL; without it SQLite in the folder.
    """
    database = database or f"sqlite:///{folder}/log.db"
    with ExitStack() as stack:
        valkey = stack.enter_context(
            Program(["-m", "tests.bench.valkey", str(folder / "valkey")], log=folder / "valkey.log")
        )
        config = folder / "bench.toml"
        text = _HEAD.format(folder=folder / "data", database=database, bus=valkey.line(timeout_s=30)["url"])
        text += "".join(_OFFICER.format(number=number, unit=number % 200) for number in range(officers))
        config.write_text(text)
        # Nobody signs in by it: what passwords cost is another measure.
        password = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(secrets.token_urlsafe(12))
        environ = {"BENCH_SECRET": SECRET, "BENCH_PASSWORD": password, "SIGHTLINE_PORT": "0"}
        started = []
        for number in range(servers):
            arguments = ["-m", "server", "server", "--config", str(config)]
            program = stack.enter_context(Program(arguments, log=folder / f"server-{number}.log", environ=environ))
            address = program.line(timeout_s=READY_TIMEOUT_S)["address"]
            started.append(Server(program, int(address.rpartition(":")[2])))
        tokens = asyncio.run(_sign_in(database, officers))
        yield Servers(started, tokens[1:], tokens[0])


async def _sign_in(database: str, officers: int) -> list[str]:
    """Sessions as a sign-in leaves them, without the passwords."""
    people = [Person(OPERATOR, OPERATOR, Role.OPERATOR)]
    people += [Person(f"officer-{number}", "", Role.OFFICER) for number in range(officers)]
    tokens = [secrets.token_urlsafe(32) for _ in people]
    now_ms = time.time_ns() // 1_000_000

    def write(conn: Connection) -> None:
        for person, token in zip(people, tokens, strict=True):
            session_id = hashlib.sha256(token.encode()).hexdigest()
            sessions.add(conn, Session(session_id, person, f"tablet-{person.id}", now_ms, now_ms, now_ms + _SESSION_MS))

    db = await Database.open(database)
    try:
        await db.write(write)
    finally:
        await db.close()
    return tokens


class Load:
    """The process that is all the devices."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def ask(self, *, timeout_s: float = 60.0, **order: object) -> dict[str, object]:
        """Give an order and wait for the answer."""
        self._program.say(json.dumps(order))
        return self._program.line(timeout_s=timeout_s)

    def order(self, **order: object) -> None:
        self._program.say(json.dumps(order))

    def answer(self, *, timeout_s: float = 60.0) -> dict[str, object]:
        return self._program.line(timeout_s=timeout_s)


@contextmanager
def devices(folder: Path, where: Sequence[tuple[int, str]], *, bare: bool = False) -> Iterator[Load]:
    """``where`` is a port and a token for each."""
    order = folder / "devices.json"
    order.write_text(json.dumps({"devices": where, "bare": bare}))
    with Program(["-m", "tests.bench.devices", str(order)], log=folder / "devices.log") as program:
        yield Load(program)
