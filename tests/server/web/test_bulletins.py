"""Bulletins over HTTP: no field, no send; and nothing of one that has ended."""

from typing import Any

import pytest

from server.store import bulletins
from tests.server.running import Client, Running
from tests.streams.until import until
from tests.vectors.photos import picture

DAY_MS = 24 * 3_600_000
WORDS = {
    "name": "unknown",
    "why": "Robbery on Main St",
    "caution": "May be armed",
    "legal_basis": "Warrant 26-1234",
    "issuer": "Detectives",
    "verify": "Tattoo on the left hand",
}


@pytest.fixture
async def media_id(operator: Client) -> str:
    answer = await operator.request("POST", "/api/media", data=picture("plain.jpg"))
    assert answer.status == 201, answer
    return str(answer.json["media"]["id"])


def a_body(media_id: str, bulletin_id: str = "bulletin-1", **changes: Any) -> dict[str, Any]:
    photo = {"id": media_id, "source": "Shop camera", "taken": "2026-11-18"}
    return {"id": bulletin_id, **WORDS, "photos": [photo], **changes}


async def send(operator: Client, media_id: str, bulletin_id: str = "bulletin-1", **changes: Any) -> dict[str, Any]:
    answer = await operator.post("/api/bulletins", a_body(media_id, bulletin_id, **changes))
    assert answer.status == 201, answer
    bulletin: dict[str, Any] = answer.json["bulletin"]
    return bulletin


async def order(client: Client, command: str, bulletin_id: str = "bulletin-1", **fields: Any) -> Any:
    body = {"id": f"{command}-of-{bulletin_id}", "command": command, **fields}
    return await client.post(f"/api/bulletins/{bulletin_id}/commands", body)


async def shown(client: Client) -> list[str]:
    answer = await client.get("/api/bulletins")
    assert answer.status == 200
    return [bulletin["id"] for bulletin in answer.json["bulletins"]]


async def test_a_bulletin_is_sent_once_and_shown_to_everybody_with_its_picture(
    operator: Client, officer: Client, media_id: str
) -> None:
    bulletin = await send(operator, media_id)
    assert (bulletin["state"], bulletin["expires_ms"] - bulletin["sent_ms"]) == ("active", 3 * DAY_MS)
    assert (bulletin["recipients"], len(bulletin["photos"][0]["thumbnail"]) > 100) == (None, True)
    again = await operator.post("/api/bulletins", a_body(media_id))
    assert (again.status, again.json["bulletin"]) == (200, bulletin)
    listed = (await officer.get("/api/bulletins")).json
    assert listed["bulletins"] == [bulletin]
    assert listed["position"] >= 1
    assert (await officer.get("/api/bulletins/bulletin-1")).json == {"bulletin": bulletin}
    assert (await officer.request("HEAD", f"/api/media/{media_id}/thumbnail")).status == 200


async def test_one_for_some_is_unknown_to_the_others(server: Running, operator: Client, media_id: str) -> None:
    await send(operator, media_id, to={"units": ["7"]})
    reyes, okafor = await server.signed_in("officer-12"), await server.signed_in("officer-7")
    assert (await shown(reyes), await shown(okafor), await shown(operator)) == ([], ["bulletin-1"], ["bulletin-1"])
    answer = await reyes.get("/api/bulletins/bulletin-1")
    assert (answer.status, answer.code) == (404, "bulletin.unknown")


@pytest.mark.parametrize("field", [*WORDS, "photos"])
async def test_no_field_no_send(operator: Client, media_id: str, field: str) -> None:
    body = a_body(media_id)
    del body[field]
    answer = await operator.post("/api/bulletins", body)
    assert (answer.status, answer.code, answer.json["error"]["path"]) == (400, "bulletin.incomplete", field)
    assert await shown(operator) == []


