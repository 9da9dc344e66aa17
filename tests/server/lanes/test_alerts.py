"""The alert lane under load and trouble: nothing lost, nothing twice, in order."""

import asyncio
import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from server.config import DatabaseConfig
from server.core import wire
from server.core.audience import EVERYBODY
from server.lanes.delivery import MAX_PENDING_BYTES
from server.store import log
from server.store.db import Database
from streams.valkey import EmbeddedValkey
from tests.server.running import Client, Running, Talk, a_config, gather_positions, running
from tests.streams.until import until


async def raise_alerts(client: Client, numbers: range, *, description: str = "") -> None:
    for number in numbers:
        answer = await client.post("/api/alerts", {"event": f"Alert {number}", "description": description})
        assert answer.status == 201


async def resume(talk: Talk, position: int) -> None:
    hello = await talk.until("hello")
    await talk.say(type="resume", installation=hello["installation"], position=position)


async def test_who_comes_back_amid_writes_gets_each_entry_once_and_in_order(
    tmp_path: Path, valkey: EmbeddedValkey
) -> None:
    async with running(a_config(tmp_path, valkey.url)) as server:
        operator = await server.signed_in("operator")
        await raise_alerts(operator, range(50))
        writing = asyncio.create_task(raise_alerts(operator, range(50, 250)))
        readers = [await server.signed_in("officer-12", f"tablet-{number}") for number in range(8)]

        async def read(client: Client, start: int) -> list[int]:
            async with client.events() as events:
                await resume(events, start)
                return list(await gather_positions(events, 250))

        starts = (0, 10, 50, 49, 1, 25, 33, 50)
        results = await asyncio.gather(*(read(*each) for each in zip(readers, starts, strict=True)))
        await writing
    for start, positions in zip(starts, results, strict=True):
        assert positions == list(range(start + 1, 251))


async def test_entries_of_another_server_come_at_once_and_clients_resume_there(
    tmp_path: Path, valkey: EmbeddedValkey, database_url: str
) -> None:
    config = a_config(tmp_path, valkey.url, database=DatabaseConfig(database_url))
    async with running(config) as here, running(config) as there:
        operator, officer = await here.signed_in("operator"), await there.signed_in("officer-12")
        async with officer.events() as events:
            await resume(events, 0)
            await events.until("replay")
            await raise_alerts(operator, range(3))
            assert await gather_positions(events, 3) == [1, 2, 3]
        await raise_alerts(operator, range(3, 6))
        officer.address = here.address
        async with officer.events() as events:
            await resume(events, 3)
            assert await gather_positions(events, 6) == [4, 5, 6]


async def test_people_of_the_other_server_are_online_too(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    config = a_config(tmp_path, valkey.url)
    async with running(config) as here, running(config) as there:
        operator, officer = await here.signed_in("operator"), await there.signed_in("officer-12")
        async with operator.events() as console, officer.events() as tablet:
            await resume(console, 0)
            await tablet.until("hello")
            await console.until("online", people=["officer-12", "operator"])


async def test_valkey_is_killed_while_alerts_flow_and_no_alert_is_lost(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    config = a_config(tmp_path, valkey.url)
    async with running(config) as here, running(config) as there:
        operator, officer = await here.signed_in("operator"), await there.signed_in("officer-12")
        async with officer.events() as events:
            await resume(events, 0)
            reading = asyncio.create_task(gather_positions(events, 150))
            for number in range(3):
                await raise_alerts(operator, range(50 * number, 50 * number + 50))
                if number < 2:
                    assert valkey.pid is not None
                    os.kill(valkey.pid, signal.SIGKILL)
            assert list(await reading) == list(range(1, 151))


async def test_who_does_not_read_is_cut_off_and_nobody_waits_for_him(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    async with running(a_config(tmp_path, valkey.url)) as server:
        deaf, officer = await server.signed_in("officer-7"), await server.signed_in("officer-12")
        async with deaf.events() as stuck, officer.events() as events:
            for talk in (stuck, events):
                await resume(talk, 0)
                await talk.until("replay")
            raw = stuck.connection.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stuck.connection.transport.pause_reading()
            (session,) = [each for each in server.services.alerts.hub if each.person.id == "officer-7"]
            position = 0
            most = 0
            while session.socket.is_open:
                await append_large(server, 20)
                position += 20
                assert list(await gather_positions(events, position)) == list(range(position - 19, position + 1))
                most = max(most, session.socket.pending_bytes())
            assert session.socket.close_code == 4002
            assert most < MAX_PENDING_BYTES + 200_000
            await until(lambda: session not in list(server.services.alerts.hub), timeout_s=5)
            stuck.connection.transport.abort()


async def append_large(server: Running, entries: int) -> None:
    alert = {"id": "a", "revision": 1, "description": "x" * 100_000}

    def write(conn: Any) -> list[Any]:
        return [log.append(conn, "alert", {"alert": alert}, EVERYBODY, 0) for _ in range(entries)]

    db: Database = server.services.db
    for entry in await db.write(write):
        server.services.log.announce(entry)


async def test_a_connection_that_says_nothing_is_closed(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    async with running(a_config(tmp_path, valkey.url)) as server:
        officer = await server.signed_in("officer-12")
        async with officer.events() as events, officer.video() as video:
            for talk in (events, video):
                await talk.until("hello")
            for session in (*server.services.alerts.hub, *server.services.video.sessions()):
                session.heard_at -= 26  # as if so much time had passed
            assert (await events.closed())[0] == 4001
            assert (await video.closed())[0] == 4001


async def test_a_heartbeat_keeps_a_connection(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    async with running(a_config(tmp_path, valkey.url)) as server:
        officer = await server.signed_in("officer-12")
        async with officer.events() as events, officer.video() as video:
            for talk in (events, video):
                await talk.until("hello")
            sessions = [*server.services.alerts.hub, *server.services.video.sessions()]
            for session in sessions:
                session.heard_at -= 20
            before = [session.heard_at for session in sessions]
            for talk in (events, video):
                await talk.say(type="heartbeat", position=0)
            await until(lambda: all(each.heard_at > was for each, was in zip(sessions, before, strict=True)))


async def test_every_heartbeat_comes_a_tick_that_says_how_far_we_are(
    tmp_path: Path, valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEARTBEAT_S", 1)
    async with running(a_config(tmp_path, valkey.url)) as server:
        operator, officer = await server.signed_in("operator"), await server.signed_in("officer-12")
        await operator.post("/api/pushes", {"id": "p", "cameras": ["harbor"], "to": {"people": ["officer-7"]}})
        async with officer.events() as events, officer.video() as video:
            await resume(events, 1)
            await video.until("hello")
            assert (await events.until("tick"))["position"] == 1
            await video.until("tick")
