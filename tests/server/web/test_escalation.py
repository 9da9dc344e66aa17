"""An alert of a whole server: to whom it goes first, and to whom it climbs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.people_config import BeatConfig
from server.web.services import wall_ms
from streams.valkey import EmbeddedValkey
from tests.server.running import PEOPLE, Client, Running, Talk, a_config, running

NORTH = BeatConfig("north", "North", ((41.76, -72.7), (41.76, -72.6), (41.8, -72.6), (41.8, -72.7)))
SOUTH = BeatConfig("south", "South", ((41.70, -72.7), (41.70, -72.6), (41.76, -72.6), (41.76, -72.7)))
ASSIGNED = tuple(
    replace(person, beat={"officer-12": "north", "officer-7": "south"}.get(person.id, "")) for person in PEOPLE
)
IN_THE_NORTH = {"point": {"lat": 41.78, "lon": -72.65}}
STEPS = [{"after_s": 0, "reach": {"beat": True}}, {"after_s": 1, "reach": {"beats": ["south"]}, "say": "Call."}]


@pytest.fixture
def city(tmp_path: Path, valkey: EmbeddedValkey) -> Any:
    return a_config(tmp_path, valkey.url, people=ASSIGNED, beats=(NORTH, SOUTH))


async def follow(talk: Talk) -> None:
    await talk.until("hello")
    await talk.say(type="snapshot")
    await talk.until("snapshot")


async def change_policy(server: Running, **changes: Any) -> None:
    admin = await server.signed_in("admin")
    policies = (await admin.get("/api/policies")).json["policies"]
    body = {**policies[0], **changes}
    assert (await admin.request("PUT", "/api/policies/P1", json=body)).status == 200


async def raise_alert(client: Client) -> dict[str, Any]:
    body = {"event": "Shots", "priority": 1, "area": {**IN_THE_NORTH, "areaDesc": "Main St"}}
    alert: dict[str, Any] = (await client.post("/api/alerts", body)).json["alert"]
    return alert


async def test_an_alert_goes_to_the_beat_first_and_then_climbs_to_the_next(city: Any) -> None:
    async with running(city) as server:
        await change_policy(server, steps=STEPS, loop_s=None)
        operator = await server.signed_in("operator")
        north, south = await server.signed_in("officer-12"), await server.signed_in("officer-7")
        async with north.events() as in_the_north, south.events() as in_the_south:
            await follow(in_the_north)
            await follow(in_the_south)
            raised = await raise_alert(operator)
            assert raised["escalation"]["reached"] == 1
            first = await in_the_north.until("entry")
            assert (first["alert"]["id"], first["alert"]["escalation"]["step"]) == (raised["id"], 1)
            second = await in_the_south.until("entry")
            assert (second["alert"]["id"], second["alert"]["escalation"]["step"]) == (raised["id"], 2)
            assert (await in_the_north.until("entry"))["alert"]["escalation"]["say"] == "Call."
        assert not [
            message
            for message in in_the_south.heard
            if message.get("kind") == "alert" and message["position"] == first["position"]
        ]


async def test_who_acknowledges_stops_the_ladder(city: Any) -> None:
    async with running(city) as server:
        await change_policy(server, steps=STEPS, loop_s=None, en_route_s=None)
        operator, officer = await server.signed_in("operator"), await server.signed_in("officer-12")
        async with officer.events() as events:
            await follow(events)
            raised = await raise_alert(operator)
            receipt = {"item": "alert", "item_id": raised["id"], "revision": 1, "stage": "acknowledged"}
            await events.say(type="receipt", id="receipt-1", **receipt)
            assert (await events.until("receipt"))["ok"]
            stopped = (await operator.get(f"/api/alerts/{raised['id']}")).json["alert"]
        assert (stopped["state"], stopped["escalation"]["over"]) == ("acknowledged", True)
        assert await server.services.db.read(
            lambda conn: conn.exec_driver_sql("SELECT due_ms FROM escalations").all()
        ) == [(None,)]


async def test_nobody_can_say_who_is_near_so_every_officer_gets_it(city: Any) -> None:
    async with running(city) as server:
        operator = await server.signed_in("operator")
        raised = (await operator.post("/api/alerts", {"event": "Shots", "priority": 1})).json["alert"]
        assert raised["escalation"]["reached"] == 2


async def test_a_position_is_told_to_the_staff_and_one_from_the_future_is_an_error(city: Any) -> None:
    async with running(city) as server:
        operator, officer = await server.signed_in("operator"), await server.signed_in("officer-12")
        async with operator.events() as desk, officer.events() as tablet:
            await follow(desk)
            await follow(tablet)
            assert (await desk.until("positions"))["full"]
            at_ms = wall_ms()
            await tablet.say(type="position", lat=41.78, lon=-72.65, accuracy_m=5, at_ms=at_ms)
            told = await desk.until("positions", full=False)
            assert told["people"] == {"officer-12": {"lat": 41.78, "lon": -72.65, "accuracy_m": 5.0, "at_ms": at_ms}}
            for wrong in ({"at_ms": at_ms + 3_600_000}, {"lat": 200}, {"lat": None}):
                message = {"lat": 41.78, "lon": -72.65, "accuracy_m": None, "at_ms": at_ms, **wrong}
                await tablet.say(type="position", **message)
                assert (await tablet.until("error"))["code"] == "position.invalid"
        assert not [message for message in tablet.heard if message["type"] in ("positions", "lane", "online")]