@pytest.mark.parametrize(
    ("changes", "status", "code", "path"),
    [
        ({"expires_ms": 1}, 400, "request.invalid", "expires_ms"),
        ({"expires_ms": "31 days"}, 400, "request.invalid", "expires_ms"),
        (
            {"photos": [{"id": "ab" * 32, "source": "Shop", "taken": "2026-11-18"}]},
            404,
            "media.unknown",
            "photos[0].id",
        ),
        ({"photos": [{"id": "ab" * 32, "taken": "2026-11-18"}]}, 400, "bulletin.incomplete", "photos[0].source"),
        ({"photos": [{"id": "ab", "source": "x", "taken": "2999-01-01"}]}, 400, "request.invalid", "photos[0].taken"),
        ({"to": {"units": ["99"]}}, 400, "push.unknown_recipient", "to.units[0]"),
        ({"to": {}}, 400, "push.no_recipient", "to"),
        ({"to": {"near": {"lat": 41.7, "lon": -72.6, "radius_m": -1}}}, 400, "request.invalid", "to.near.radius_m"),
    ],
)
async def test_what_can_not_be_sent_is_refused_in_words(
    operator: Client, media_id: str, changes: dict[str, Any], status: int, code: str, path: str
) -> None:
    answer = await operator.post("/api/bulletins", a_body(media_id, **changes))
    assert (answer.status, answer.code, answer.json["error"].get("path")) == (status, code, path)


async def test_31_days_are_too_many(server: Running, operator: Client, media_id: str) -> None:
    expires_ms = server.services.now_ms() + 31 * DAY_MS
    answer = await operator.post("/api/bulletins", a_body(media_id, expires_ms=expires_ms))
    assert (answer.code, answer.json["error"]["path"]) == ("request.invalid", "expires_ms")


async def test_it_is_updated_cleared_and_renewed(operator: Client, media_id: str) -> None:
    sent = await send(operator, media_id, expires_ms=None)
    updated = (await order(operator, "update", reason="Seen better", verify="Scar", revision=1)).json["bulletin"]
    assert (updated["revision"], updated["verify"], updated["changes"]) == (2, "Scar", ["verify"])
    cleared = (await order(operator, "clear", note="The janitor")).json["bulletin"]
    assert (cleared["revision"], cleared["cleared"][0]["note"]) == (3, "The janitor")
    renewed = (await order(operator, "renew")).json["bulletin"]
    assert (renewed["revision"], renewed["expires_ms"] >= sent["expires_ms"]) == (3, True)
    old = await order(operator, "cancel", reason="Found", revision=2)
    assert (old.status, old.code, old.json["bulletin"]) == (409, "conflict.revision", renewed)


async def test_one_that_was_cancelled_is_nowhere_any_more(
    server: Running, operator: Client, officer: Client, media_id: str
) -> None:
    async with officer.events() as events:
        hello = await events.until("hello")
        await send(operator, media_id)
        assert (await order(operator, "cancel", reason="Found")).json["bulletin"]["state"] == "cancelled"
        for path in ("/api/bulletins/bulletin-1", f"/api/media/{media_id}", f"/api/media/{media_id}/thumbnail"):
            answer = await officer.get(path)
            assert (answer.status, answer.code.endswith(".unknown")) == (404, True)
        assert await shown(officer) == await shown(operator) == []
        left = (await operator.get("/api/bulletins/bulletin-1")).json["bulletin"]
        assert (left["state"], "why" in left, "photos" in left) == ("cancelled", False, False)
        # Who was away hears of it, but not of whom it was about.
        await events.say(type="resume", installation=hello["installation"], position=0)
        told = [await events.until("entry") for _ in range(2)]
        assert [entry.get("bulletin") for entry in told] == [left, left]
    repeated = await operator.post("/api/bulletins", a_body(media_id))
    assert (repeated.status, repeated.json["bulletin"]) == (200, left)
    answer = await order(operator, "clear", note="The janitor")
    assert (answer.status, answer.code, answer.json["bulletin"]) == (409, "conflict.state", left)


