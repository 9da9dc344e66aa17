import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from clients.cli import position
from clients.cli.address import Address
from clients.cli.client import Client
from clients.cli.errors import ClientError, NotAllowed, NotUnderstood, Refused, SignInRequired
from clients.cli.events import Entry, Events, Notice, Snapshot
from clients.cli.line import Lost, Opened
from clients.cli.position import Position
from tests.clients.cli.scripted_server import TOKEN, Script, Visit, scripted_server
from tests.clients.cli.wire_examples import EVENTS

SERVER = EVENTS["server"]
INSTALLATION = SERVER["hello"]["installation"]
ALERT, PUSH = SERVER["entry_alert"], SERVER["entry_push"]


@asynccontextmanager
async def events_at(
    address: Address, *, resume: Position | None = None, position_file: Path | None = None
) -> AsyncIterator[Events]:
    client = Client(address, TOKEN)
    async with asyncio.timeout(10), Events(client, resume=resume, position_file=position_file) as events:
        yield events


@asynccontextmanager
async def events_of(*visits: Script, resume: Position | None = None, status: int = 101) -> AsyncIterator[Events]:
    async with scripted_server(*visits, status=status) as address, events_at(address, resume=resume) as events:
        yield events


async def test_it_begins_with_a_snapshot_and_goes_on_with_entries() -> None:
    async def visit(server: Visit) -> None:
        await server.hello()
        assert await server.hears() == EVENTS["client"]["snapshot"]
        for name in ("snapshot", "tick", "entry_alert", "entry_receipts", "entry_push"):
            await server.say(SERVER[name])
        await server.stay()

    async with events_of(visit) as events:
        assert isinstance(await anext(events), Opened)
        snapshot = await anext(events)
        assert isinstance(snapshot, Snapshot)
        assert (snapshot.position, len(snapshot.alerts), len(snapshot.pushes)) == (4711, 2, 1)
        # The tick says 4714, so the alert at 4712 has been given: it is a repetition.
        entry = await anext(events)
        assert isinstance(entry, Entry)
        assert (entry.kind, entry.position, len(entry.content)) == ("receipts", 4716, 4)
        push = await anext(events)
        assert isinstance(push, Entry)
        assert (push.kind, push.content) == ("push", PUSH["push"])


async def test_it_comes_back_from_its_position_and_leaves_out_repetitions() -> None:
    async def first(server: Visit) -> None:
        await server.hello()
        await server.hears()
        await server.say(SERVER["snapshot"])
        await server.say(ALERT)
        await server.close(4002, "read too slowly")

    async def second(server: Visit) -> None:
        await server.hello(position=4718)
        assert await server.hears() == {"type": "resume", "installation": INSTALLATION, "position": 4712}
        await server.say({"type": "replay", "from": 4713, "to": 4718})
        await server.say(ALERT)
        await server.say(PUSH)
        await server.stay()

    async with events_of(first, second) as events:
        kinds = [type(await anext(events)) for _ in range(3)]
        assert kinds == [Opened, Snapshot, Entry]
        lost = await anext(events)
        assert isinstance(lost, Lost)
        assert (lost.reason, lost.retry_in_s <= 0.5) == ("read too slowly", True)
        assert isinstance(await anext(events), Opened)
        entry = await anext(events)
        assert isinstance(entry, Entry)
        assert entry.position == 4718


async def test_a_snapshot_of_another_installation_replaces_the_position() -> None:
    async def first(server: Visit) -> None:
        await server.hello(installation="new", position=3)
        assert (await server.hears())["type"] == "resume"
        await server.say(SERVER["snapshot_of_another_installation"] | {"position": 3})
        await server.close(1001)

    async def second(server: Visit) -> None:
        await server.hello(installation="new", position=3)
        assert await server.hears() == {"type": "resume", "installation": "new", "position": 3}
        await server.say({"type": "online", "people": []})
        await server.stay()

    async with events_of(first, second, resume=Position("old", 9000)) as events:
        kinds = [type(await anext(events)) for _ in range(5)]
        assert kinds == [Opened, Snapshot, Lost, Opened, Notice]


