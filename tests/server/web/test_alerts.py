import asyncio
from typing import Any

import pytest

from tests.server.running import Client, Running


async def test_a_person_raises_an_alert_by_hand(operator: Client, officer: Client) -> None:
    answer = await operator.post("/api/alerts", {"event": "Person with a gun", "urgency": "Immediate"})
    assert answer.status == 201
    alert = answer.json["alert"]
    assert (alert["source"], alert["event"], alert["priority"]) == ("manual", "Person with a gun", 2)
    assert alert["revised_by"] == "operator"
    shown = await officer.get(f"/api/alerts/{alert['id']}")
    assert shown.json == {"alert": alert, "receipts": []}


async def test_the_same_identifier_again_is_the_same_alert(operator: Client) -> None:
    first = await operator.post("/api/alerts", {"event": "A", "identifier": "1"})
    again = await operator.post("/api/alerts", {"event": "A", "identifier": "1"})
    assert (first.status, again.status) == (201, 200)
    assert again.json == {**first.json, "duplicate": True}


async def test_an_alert_without_an_event_is_refused(operator: Client) -> None:
    answer = await operator.post("/api/alerts", {"headline": "?"})
    assert (answer.status, answer.code) == (400, "alert.invalid")


async def test_an_alert_that_is_not_there_is_unknown(officer: Client) -> None:
    answer = await officer.get("/api/alerts/none")
    assert (answer.status, answer.code) == (404, "alert.unknown")


async def test_an_officer_sees_who_has_it_but_no_receipts_of_others(server: Running, operator: Client) -> None:
    alert = (await operator.post("/api/alerts", {"event": "A"})).json["alert"]
    okafor, reyes = await server.signed_in("officer-7"), await server.signed_in("officer-12")
    for client, stage in ((okafor, "shown"), (reyes, "shown"), (okafor, "acknowledged")):
        command = {"id": f"command-{stage}", "item": "alert", "item_id": alert["id"], "revision": 1, "stage": stage}
        assert (await client.post("/api/receipts", {"receipts": [command]})).json["results"][0]["ok"]
    seen = (await reyes.get(f"/api/alerts/{alert['id']}")).json
    assert [(receipt["person"], receipt["stage"]) for receipt in seen["receipts"]] == [("officer-12", "shown")]
    assert [(step["person"], step["state"]) for step in seen["alert"]["progress"]] == [("officer-7", "acknowledged")]


async def raised(operator: Client, **fields: Any) -> dict[str, Any]:
    answer = await operator.post("/api/alerts", {"event": "Shots fired", "priority": 2, **fields})
    alert: dict[str, Any] = answer.json["alert"]
    return alert


async def test_a_command_is_answered_with_the_alert_as_it_left_it(operator: Client, officer: Client) -> None:
    alert = await raised(operator)
    path = f"/api/alerts/{alert['id']}/commands"
    answer = await officer.post(path, {"id": "c-1", "command": "close", "revision": 1, "outcome": "casings"})
    assert (answer.status, answer.json["alert"]["state"], answer.json["alert"]["outcome"]) == (200, "closed", "casings")
    conflict = await officer.post(path, {"id": "c-2", "command": "en_route", "revision": 1})
    assert (conflict.status, conflict.code) == (409, "conflict.state")
    assert conflict.json["alert"]["state"] == "closed"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"command": "close", "outcome": "unicorn"}, 400, "request.invalid"),
        ({"command": "shelve", "minutes": 0, "reason": "x"}, 400, "request.invalid"),
        ({"command": "shelve", "minutes": 31, "reason": "x"}, 400, "request.invalid"),
        ({"command": "shelve", "minutes": 5, "reason": "x"}, 409, "alert.not_shelvable"),
        ({"command": "radio", "person": "nobody", "stage": "acknowledged"}, 400, "request.invalid"),
        ({"command": "close", "outcome": "casings", "revision": 2}, 409, "conflict.revision"),
        ({"command": "dance"}, 400, "request.invalid"),
    ],
)
async def test_a_command_that_can_not_be_done_says_why(
    operator: Client, fields: dict[str, Any], status: int, code: str
) -> None:
    alert = await raised(operator, priority=1)
    answer = await operator.post(f"/api/alerts/{alert['id']}/commands", {"id": "c-1", "revision": 1, **fields})
    assert (answer.status, answer.code) == (status, code)


