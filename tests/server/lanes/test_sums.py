"""The sums that the staff is told, through a whole server."""

import asyncio
from typing import Any

from tests.server.running import Client, Running, Talk


async def raise_one(operator: Client) -> str:
    alert_id: str = (await operator.post("/api/alerts", {"event": "Shots", "priority": 2})).json["alert"]["id"]
    return alert_id


async def report(client: Client, item_id: str, stage: str) -> None:
    receipt = {"id": f"report-{stage}", "item": "alert", "item_id": item_id, "revision": 1, "stage": stage}
    assert (await client.post("/api/receipts", {"receipts": [receipt]})).json["results"][0]["ok"]


async def sum_of(talk: Talk, item_id: str, **wanted: Any) -> dict[str, Any]:
    """The next sum of this item that is as wanted."""
    async with asyncio.timeout(20):
        while True:
            told = await talk.until("sums", 20)
            for one in told["items"]:
                if one["item_id"] == item_id and wanted.items() <= one.items():
                    found: dict[str, Any] = one
                    return found


async def test_the_staff_is_told_how_far_an_alert_has_come(server: Running, operator: Client, officer: Client) -> None:
    async with operator.events() as console:
        await console.until("hello")
        await console.say(type="snapshot")
        assert (await console.until("sums", full=True))["items"] == []
        alert = await raise_one(operator)
        assert (await sum_of(console, alert))["queued"] == 2
        await report(officer, alert, "shown")
        await sum_of(console, alert, queued=1, shown=1)
        body = {"id": "c-1", "command": "update", "revision": 1, "headline": "Probably fireworks"}
        assert (await operator.post(f"/api/alerts/{alert}/commands", body)).status == 200
        await sum_of(console, alert, revision=2, queued=2, unreached=1)


async def test_who_comes_is_told_all_of_it_and_officers_nothing(
    server: Running, operator: Client, officer: Client
) -> None:
    alert = await raise_one(operator)
    await report(officer, alert, "acknowledged")
    async with operator.events() as console, officer.events() as tablet:
        for talk in (console, tablet):
            await talk.until("hello")
            await talk.say(type="snapshot")
        full = await console.until("sums", full=True)
        assert [(one["item_id"], one["acknowledged"]) for one in full["items"]] == [(alert, 1)]
        other = await raise_one(operator)
        await sum_of(console, other)
        while (await tablet.until("entry")).get("alert", {}).get("id") != other:
            pass
        assert not [one for one in tablet.heard if one["type"] == "sums"]
