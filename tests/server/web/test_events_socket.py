"""/ws/events: opening, entries, receipts, closing (docs/wire.md §5 and §9)."""

import asyncio
import gc
import json
from typing import Any

import pytest
from aiohttp.web_protocol import RequestHandler
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server.core.audience import EVERYBODY
from server.core.session import MAX_REPLAY
from server.store import log
from server.store.db import Database
from server.store.sessions import end_of
from tests.server.running import Client, Running, Talk
from tests.streams.until import until


async def raise_alert(client: Client, event: str = "Shots fired") -> dict[str, Any]:
    answer = await client.post("/api/alerts", {"event": event})
    assert answer.status == 201
    alert: dict[str, Any] = answer.json["alert"]
    return alert


async def live(talk: Talk) -> Any:
    """Open with a snapshot; what the server said of itself."""
    hello = await talk.until("hello")
    await talk.say(type="snapshot")
    await talk.until("snapshot")
    await talk.until("cameras", full=True)
    return hello


async def test_the_server_speaks_first(server: Running, officer: Client) -> None:
    async with officer.events() as events:
        hello = await events.next()
    assert hello.items() >= {"type": "hello", "protocol": 1, "position": 0, "heartbeat_s": 10}.items()
    assert hello["person"] == {
        "id": "officer-12",
        "name": "A. Reyes",
        "role": "officer",
        "unit": "12",
        "device": "device-of-officer-12",
    }
    assert hello["installation"]
    assert abs(hello["server_time_ms"] - server.services.now_ms()) < 10_000


async def test_who_asks_for_a_snapshot_gets_what_concerns_him(operator: Client, officer: Client) -> None:
    alert = await raise_alert(operator)
    for push, to in (("push-1", "officer-12"), ("push-2", "officer-7")):
        await operator.post("/api/pushes", {"id": push, "cameras": ["harbor"], "to": {"people": [to]}})
    async with officer.events() as events:
        await events.until("hello")
        await events.say(type="snapshot")
        snapshot = await events.until("snapshot")
        assert (snapshot["position"], snapshot["reason"]) == (3, "asked")
        assert snapshot["alerts"] == [alert]
        assert [push["id"] for push in snapshot["pushes"]] == ["push-1"]
        assert snapshot["receipts"] == []
        cameras = await events.until("cameras")
        assert cameras["full"] is True
        assert list(cameras["states"]) == ["harbor"], "only what he may watch"


async def test_who_comes_back_gets_what_he_missed_and_no_more(operator: Client, officer: Client) -> None:
    await raise_alert(operator, "first")
    async with officer.events() as events:
        hello = await live(events)
    second, third = await raise_alert(operator, "second"), await raise_alert(operator, "third")
    async with officer.events() as events:
        await events.until("hello")
        await events.say(type="resume", installation=hello["installation"], position=hello["position"])
        assert await events.until("replay") == {"type": "replay", "from": 2, "to": 3}
        entries = [await events.next(), await events.next()]
        assert [(entry["position"], entry["alert"]) for entry in entries] == [(2, second), (3, third)]
        fourth = await raise_alert(operator, "fourth")
        assert (await events.until("entry"))["alert"] == fourth


async def test_who_missed_nothing_gets_an_empty_replay(operator: Client, officer: Client) -> None:
    await raise_alert(operator)
    async with officer.events() as events:
        hello = await events.until("hello")
        await events.say(type="resume", installation=hello["installation"], position=1)
        assert await events.until("replay") == {"type": "replay", "from": 2, "to": 1}
        assert (await events.next())["type"] == "cameras"


@pytest.mark.parametrize(
    ("installation", "position", "reason"),
    [("another", 0, "installation"), (None, 5, "ahead"), (None, -1, "too_old")],
)
async def test_a_position_that_is_not_known_here_is_answered_with_a_snapshot(
    operator: Client, officer: Client, installation: str | None, position: int, reason: str
) -> None:
    await raise_alert(operator)
    async with officer.events() as events:
        hello = await events.until("hello")
        await events.say(type="resume", installation=installation or hello["installation"], position=position)
        assert (await events.until("snapshot"))["reason"] == reason


