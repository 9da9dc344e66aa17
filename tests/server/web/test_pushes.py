from typing import Any

import pytest

from tests.server.running import Client
from tests.vectors.photos import picture

PUSH = {"id": "push-1", "cameras": ["main-4th"], "to": {"people": ["officer-12"], "units": ["7"]}, "note": "North"}


async def test_an_operator_sends_a_camera_and_takes_it_back(operator: Client) -> None:
    sent = await operator.post("/api/pushes", PUSH)
    assert sent.status == 201
    push = sent.json["push"]
    assert push["recipients"] == ["officer-12", "officer-7"]
    assert push["cameras"] == [{"id": "main-4th", "number": 4, "name": "Main St / 4th Ave"}]
    again = await operator.post("/api/pushes", PUSH)
    assert (again.status, again.json) == (200, sent.json)
    recalled = await operator.post("/api/pushes/push-1/recall")
    assert recalled.status == 200
    assert (recalled.json["push"]["revision"], recalled.json["push"]["recalled_by"]) == (2, "operator")
    assert (await operator.post("/api/pushes/push-1/recall")).json == recalled.json


@pytest.mark.parametrize(
    ("changes", "status", "code", "path"),
    [
        ({"cameras": ["nowhere"]}, 404, "camera.unknown", "cameras[0]"),
        ({"cameras": [], "note": ""}, 400, "request.invalid", "cameras"),
        ({"media": [{"id": "ab" * 32}]}, 404, "media.unknown", "media[0].id"),
        ({"media": [{"id": str(n)} for n in range(5)]}, 400, "request.invalid", "media"),
        ({"to": {"near": {"lat": 41.7, "lon": -72.6, "radius_m": 0}}}, 400, "request.invalid", "to.near.radius_m"),
        ({"to": {"near": {"lat": 41.7, "lon": -72.6, "radius_m": 800}}}, 400, "push.no_recipient", "to"),
        ({"cameras": [f"c{n}" for n in range(10)]}, 400, "request.invalid", "cameras"),
        ({"to": {"units": ["99"]}}, 400, "push.unknown_recipient", "to.units[0]"),
        ({"to": {}}, 400, "push.no_recipient", "to"),
        ({"note": "x" * 501}, 400, "request.invalid", "note"),
        ({"alert_id": "none"}, 404, "alert.unknown", "alert_id"),
    ],
)
async def test_what_can_not_be_sent_is_refused_in_words(
    operator: Client, changes: dict[str, Any], status: int, code: str, path: str
) -> None:
    answer = await operator.post("/api/pushes", {**PUSH, **changes})
    assert (answer.status, answer.code, answer.json["error"].get("path")) == (status, code, path)


async def test_everybody_lists_the_pushes_that_concern_him_newest_first(operator: Client, officer: Client) -> None:
    first = (await operator.post("/api/pushes", PUSH)).json["push"]
    other = (await operator.post("/api/pushes", {**PUSH, "id": "push-2", "to": {"people": ["officer-7"]}})).json["push"]
    of_all, of_officer = await operator.get("/api/pushes"), await officer.get("/api/pushes")
    assert (of_all.status, of_all.json) == (200, {"position": of_all.json["position"], "pushes": [other, first]})
    assert of_officer.json == {"position": of_all.json["position"], "pushes": [first]}


async def test_an_id_that_is_taken_is_a_conflict_that_shows_what_has_it(operator: Client) -> None:
    first = await operator.post("/api/pushes", PUSH)
    answer = await operator.post("/api/pushes", {**PUSH, "note": "South"})
    assert (answer.status, answer.code) == (409, "conflict.id")
    assert answer.json["push"] == first.json["push"]


async def test_a_push_that_is_not_there_can_not_be_recalled(operator: Client) -> None:
    answer = await operator.post("/api/pushes/none/recall")
    assert (answer.status, answer.code) == (404, "push.unknown")


async def test_a_photo_or_words_alone_are_a_push(operator: Client, officer: Client) -> None:
    sent = await operator.request("POST", "/api/media", data=picture("plain.jpg"))
    photo = sent.json["media"]
    body = {"id": "photo", "media": [{"id": photo["id"], "camera": "harbor"}], "to": {"units": ["12"]}}
    push = (await operator.post("/api/pushes", body)).json["push"]
    assert push["media"] == [{**photo, "camera": "harbor", "taken_ms": None}]
    assert (push["cameras"], push["status"], push["to"]) == ([], "Actual", {"units": ["12"]})
    assert (await officer.request("HEAD", f"/api/media/{photo['id']}")).status == 200
    words = {"id": "words", "note": "Come back", "to": {"roles": ["officer"]}, "status": "Exercise"}
    answer = await operator.post("/api/pushes", words)
    assert answer.json["push"]["recipients"] == ["officer-12", "officer-7"]
    recalled = (await operator.post("/api/pushes/photo/recall")).json["push"]
    assert (recalled["media"], recalled["note"], recalled["cameras"]) == ([], "", [])
    assert (await officer.request("HEAD", f"/api/media/{photo['id']}")).status == 404


async def test_the_center_sees_who_has_a_push_also_by_radio(operator: Client, officer: Client) -> None:
    await operator.post("/api/pushes", PUSH)
    receipt = {"id": "receipt-1", "item": "push", "item_id": "push-1", "revision": 1, "stage": "shown"}
    await officer.post("/api/receipts", {"receipts": [receipt]})
    word = {"id": "radio-1", "command": "radio", "person": "officer-7", "stage": "acknowledged", "revision": 1}
    for _ in range(2):
        spoken = await operator.post("/api/pushes/push-1/commands", word)
        assert (spoken.status, spoken.json["push"]["id"]) == (200, "push-1")
    shown = (await operator.get("/api/pushes/push-1")).json
    assert shown["push"]["recipients"] == ["officer-12", "officer-7"]
    found = {(one["person"], one["stage"], one["via"]) for one in shown["receipts"]}
    assert found == {("officer-12", "shown", "device"), ("officer-7", "acknowledged", "radio")}
    for path, method in (("/api/pushes/none", "GET"), ("/api/pushes/none/commands", "POST")):
        answer = await operator.request(method, path, json=word)
        assert (answer.status, answer.code) == (404, "push.unknown")
    assert (await officer.get("/api/pushes/push-1")).code == "auth.forbidden"
    assert shown["unreached"] == []
    await operator.post("/api/pushes/push-1/recall")
    shown = (await operator.get("/api/pushes/push-1")).json
    assert [(one["person"], one["had"]) for one in shown["unreached"]] == [
        ("officer-12", "shown"),
        ("officer-7", "acknowledged"),
    ]
    other = await operator.post("/api/pushes/push-1/commands", {**word, "command": "cancel"})
    assert (other.status, other.code) == (400, "request.invalid")
