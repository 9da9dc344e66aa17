"""The alert lane under load and trouble: nothing lost, nothing twice, in order."""

import asyncio
import json
import os
import signal
import socket
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from server.config import DatabaseConfig
from server.core import wire
from server.core.alerts import AlertRecord
from server.core.audience import EVERYBODY, STAFF
from server.core.receipts import Receipt, Stage
from server.lanes.delivery import MAX_PENDING_BYTES
from server.store import log
from server.store.db import Database
from streams.valkey import EmbeddedValkey
from tests.server.running import Client, Running, Talk, a_config, gather_positions, running
from tests.server.samples import an_alert
from tests.streams.until import until


async def raise_alerts(client: Client, numbers: range, *, description: str = "") -> None:
    for number in numbers:
        answer = await client.post("/api/alerts", {"event": f"Alert {number}", "description": description})
        assert answer.status == 201


async def gather_alerts(talk: Talk, last: int) -> list[int]:
    """The numbers of new alerts that are heard, up to and with ``last``; their positions ascend."""
    numbers: list[int] = []
    position = -1
    while not numbers or numbers[-1] < last:
        entry = await talk.until("entry")
        assert entry["position"] > position, "each entry once, in order"
        position = entry["position"]
        if entry["kind"] == "alert":
            numbers.append(int(entry["alert"]["event"].removeprefix("Alert ")))
    return numbers


async def resume(talk: Talk, position: int) -> None:
    hello = talk.heard[0] if talk.heard else await talk.until("hello")
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
                return await gather_alerts(events, 249)

        starts = (0, 10, 40, 39, 1, 25, 33, 40)
        results = await asyncio.gather(*(read(*each) for each in zip(readers, starts, strict=True)))
        await writing
    for start, numbers in zip(starts, results, strict=True):
        first = numbers[0]
        # Other entries, tests of the lane itself, may stand between the alerts.
        assert first <= start
        assert numbers == list(range(first, 250))
        assert start > 0 or first == 0


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
            assert await gather_alerts(events, 2) == [0, 1, 2]
            position = events.heard[-1]["position"]
        await raise_alerts(operator, range(3, 6))
        officer.address = here.address
        async with officer.events() as events:
            await resume(events, position)
            assert await gather_alerts(events, 5) == [3, 4, 5]


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
            reading = asyncio.create_task(gather_alerts(events, 149))
            for number in range(3):
                await raise_alerts(operator, range(50 * number, 50 * number + 50))
                if number < 2:
                    assert valkey.pid is not None
                    os.kill(valkey.pid, signal.SIGKILL)
            assert await reading == list(range(150))


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
            number = most = 0
            while session.socket.is_open:
                await append_large(server, range(number, number + 20))
                number += 20
                assert await gather_alerts(events, number - 1) == list(range(number - 20, number))
                most = max(most, session.socket.pending_bytes())
            assert session.socket.close_code == 4002
            assert most < MAX_PENDING_BYTES + 200_000
            await until(lambda: session not in list(server.services.alerts.hub), timeout_s=5)
            stuck.connection.transport.abort()