async def test_one_whose_time_has_run_out_is_over_at_once(
    server: Running, operator: Client, officer: Client, media_id: str
) -> None:
    now_ms = server.services.now_ms()
    bulletin = await send(operator, media_id, expires_ms=now_ms + 1_000)
    await until(lambda: server.services.now_ms() >= bulletin["expires_ms"])
    assert await shown(officer) == []
    assert (await officer.get("/api/bulletins/bulletin-1")).code == "bulletin.unknown"
    assert (await officer.get(f"/api/media/{media_id}")).code == "media.unknown"
    await server.services.db.write(lambda conn: bulletins.expire_due(conn, bulletin["expires_ms"]))
    assert (await operator.get("/api/bulletins/bulletin-1")).json["bulletin"]["state"] == "expired"


async def test_officers_neither_send_nor_end_bulletins(operator: Client, officer: Client, media_id: str) -> None:
    await send(operator, media_id)
    for answer in (
        await officer.post("/api/bulletins", a_body(media_id, "bulletin-2")),
        await order(officer, "cancel", reason="Found"),
    ):
        assert (answer.status, answer.code) == (403, "auth.forbidden")


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({"command": "delete"}, "request.invalid", "command"),
        ({"command": "cancel"}, "request.invalid", "reason"),
        ({"command": "update", "reason": "x", "legal_basis": ""}, "bulletin.incomplete", "legal_basis"),
        ({"command": "radio", "person": "nobody", "stage": "acknowledged", "revision": 1}, "request.invalid", "person"),
    ],
)
async def test_a_command_that_is_none_is_refused_in_words(
    operator: Client, media_id: str, body: dict[str, Any], code: str, path: str
) -> None:
    await send(operator, media_id)
    answer = await operator.post("/api/bulletins/bulletin-1/commands", {"id": "command-1", **body})
    assert (answer.status, answer.code, answer.json["error"]["path"]) == (400, code, path)


async def test_what_somebody_said_by_radio_is_a_receipt(operator: Client, media_id: str) -> None:
    await send(operator, media_id)
    word: dict[str, Any] = {"person": "officer-12", "stage": "acknowledged", "revision": 1}
    assert (await order(operator, "radio", **word)).status == 200
    (receipt,) = (await operator.get("/api/bulletins/bulletin-1")).json["receipts"]
    assert (receipt["person"], receipt["via"], receipt["by"]) == ("officer-12", "radio", "operator")
    unknown = await order(operator, "radio", "bulletin-9", **word)
    assert (unknown.status, unknown.code) == (404, "bulletin.unknown")


async def test_who_has_not_got_a_correction_is_called(operator: Client, officer: Client, media_id: str) -> None:
    await send(operator, media_id)

    async def give(stage: str, revision: int) -> None:
        receipt = {"id": f"{stage}-{revision}", "item": "bulletin", "item_id": "bulletin-1", "stage": stage}
        answer = await officer.post("/api/receipts", {"receipts": [{**receipt, "revision": revision}]})
        assert answer.json["results"][0]["ok"], answer

    async def missing() -> Any:
        return (await operator.get("/api/bulletins/bulletin-1")).json["unreached"]

    await give("acknowledged", 1)
    assert await missing() == []
    await order(operator, "renew")
    assert await missing() == [], "a renewal corrects nothing"
    await order(operator, "clear", note="The janitor")
    assert await missing() == [{"person": "officer-12", "had": "acknowledged", "had_revision": 1, "has": ""}]
    await give("acknowledged", 2)
    assert await missing() == []
    await order(operator, "cancel", reason="Found")
    assert [one["person"] for one in await missing()] == ["officer-12"]
    await give("acknowledged", 3)
    assert await missing() == []


async def test_a_snapshot_holds_the_active_ones_that_concern_the_person(
    server: Running, operator: Client, media_id: str
) -> None:
    for bulletin_id, to in (("all", None), ("some", {"units": ["7"]}), ("ended", None)):
        await send(operator, media_id, bulletin_id, to=to)
    await order(operator, "cancel", "ended", reason="Found")
    for username, ids in (("officer-12", ["all"]), ("officer-7", ["some", "all"]), ("operator", ["some", "all"])):
        async with (await server.signed_in(username, device=f"other-{username}")).events() as events:
            await events.until("hello")
            await events.say(type="snapshot")
            snapshot = await events.until("snapshot")
            assert [bulletin["id"] for bulletin in snapshot["bulletins"]] == ids