async def test_the_position_is_kept_when_the_next_event_is_asked_for(tmp_path: Path) -> None:
    async def visit(server: Visit) -> None:
        await server.hello()
        await server.hears()
        await server.say(ALERT)
        await server.say(PUSH)
        await server.stay()

    file = tmp_path / "position"
    await asyncio.to_thread(position.save, file, Position(INSTALLATION, 4700))

    async with scripted_server(visit) as address, events_at(address, position_file=file) as events:
        await anext(events)
        assert await anext(events) == Entry(4712, ALERT["at_ms"], "alert", ALERT["alert"], ALERT)
        assert await asyncio.to_thread(position.load, file) == Position(INSTALLATION, 4700), "not dealt with yet"
        await anext(events)
        assert await asyncio.to_thread(position.load, file) == Position(INSTALLATION, 4712)


async def test_heartbeats_go_out_with_the_position() -> None:
    heard = asyncio.Event()

    async def visit(server: Visit) -> None:
        await server.hello(heartbeat_s=0.1)
        await server.hears()
        await server.say(SERVER["snapshot"])
        while await server.hears() != {"type": "heartbeat", "position": 4711}:
            pass
        heard.set()
        await server.stay()

    async with events_of(visit) as events:
        await anext(events)
        await anext(events)
        await heard.wait()


async def test_a_server_in_a_hurry_is_answered_at_once_and_more_often() -> None:
    beats = asyncio.Semaphore(0)

    async def visit(server: Visit) -> None:
        await server.hello(heartbeat_s=3600)
        await server.hears()
        await server.say(SERVER["snapshot"])
        # No more is said: the pace holds.
        await server.say(SERVER["tick"] | {"heartbeat_s": 0.5})
        for _ in range(2):
            assert (await server.hears())["type"] == "heartbeat"
            beats.release()
        await server.stay()

    async with events_of(visit) as events:
        await anext(events)
        await anext(events)
        listening = asyncio.ensure_future(anext(events))
        async with asyncio.timeout(10):
            for _ in range(2):
                await beats.acquire()
        listening.cancel()


async def test_a_server_that_falls_silent_is_left() -> None:
    async def visit(server: Visit) -> None:
        await server.hello(heartbeat_s=0.05)
        await server.stay()

    async with events_of(visit) as events:
        await anext(events)
        lost = await anext(events)
        assert isinstance(lost, Lost)
        assert "nothing was heard" in lost.reason


@pytest.mark.parametrize(
    ("stage", "kind", "answer", "name"),
    [("delivered", "report", "reported", "number"), ("acknowledged", "receipt", "receipt", "id")],
)
async def test_a_receipt_is_sent_again_until_its_answer_has_come(stage: str, kind: str, answer: str, name: str) -> None:
    sent = []

    async def first(server: Visit) -> None:
        await server.hello()
        await server.hears()
        await server.say(SERVER["snapshot"])
        sent.append(await server.hears())
        await server.close(1001)

    async def second(server: Visit) -> None:
        await server.hello()
        await server.hears()
        sent.append(await server.hears())
        await server.say(SERVER[answer] | {name: sent[-1][name]})
        await server.close(1001)

    async def third(server: Visit) -> None:
        await server.hello(heartbeat_s=0.1)
        await server.hears()
        assert (await server.hears())["type"] == "heartbeat", "answered, so not sent again"
        await server.say(SERVER["online"])
        await server.stay()

    async with events_of(first, second, third) as events:
        await anext(events)
        await anext(events)
        await events.report("alert", ALERT["alert"]["id"], 1, stage)
        kinds = [type(await anext(events)) for _ in range(6)]
        assert kinds == [Lost, Opened, Notice, Lost, Opened, Notice]
    assert sent[0] == sent[1]
    (line,) = sent[0]["receipts"] if kind == "report" else (sent[0],)
    assert (sent[0]["type"], line["stage"], line["revision"]) == (kind, stage, 1)


