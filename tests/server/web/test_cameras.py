import json

import pytest

from tests.server.running import Client, Running


async def test_staff_see_every_camera(operator: Client) -> None:
    cameras = (await operator.get("/api/cameras")).json["cameras"]
    assert [camera["id"] for camera in cameras] == ["main-4th", "harbor"]
    assert (
        cameras[0].items()
        >= {
            "number": 4,
            "name": "Main St / 4th Ave",
            "district": "Downtown",
            "lat": 41.76,
            "lon": -72.67,
            "heading_deg": None,
            "fov_deg": None,
        }.items()
    )
    assert cameras[0]["state"]["state"] == "unknown"


async def test_an_officer_sees_what_was_pushed_to_him_until_it_is_recalled(operator: Client, officer: Client) -> None:
    assert (await officer.get("/api/cameras")).json == {"cameras": []}
    push = {"id": "push-1", "cameras": ["harbor"], "to": {"people": ["officer-12"]}}
    assert (await operator.post("/api/pushes", push)).status == 201
    cameras = (await officer.get("/api/cameras")).json["cameras"]
    assert [camera["id"] for camera in cameras] == ["harbor"]
    await operator.post("/api/pushes/push-1/recall")
    assert (await officer.get("/api/cameras")).json == {"cameras": []}


async def test_the_address_of_a_camera_is_told_to_nobody(server: Running) -> None:
    assert "rtsp" not in (await (await server.signed_in("admin")).get("/api/cameras")).text


async def test_staff_ask_which_cameras_see_a_place(operator: Client) -> None:
    answer = (await operator.get("/api/cameras/nearest?lat=41.761&lon=-72.67&radius_m=50")).json
    (candidate,) = answer.pop("cameras")
    assert answer == {"view": "none", "message": "No working view of this point.", "unplaced": 1}
    assert candidate.pop("camera")["id"] == "main-4th"
    assert candidate == {"distance_m": 111, "sight": "perhaps", "share": 0, "working": False}


async def test_a_camera_that_is_heard_of_is_a_view(server: Running, operator: Client) -> None:
    said = {"cameras": {"main-4th": {"state": "idle", "since_ms": 1, "reason": ""}}}
    server.services.board.on_states(json.dumps(said).encode())
    answer = (await operator.get("/api/cameras/nearest?lat=41.761&lon=-72.67")).json
    assert (answer["view"], answer["cameras"][0]["working"]) == ("perhaps", True)
    assert answer["cameras"][0]["camera"]["state"]["state"] == "idle"


async def test_an_officer_is_told_of_no_camera_that_he_may_not_watch(operator: Client, officer: Client) -> None:
    path = "/api/cameras/nearest?lat=41.761&lon=-72.67"
    answer = (await officer.get(path)).json
    assert (answer["cameras"], answer["unplaced"]) == ([], 0)
    await operator.post("/api/pushes", {"id": "push-1", "cameras": ["main-4th"], "to": {"people": ["officer-12"]}})
    answer = (await officer.get(path)).json
    assert [candidate["camera"]["id"] for candidate in answer["cameras"]] == ["main-4th"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("", "lat"),
        ("lat=41", "lon"),
        ("lat=91&lon=0", "lat"),
        ("lat=nan&lon=0", "lat"),
        ("lat=here&lon=0", "lat"),
        ("lat=41&lon=-180.1", "lon"),
        ("lat=41&lon=0&radius_m=-1", "radius_m"),
        ("lat=41&lon=0&radius_m=inf", "radius_m"),
        ("lat=41&lon=0&radius_m=", "radius_m"),
        ("lat=41&lon=0&count=0", "count"),
        ("lat=41&lon=0&count=65", "count"),
    ],
)
async def test_what_is_no_place_is_refused(operator: Client, query: str, path: str) -> None:
    answer = await operator.get(f"/api/cameras/nearest?{query}")
    assert (answer.status, answer.code, answer.json["error"]["path"]) == (400, "request.invalid", path)


async def test_who_has_not_signed_in_is_told_of_no_camera(server: Running) -> None:
    assert (await server.client().get("/api/cameras/nearest?lat=41&lon=0")).status == 401
