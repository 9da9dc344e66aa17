import pytest

from tests.server.running import Client, Running


@pytest.fixture
async def admin(server: Running) -> Client:
    return await server.signed_in("admin")


async def test_what_was_done_is_on_record_and_the_record_is_whole(operator: Client, admin: Client) -> None:
    alert = (await operator.post("/api/alerts", {"event": "A"})).json["alert"]
    answer = (await admin.get("/api/audit")).json
    assert answer["verified"] is True
    raised = next(entry for entry in answer["entries"] if entry["action"] == "alert.raised")
    assert (raised["actor"], raised["subject"]) == ("operator", f"alert:{alert['id']}")
    assert (raised["device"], raised["address"]) == ("device-of-operator", "127.0.0.1")
    last = answer["entries"][-1]["id"]
    assert (await admin.get(f"/api/audit?after={last}")).json["entries"] == []


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "9" * 30, "²"])
async def test_a_place_that_is_none_is_refused(admin: Client, after: str) -> None:
    answer = await admin.get("/api/audit", params={"after": after})
    assert (answer.status, answer.code) == (400, "request.invalid")