async def test_of_the_bulletins_of_a_snapshot_those_that_have_run_out_are_left_out() -> None:
    bulletin = SERVER["entry_bulletin"]["bulletin"]
    now_ms = bulletin["sent_ms"]

    async def visit(server: Visit) -> None:
        # By the clock of the server, whatever ours says.
        await server.hello(server_time_ms=now_ms)
        await server.hears()
        over = bulletin | {"id": "over", "expires_ms": now_ms}
        await server.say(SERVER["snapshot"] | {"bulletins": [bulletin, over]})
        await server.say(SERVER["entry_bulletin_ended"])
        await server.stay()

    async with events_of(visit) as events:
        await anext(events)
        snapshot = await anext(events)
        assert isinstance(snapshot, Snapshot)
        assert snapshot.bulletins == snapshot.message["bulletins"] == [bulletin]
        entry = await anext(events)
        assert isinstance(entry, Entry)
        assert (entry.kind, entry.content["state"]) == ("bulletin", "cancelled")


async def test_a_server_of_the_first_release_has_no_bulletins() -> None:
    async def visit(server: Visit) -> None:
        await server.hello()
        await server.hears()
        await server.say({name: value for name, value in SERVER["snapshot"].items() if name != "bulletins"})
        await server.stay()

    async with events_of(visit) as events:
        await anext(events)
        snapshot = await anext(events)
        assert isinstance(snapshot, Snapshot)
        assert snapshot.bulletins == []


async def test_unknown_types_and_fields_are_passed_on() -> None:
    async def visit(server: Visit) -> None:
        await server.hello(feature="new")
        await server.hears()
        await server.say(SERVER["of_a_later_version"])
        await server.say(ALERT | {"kind": "weather"})
        await server.stay()

    async with events_of(visit) as events:
        await anext(events)
        assert await anext(events) == Notice("weather", SERVER["of_a_later_version"])
        entry = await anext(events)
        assert isinstance(entry, Entry)
        assert (entry.kind, entry.content) == ("weather", None)


@pytest.mark.parametrize(
    ("code", "error"), [(4500, SignInRequired), (4501, ClientError), (4502, ClientError), (1003, ClientError)]
)
async def test_it_does_not_come_back_where_nothing_would_be_different(code: int, error: type[ClientError]) -> None:
    async def visit(server: Visit) -> None:
        await server.hello()
        await server.close(code, "the reason")

    async with events_of(visit) as events:
        await anext(events)
        with pytest.raises(error, match="the reason"):
            await anext(events)


@pytest.mark.parametrize(("status", "error"), [(401, SignInRequired), (403, NotAllowed), (404, Refused)])
async def test_a_refused_upgrade_is_said_in_the_servers_words(status: int, error: type[ClientError]) -> None:
    async def visit(server: Visit) -> None:
        await server.stay()

    async with events_of(visit, status=status) as events:
        with pytest.raises(error, match=f"The test says {status}"):
            await anext(events)


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    async with scripted_server(Visit.stay) as address:
        pass
    async with events_at(address) as events:
        first, second = await anext(events), await anext(events)
        assert isinstance(first, Lost)
        assert isinstance(second, Lost)
        assert second.retry_in_s > 0


@pytest.mark.parametrize(
    "message",
    [{"type": "entry", "kind": "alert"}, {"type": "snapshot", "position": 1}, {"type": "tick", "position": "many"}],
)
async def test_what_the_protocol_does_not_allow_is_not_understood(message: dict[str, object]) -> None:
    async def visit(server: Visit) -> None:
        await server.hello()
        await server.hears()
        await server.say(message)
        await server.stay()

    async with events_of(visit) as events:
        await anext(events)
        with pytest.raises(NotUnderstood):
            await anext(events)


@pytest.mark.parametrize("greeting", [{"type": "tick"}, {"type": "hello", "protocol": 2}])
async def test_another_greeting_is_not_understood(greeting: dict[str, object]) -> None:
    async def visit(server: Visit) -> None:
        await server.say(greeting)
        await server.stay()

    async with events_of(visit) as events:
        with pytest.raises(NotUnderstood, match="hello"):
            await anext(events)