async def test_a_console_that_does_not_read_receipts_is_cut_off(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    receipt = Receipt("alert", "a-1", 1, "officer-12", "tablet", Stage.SHOWN, 0, by="x" * 100_000).to_wire()
    async with running(a_config(tmp_path, valkey.url)) as server:
        deaf, other = await server.signed_in("operator"), await server.signed_in("dispatcher")
        async with deaf.events() as stuck, other.events() as events:
            for talk in (stuck, events):
                await resume(talk, 0)
                await talk.until("replay")
            stuck.connection.transport.pause_reading()
            (session,) = [each for each in server.services.alerts.hub if each.person.id == "operator"]
            for position in range(1, 400):
                write = partial(log.append, kind="receipts", payload={"receipts": [receipt]}, audience=STAFF, at_ms=0)
                server.services.log.announce(await server.services.db.write(write))
                await gather_positions(events, position)
                if not session.socket.is_open:
                    break
            assert session.socket.close_code == 4002
            stuck.connection.transport.abort()


async def append_large(server: Running, numbers: range) -> None:
    def write(conn: Any) -> list[Any]:
        return [log.append(conn, "alert", {"alert": large(number)}, EVERYBODY, 0) for number in numbers]

    db: Database = server.services.db
    for entry in await db.write(write):
        server.services.log.announce(entry)


def large(number: int) -> dict[str, Any]:
    alert = an_alert(f"large-{number}", event=f"Alert {number}", description="x" * 100_000)
    record = AlertRecord.of(alert, alert_id=alert.source_id, number=1, source="s", priority=3, received_ms=0)
    return record.to_wire()


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
            tick = await events.until("tick")
            assert tick["position"] >= 1
            assert tick["heartbeat_s"] == 1
            await video.until("tick")


async def test_what_was_reported_is_answered_with_the_next_tick(
    tmp_path: Path, valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEARTBEAT_S", 1)
    async with running(a_config(tmp_path, valkey.url)) as server:
        operator, officer = await server.signed_in("operator"), await server.signed_in("officer-12")
        raised = (await operator.post("/api/alerts", {"event": "Shots", "priority": 4})).json["alert"]
        push = {"id": "p", "cameras": ["harbor"], "to": {"people": ["officer-12"]}}
        assert (await operator.post("/api/pushes", push)).status == 201
        async with officer.events() as events:
            await resume(events, 0)
            await events.until("cameras")
            line = {"item": "push", "item_id": "p", "revision": 1}
            for number, stage in enumerate(("delivered", "shown")):
                await events.say(type="report", number=number, receipts=[{**line, "stage": stage}])
            assert (await events.until("reported"))["number"] == 0
            assert (await events.until("reported"))["number"] == 1
            await events.until("tick")
            wrong = {**line, "item": "alert", "item_id": raised["id"], "revision": 2, "stage": "shown"}
            await events.say(type="report", number=2, receipts=[{**line, "stage": "opened"}])
            await events.say(type="report", number=3, receipts=[wrong])
            assert (await events.until("reported"))["number"] == 2, "in order"
            assert len((await events.until("reported"))["refused"]) == 1


async def test_who_was_sent_an_alert_of_priority_1_hurries_until_he_has_it(
    tmp_path: Path, valkey: EmbeddedValkey
) -> None:
    async with running(a_config(tmp_path, valkey.url)) as server:
        operator, officer = await server.signed_in("operator"), await server.signed_in("officer-12")
        async with officer.events() as events:
            await resume(events, 0)
            await events.until("cameras")
            raised = (await operator.post("/api/alerts", {"event": "Shots", "priority": 1})).json["alert"]
            await events.until("tick", heartbeat_s=3)
            (session,) = server.services.alerts.hub
            assert session.hurried_at is not None
            fields = {"item": "alert", "item_id": raised["id"], "revision": 1, "stage": "delivered"}
            await events.say(type="receipt", id="i-have-it", **fields)
            await events.until("tick", heartbeat_s=10)
            assert session.hurried_at is None


async def test_who_hurries_and_says_nothing_is_closed_sooner(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    async with running(a_config(tmp_path, valkey.url)) as server:
        operator, officer = await server.signed_in("operator"), await server.signed_in("officer-12")
        async with officer.events() as events:
            await resume(events, 0)
            await events.until("cameras")
            await operator.post("/api/alerts", {"event": "Shots", "priority": 1})
            await events.until("tick", heartbeat_s=3)
            (session,) = server.services.alerts.hub
            assert session.hurried_at is not None
            session.hurried_at -= 8  # as if so much time had passed
            session.heard_at -= 8
            assert (await events.closed())[0] == 4001


async def test_the_newer_connection_of_a_device_wins_at_another_server_too(
    tmp_path: Path, valkey: EmbeddedValkey
) -> None:
    config = a_config(tmp_path, valkey.url)
    async with running(config) as here, running(config) as there:
        officer = await here.signed_in("officer-12", "tablet-1")
        async with officer.events() as older, (await here.signed_in("officer-12", "tablet-2")).events() as other:
            for talk in (older, other):
                await talk.until("hello")
            for session in here.services.alerts.hub:
                session.opened_at -= 0.3  # as if so much time had passed
            officer.address = there.address
            async with officer.events() as newer:
                await newer.until("hello")
                assert (await older.closed())[0] == 4501
                await resume(newer, 0)
                await newer.until("cameras")
                await resume(other, 0)
                await other.until("cameras")


async def test_what_an_older_server_says_of_a_device_does_not_end_the_newer_connection(
    tmp_path: Path, valkey: EmbeddedValkey
) -> None:
    async with running(a_config(tmp_path, valkey.url)) as server:
        officer = await server.signed_in("officer-12", "tablet-1")
        async with officer.events() as events:
            await events.until("hello")
            devices = server.services.alerts.devices
            for session in server.services.alerts.hub:
                session.opened_at -= 30  # as if so much time had passed
            now = asyncio.get_running_loop().time()
            clock = {"server": "another", "now": 5_000.0 + now, "opened": []}
            # The bus has held it back for a minute: by its age alone it would be the newer one.
            opened = [["officer-12", "tablet-1", 4_940.0 + now], ["officer-12", "tablet-9", 5_000.0 + now]]
            late = {"server": "another", "now": 4_940.0 + now, "opened": opened}
            payloads: list[Any] = [clock, late, {"server": "another"}, []]
            for payload in payloads:
                devices.on_devices(json.dumps(payload).encode())
            await resume(events, 0)
            await events.until("cameras")