async def fill(db: Database, entries: int) -> None:
    def write(conn: Any) -> None:
        for _ in range(entries):
            log.append(conn, "receipts", {"receipts": []}, EVERYBODY, 0)

    await db.write(write)


async def test_who_was_told_more_by_another_server_is_not_sent_everything(server: Running, officer: Client) -> None:
    async with officer.events() as events:
        hello = await events.until("hello")
        # As another server writes it: nobody has told this one yet.
        await fill(server.services.db, 1)
        told = hello["position"] + 1
        await events.say(type="resume", installation=hello["installation"], position=told)
        assert await events.until("replay") == {"type": "replay", "from": told + 1, "to": told}


async def test_who_is_too_far_behind_gets_a_snapshot(server: Running, officer: Client) -> None:
    await fill(server.services.db, MAX_REPLAY + 1)
    server.services.log.wake()
    await until(lambda: server.services.log.position == MAX_REPLAY + 1)
    async with officer.events() as events:
        hello = await events.until("hello")
        await events.say(type="resume", installation=hello["installation"], position=0)
        snapshot = await events.until("snapshot")
        assert (snapshot["reason"], snapshot["position"]) == ("too_old", MAX_REPLAY + 1)


async def test_entries_come_as_they_happen_to_whom_they_concern(server: Running, operator: Client) -> None:
    reyes, okafor = await server.signed_in("officer-12"), await server.signed_in("officer-7")
    async with reyes.events() as to_reyes, okafor.events() as to_okafor:
        await live(to_reyes)
        await live(to_okafor)
        push = {"id": "push-1", "cameras": ["harbor"], "to": {"people": ["officer-12"]}}
        sent = (await operator.post("/api/pushes", push)).json["push"]
        alert = await raise_alert(operator)
        first = await to_reyes.until("entry")
        assert (first["position"], first["kind"], first["push"]) == (1, "push", sent)
        assert (await to_reyes.until("cameras"))["states"].keys() == {"harbor"}, "he may watch it now"
        second = await to_reyes.until("entry")
        assert (second["position"], second["kind"], second["alert"]) == (2, "alert", alert)
        only = await to_okafor.until("entry")
        assert (only["position"], only["kind"]) == (2, "alert")


async def test_a_recall_takes_the_camera_from_the_list_of_the_recipient(operator: Client, officer: Client) -> None:
    for push_id, camera in (("push-1", "harbor"), ("push-2", "main-4th")):
        push = {"id": push_id, "cameras": [camera], "to": {"people": ["officer-12"]}}
        assert (await operator.post("/api/pushes", push)).status == 201
    async with officer.events() as to_officer:
        await live(to_officer)
        await operator.post("/api/pushes/push-1/recall")
        assert (await to_officer.until("cameras", full=True))["states"].keys() == {"main-4th"}


async def test_a_receipt_is_answered_and_told(server: Running, operator: Client, officer: Client) -> None:
    alert = await raise_alert(operator)
    command = {
        "type": "receipt",
        "id": "a-uuid-of-mine",
        "item": "alert",
        "item_id": alert["id"],
        "revision": 1,
        "stage": "acknowledged",
        "at_ms": 1,
    }
    async with officer.events() as tablet, operator.events() as console:
        await live(tablet)
        await live(console)
        await tablet.say(**command)
        answer = await tablet.until("receipt")
        assert (answer["id"], answer["ok"]) == ("a-uuid-of-mine", True)
        assert answer["receipt"]["stage"] == "acknowledged"
        entry = await console.until("entry")
        assert (entry["kind"], entry["receipts"]) == ("receipts", [answer["receipt"]])
        assert (await tablet.until("entry"))["receipts"] == [answer["receipt"]]
        await tablet.say(**command)
        assert await tablet.until("receipt") == answer, "the same id again gets the same answer"
        await tablet.say(**{**command, "id": "another-of-mine", "item_id": "none"})
        refused = await tablet.until("receipt")
        assert (refused["ok"], refused["error"]["code"]) == (False, "item.unknown")
        await tablet.say(type="receipt", id="garbled-one")
        refused = await tablet.until("receipt")
        assert (refused["id"], refused["error"]["code"]) == ("garbled-one", "receipt.invalid")
        entries = await server.services.db.read(lambda conn: log.entries_after(conn, 0))
        assert sum(entry.kind == "receipts" for entry in entries) == 1, "nothing new was written"