async def test_an_officer_corrects_nothing(operator: Client, officer: Client) -> None:
    alert = await raised(operator)
    body = {"id": "c-1", "command": "cancel", "reason": "Nothing there", "revision": 1}
    answer = await officer.post(f"/api/alerts/{alert['id']}/commands", body)
    assert (answer.status, answer.code) == (403, "auth.forbidden")


async def test_what_was_cancelled_is_acknowledged_as_such_and_the_staff_sees_who_has_not(
    server: Running, operator: Client
) -> None:
    alert = await raised(operator)
    okafor, reyes = await server.signed_in("officer-7"), await server.signed_in("officer-12")

    async def acknowledge(client: Client, revision: int) -> Any:
        receipt = {"item": "alert", "item_id": alert["id"], "revision": revision, "stage": "acknowledged"}
        command = {"id": f"receipt-{revision}", **receipt}
        return (await client.post("/api/receipts", {"receipts": [command]})).json["results"][0]

    for client in (okafor, reyes):
        assert (await acknowledge(client, 1))["ok"]
    body = {"id": "c-1", "command": "cancel", "reason": "Fireworks", "revision": 1}
    assert (await operator.post(f"/api/alerts/{alert['id']}/commands", body)).status == 200
    refused = await acknowledge(okafor, 1)
    assert refused == {"id": "receipt-1", "ok": True, "receipt": refused["receipt"]}, "the same id: the same answer"
    assert (await acknowledge(reyes, 2))["ok"]
    shown = (await operator.get(f"/api/alerts/{alert['id']}")).json
    assert [revision["state"] for revision in shown["revisions"]] == ["new", "cancelled"]
    assert shown["unreached"] == [{"person": "officer-7", "had": "acknowledged", "had_revision": 1, "has": ""}]
    assert "unreached" not in (await reyes.get(f"/api/alerts/{alert['id']}")).json


async def test_two_who_acknowledge_at_once_both_count_and_the_first_has_it(server: Running, operator: Client) -> None:
    alert = await raised(operator)
    clients = [await server.signed_in("officer-7"), await server.signed_in("officer-12")]
    receipt = {"id": "receipt-1", "item": "alert", "item_id": alert["id"], "revision": 1, "stage": "acknowledged"}
    answers = await asyncio.gather(*(client.post("/api/receipts", {"receipts": [receipt]}) for client in clients))
    assert [answer.json["results"][0]["ok"] for answer in answers] == [True, True]
    shown = (await operator.get(f"/api/alerts/{alert['id']}")).json
    assert {one["person"] for one in shown["receipts"] if one["stage"] == "acknowledged"} == {"officer-7", "officer-12"}
    assert len(shown["alert"]["progress"]) == 1


async def test_an_alert_that_does_not_concern_an_officer_is_unknown_to_him(
    server: Running, operator: Client, officer: Client
) -> None:
    alert = await raised(operator, priority=4)
    assert (await officer.get(f"/api/alerts/{alert['id']}")).code == "alert.unknown"
    assert (await officer.get("/api/alerts")).json["alerts"] == []
    body = {"id": "c-1", "command": "en_route", "revision": 1}
    assert (await officer.post(f"/api/alerts/{alert['id']}/commands", body)).code == "alert.unknown"
    assert len((await operator.get("/api/alerts")).json["alerts"]) == 1


async def test_a_command_by_socket_is_answered_there_and_told_to_all(operator: Client, officer: Client) -> None:
    alert = await raised(operator)
    async with officer.events() as tablet, operator.events() as console:
        for talk in (tablet, console):
            await talk.until("hello")
            await talk.say(type="snapshot")
            await talk.until("snapshot")
        command = {"id": "c-1", "item": "alert", "item_id": alert["id"], "command": "en_route", "revision": 1}
        await tablet.say(type="command", **command)
        answer = await tablet.until("command", id="c-1")
        assert (answer["ok"], answer["alert"]["state"]) == (True, "en_route")
        while "alert" not in (told := await console.until("entry")):
            pass
        assert (told["alert"]["state"], told["alert"]["progress"][0]["person"]) == ("en_route", "officer-12")
        await tablet.say(type="command", **{**command, "id": "c-2", "revision": 7})
        refused = await tablet.until("command", id="c-2")
        assert (refused["ok"], refused["error"]["code"]) == (False, "conflict.revision")
        assert refused["alert"]["state"] == "en_route"
