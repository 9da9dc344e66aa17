"""Sockets live as long as their sessions."""

import asyncio
from pathlib import Path

from server.store import people, sessions
from server.store.db import Database
from server.store.sessions import Session
from streams.valkey import EmbeddedValkey
from tests.server.running import a_config, running
from tests.server.samples import HOUR_MS, NOW_MS, OKAFOR, REYES


async def test_sessions_are_found_together(sqlite_database: Database) -> None:
    def write(conn):  # type: ignore[no-untyped-def]
        people.seed(conn, [(REYES, "x"), (OKAFOR, "x")], now_ms=NOW_MS)
        for name, person in (("a", REYES), ("b", OKAFOR), ("c", REYES)):
            sessions.add(conn, Session(name, person, "tablet", NOW_MS, NOW_MS, NOW_MS + HOUR_MS))

    await sqlite_database.write(write)
    found = await sqlite_database.read(lambda conn: sessions.find_all(conn, ["a", "b", "none"]))
    assert {name: session.person for name, session in found.items()} == {"a": REYES, "b": OKAFOR}
    assert await sqlite_database.read(lambda conn: sessions.find_all(conn, [])) == {}


async def test_who_signs_out_at_another_server_is_out_here_too(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    config = a_config(tmp_path, valkey.url)
    async with running(config) as here, running(config) as there:
        officer = await here.signed_in("officer-12")
        async with officer.events() as events:
            await events.until("hello")
            officer.address = there.address
            assert (await officer.request("DELETE", "/api/session")).status == 204
            assert (await events.closed(timeout_s=5))[0] == 4500
        async with asyncio.timeout(5):
            await here.services.admission.empty.wait()