async def test_receipts_that_come_together_are_one_entry(operator: Client, officer: Client) -> None:
    alert = await raise_alert(operator)
    async with officer.events() as tablet, operator.events() as console:
        await live(tablet)
        await live(console)
        for stage in ("delivered", "shown"):
            fields = {"item": "alert", "item_id": alert["id"], "revision": 1, "stage": stage}
            await tablet.say(type="receipt", id=f"receipt-{stage}", **fields)
        entry = await console.until("entry")
        assert [receipt["stage"] for receipt in entry["receipts"]] == ["shown"], "only the highest stage is news"
        assert [(await tablet.until("receipt"))["id"] for _ in range(2)] == ["receipt-delivered", "receipt-shown"]


async def test_a_report_is_kept_told_and_answered_by_its_number(operator: Client, officer: Client) -> None:
    alert = await raise_alert(operator)
    line = {"item": "alert", "item_id": alert["id"], "revision": 1, "stage": "delivered"}
    async with officer.events() as tablet, operator.events() as console:
        await live(tablet)
        await live(console)
        for number in (1, 2):
            await tablet.say(type="report", number=number, receipts=[line, {**line, "item_id": "none"}, "rubbish"])
            answer = await tablet.until("reported", number=number)
            assert answer["ok"]
            codes = [(one["index"], one["error"]["code"]) for one in answer["refused"]]
            assert codes == [(1, "item.unknown"), (2, "receipt.invalid")]
        await tablet.say(type="report", number=3, receipts=[{**line, "stage": "shown"}])
        told = [(await console.until("entry"))["receipts"] for _ in range(2)]
        assert [[one["stage"] for one in each] for each in told] == [["delivered"], ["shown"]], "each is told once"
        await tablet.say(type="report", number=4, receipts="rubbish")
        assert (await tablet.until("reported", number=4))["error"]["path"] == "receipts"


