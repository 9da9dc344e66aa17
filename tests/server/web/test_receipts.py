import asyncio
from typing import Any

import pytest

from tests.server.running import Answer, Client


def command(item_id: str, stage: str, **changes: Any) -> dict[str, Any]:
    return {"id": f"command-{stage}", "item": "alert", "item_id": item_id, "revision": 1, "stage": stage, **changes}


async def test_each_command_has_its_own_result_in_order(operator: Client, officer: Client) -> None:
    alert = (await operator.post("/api/alerts", {"event": "A"})).json["alert"]["id"]
    commands = [
        command(alert, "delivered", at_ms=5),
        command("none", "shown"),
        command(alert, "seen"),
        "nonsense",
        command(alert, "acknowledged", at_ms=7),
    ]
    answer = await officer.post("/api/receipts", {"receipts": commands})
    assert answer.status == 200
    results = answer.json["results"]
    assert [result["ok"] for result in results] == [True, False, False, False, True]
    assert [result["error"]["code"] for result in results[1:4]] == [
        "item.unknown",
        "receipt.invalid",
        "receipt.invalid",
    ]
    assert results[0]["id"] == "command-delivered"
    assert results[4] == {
        "id": "command-acknowledged",
        "ok": True,
        "receipt": {
            "item": "alert",
            "item_id": alert,
            "revision": 1,
            "person": "officer-12",
            "device": "device-of-officer-12",
            "stage": "acknowledged",
            "at_ms": 7,
            "via": "device",
            "by": "",
        },
    }


async def test_an_empty_list_is_fine_and_no_list_is_not(officer: Client) -> None:
    assert (await officer.post("/api/receipts", {"receipts": []})).json == {"results": []}
    assert (await officer.post("/api/receipts", {})).code == "request.invalid"
    assert (await officer.post("/api/receipts", {"receipts": [{}] * 501})).code == "request.invalid"


async def test_half_a_surrogate_pair_is_a_wrong_receipt_and_no_trouble(officer: Client) -> None:
    answer = await officer.post("/api/receipts", {"receipts": [command("\ud800", "shown", id="\ud800-command")]})
    assert answer.status == 200
    assert [(result["id"], result["error"]["code"]) for result in answer.json["results"]] == [
        ("?-command", "receipt.invalid")
    ]


async def test_a_device_that_floods_with_receipts_is_told_to_wait_and_the_others_are_not(
    operator: Client, officer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.lanes.receipts.MAX_OWED", 5)
    monkeypatch.setattr("server.lanes.receipts.WINDOW_S", 60)
    alert = (await operator.post("/api/alerts", {"event": "A"})).json["alert"]["id"]

    def post(client: Client, number: int, stage: str = "delivered") -> asyncio.Task[Answer]:
        commands = [command(alert, stage, id=f"command-{number}-{line}") for line in range(4)]
        return asyncio.create_task(client.post("/api/receipts", {"receipts": commands}))

    (early,), (late,) = await asyncio.wait(
        {post(officer, 1), post(officer, 2)}, timeout=30, return_when=asyncio.FIRST_COMPLETED
    )
    refused = early.result()
    assert (refused.status, refused.code) == (503, "log.unavailable")
    assert refused.json["error"]["message"] == "4 receipts of this device wait already. Try again."
    # What a person says makes the server write at once what waits.
    taken = [await post(operator, 3, "acknowledged"), await late]
    assert [answer.status for answer in taken] == [200, 200]
    assert (await post(officer, 4, "acknowledged")).status == 200, "what was answered does not count any more"