async def test_a_device_that_floods_with_reports_is_told_to_wait_and_the_others_are_not(
    server: Running, operator: Client, officer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.lanes.receipts.MAX_OWED", 5)
    line = {"item": "alert", "item_id": (await raise_alert(operator))["id"], "revision": 1, "stage": "delivered"}
    other = await server.signed_in("officer-7")
    async with officer.events() as flooding, other.events() as calm:
        await live(flooding)
        await live(calm)
        # With a line that is wrong, so that it is answered at once.
        await flooding.say(type="report", number=1, receipts=[*[line] * 4, "rubbish"])
        await flooding.say(type="report", number=2, receipts=[line] * 4)
        await calm.say(type="report", number=1, receipts=[line, "rubbish"])
        refused = await flooding.until("reported")
        assert (refused["number"], refused["error"]["code"]) == (2, "log.unavailable")
        assert (await flooding.until("reported"))["ok"]
        assert (await calm.until("reported"))["ok"]
        await flooding.say(type="report", number=3, receipts=[*[line] * 4, "rubbish"])
        assert (await flooding.until("reported"))["ok"], "what was answered does not count any more"


async def test_staff_are_told_who_is_connected(operator: Client, officer: Client) -> None:
    async with operator.events() as console:
        await live(console)
        await console.until("online", people=["operator"])
        async with officer.events() as tablet:
            await live(tablet)
            await console.until("online", people=["officer-12", "operator"])
            assert not [message for message in tablet.heard if message["type"] == "online"]
        await console.until("online", people=["operator"])


# --- who is let in


async def refusal(server: Running, path: str, headers: dict[str, str]) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(server.address.replace("http", "ws") + path, additional_headers=headers, proxy=None):
            pass
    body = refused.value.response.body
    assert body is not None
    return refused.value.response.status_code, json.loads(body)["error"]["code"]


@pytest.mark.parametrize("path", ["/ws/events", "/ws/video"])
async def test_without_a_session_nobody_is_let_in(server: Running, path: str) -> None:
    assert await refusal(server, path, {}) == (401, "auth.required")
    assert await refusal(server, path, {"Cookie": "sightline=made-up"}) == (401, "auth.required")


@pytest.mark.parametrize("path", ["/ws/events", "/ws/video"])
async def test_with_the_cookie_only_our_own_pages_are_let_in(server: Running, operator: Client, path: str) -> None:
    cookie = {"Cookie": f"sightline={operator.token}"}
    for origin in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        assert await refusal(server, path, {**cookie, **origin}) == (403, "origin.foreign")
    own = {**cookie, "Origin": server.address}
    async with connect(server.address.replace("http", "ws") + path, additional_headers=own, proxy=None) as socket:
        assert json.loads(await socket.recv())["type"] == "hello"


@pytest.mark.parametrize("path", ["/ws/events", "/ws/video"])
async def test_a_request_that_is_no_websocket_is_told_so(operator: Client, path: str) -> None:
    answer = await operator.get(path)
    assert answer.status == 426
    assert answer.headers["Upgrade"] == "websocket"


# --- who is sent away


@pytest.mark.parametrize("path", ["/ws/events", "/ws/video"])
@pytest.mark.parametrize(
    ("message", "code", "word"),
    [
        (b"binary", 1003, "text"),
        ("x" * (1024 * 1024), 1009, ""),
        ("x" * (64 * 1024 + 1), 1009, ""),
        ("not json", 4502, "JSON"),
        ('{"type": "resumé"}', 4502, "resumé"),
        ('{"type": "\\ud800"}', 4502, "'?'"),
        ("[1]", 4502, "object"),
    ],
)
async def test_what_is_not_understood_ends_the_connection_with_a_reason(
    operator: Client, path: str, message: bytes | str, code: int, word: str
) -> None:
    async with operator.connect(path) as connection:
        talk = Talk(connection)
        await talk.until("hello")
        await connection.send(message)
        closed, reason = await talk.closed()
    assert closed == code
    assert word in reason


async def test_a_message_of_64_kib_is_not_too_large(operator: Client) -> None:
    async with operator.events() as events:
        await events.until("hello")
        text = '{"type": "snapshot", "x": "%s"}'
        await events.connection.send(text % ("x" * (64 * 1024 - len(text) + 2)))
        await events.until("snapshot")


async def test_text_that_is_not_utf_8_ends_the_connection(operator: Client) -> None:
    async with operator.events() as events:
        await events.until("hello")
        await events.connection.send(b"\xff\xfe", text=True)
        assert (await events.closed())[0] == 1007


async def test_the_newer_connection_of_a_device_wins(server: Running, operator: Client, officer: Client) -> None:
    same = await server.signed_in("officer-12")
    async with officer.events() as older:
        await live(older)
        async with same.events() as newer:
            await live(newer)
            assert (await older.closed())[0] == 4501
            alert = await raise_alert(operator)
            assert (await newer.until("entry"))["alert"] == alert


async def test_who_signs_out_is_out_at_once(officer: Client) -> None:
    async with officer.events() as events, officer.video() as video:
        await live(events)
        await video.until("hello")
        await officer.request("DELETE", "/api/session")
        assert (await events.closed())[0] == 4500
        assert (await video.closed())[0] == 4500


async def test_who_is_disabled_is_out_within_five_seconds(server: Running, officer: Client) -> None:
    async with officer.events() as events:
        await live(events)
        # What another server process does when the person is gone from its configuration.
        await server.services.db.write(lambda conn: end_of(conn, "officer-12"))
        assert (await events.closed(timeout_s=5))[0] == 4500


async def test_when_the_server_stops_it_says_so(server: Running, operator: Client) -> None:
    async with operator.events() as events, operator.video() as video:
        await live(events)
        await video.until("hello")
        await server.stop()
        assert await events.closed() == (1001, "The server stops.")
        assert await video.closed() == (1001, "The server stops.")


async def test_who_says_goodbye_is_answered(operator: Client, server: Running) -> None:
    async with operator.events() as events:
        await live(events)
        await events.connection.close(1000)
        assert (await events.closed())[0] == 1000
    async with asyncio.timeout(5):
        await server.services.admission.empty.wait()


async def test_a_garbled_frame_ends_the_connection_at_once(officer: Client) -> None:
    async with officer.events() as events:
        await events.until("hello")
        events.connection.transport.write(b"\xff\xff\xff\xff" + b"x" * 100_000)
        assert (await events.closed(timeout_s=1.5))[0] == 1002


async def test_what_comes_right_behind_the_request_is_heard(server: Running, officer: Client) -> None:
    reader, writer = await asyncio.open_connection(*server.address.removeprefix("http://").split(":"))
    request = (
        "GET /ws/events HTTP/1.1\r\nHost: here\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Authorization: Bearer {officer.token}\r\n\r\n"
    )
    say = b'{"type": "snapshot"}'
    writer.write(request.encode() + bytes((0x81, 0x80 | len(say))) + bytes(4) + say + b"\x89\x82" + bytes(4) + b"hi")
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head, "the example of RFC 6455 §1.3"
        await reader.readuntil(b'{"type":"hello"')
        await reader.readuntil(b'{"type":"snapshot"')
        await reader.readuntil(b"\x8a\x02hi")
    writer.close()


@pytest.mark.parametrize(
    "wrong",
    [{"Sec-WebSocket-Version": "8"}, {"Sec-WebSocket-Key": "short"}, {"Sec-WebSocket-Key": ""}],
)
async def test_a_handshake_that_is_none_is_refused(officer: Client, wrong: dict[str, str]) -> None:
    right = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    answer = await officer.get("/ws/events", headers=right | wrong)
    assert (answer.status, answer.code) == (400, "request.invalid")


async def test_the_http_library_keeps_nothing_of_an_open_connection(server: Running, officer: Client) -> None:
    def handlers() -> int:
        gc.collect()
        return sum(isinstance(each, RequestHandler) for each in gc.get_objects())

    async with officer.events() as events:
        await events.until("hello")
        # What the client of this test holds open for its own requests stays.
        before = handlers()
    async with officer.events() as events, officer.video() as video:
        await events.until("hello")
        await video.until("hello")
        assert handlers() == before


async def test_who_asks_and_does_not_read_the_answers_is_cut_off(server: Running, officer: Client) -> None:
    async with officer.events() as events:
        await live(events)
        transport = events.connection.transport
        transport.pause_reading()
        (session,) = server.services.alerts.hub
        ping = b"\x89\xfd" + bytes(4) + b"x" * 125
        async with asyncio.timeout(10):
            while session.socket.is_open:
                if transport.get_write_buffer_size() < 1_000_000:
                    transport.write(1000 * ping)
                await asyncio.sleep(0)
        assert session.socket.close_code == 4002
        await until(lambda: len(server.services.alerts.hub) == 0, timeout_s=5)
        transport.abort()


async def test_a_ping_of_the_client_is_answered(operator: Client) -> None:
    async with operator.events() as events:
        await events.until("hello")
        async with asyncio.timeout(5):
            await (await events.connection.ping())
