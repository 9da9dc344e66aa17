"""Picture checks through the whole server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from server.store import camera_checks
from streams.formats import jpeg
from streams.valkey import EmbeddedValkey
from tests.fakes.street import as_jpeg, street, turned
from tests.fakes.studio import Studio, open_studio
from tests.server.running import Client, Running
from tests.streams.until import until
from tests.vectors.wire import checking


@pytest.fixture
async def studio(server: Running, valkey: EmbeddedValkey) -> AsyncIterator[Studio]:
    server.services.picture_checks._apart_ms = 200
    async with open_studio(valkey.url) as studio:
        await studio.say(main_4th="live", harbor="live")
        await until(lambda: server.services.board.state_of("harbor").state == "live")
        yield studio


@asynccontextmanager
async def showing(studio: Studio, *, by: float = 0.0) -> AsyncIterator[None]:
    """The camera at Main St shows a street with traffic, turned by such a share of the width."""

    async def show() -> None:
        for number in range(10_000):
            studio.camera(4).jpeg(as_jpeg(turned(street(at_s=number % 60), by)))
            await asyncio.sleep(0.05)

    task = asyncio.create_task(show())
    try:
        yield
    finally:
        task.cancel()


async def test_a_camera_is_checked_and_what_was_found_is_told_everywhere(studio: Studio, operator: Client) -> None:
    async with showing(studio):
        check = (await operator.post("/api/cameras/main-4th/check")).json["check"]
        assert (check["outcome"], check["faults"], check["asked_by"]) == ("good", [], "operator")
    async with showing(studio, by=0.15):
        check = (await operator.post("/api/cameras/main-4th/check")).json["check"]
        assert [fault["fault"] for fault in check["faults"]] == ["moved"]
        assert "may look elsewhere" in check["message"]
    health, other = (await operator.get("/api/cameras/health")).json["cameras"]
    assert (health["check"], health["reference"]["set_by"], other["check"]) == (check, None, None)
    assert (await operator.get("/api/cameras")).json["cameras"][0]["fault"] == "moved"
    (candidate,) = (await operator.get("/api/cameras/nearest?lat=41.76&lon=-72.67")).json["cameras"]
    assert (candidate["camera"]["fault"], candidate["sight"]) == ("moved", "perhaps")
    told = (await operator.get("/api/cameras/main-4th/checks")).json
    assert [one["outcome"] for one in told["checks"]] == ["faulty", "good"]
    assert told["reference"] == health["reference"]
    example = checking.http()["checks"]["answer"]["body"]
    assert (told.keys(), told["reference"].keys()) == (example.keys(), example["reference"].keys())
    assert told["checks"][0].keys() == example["checks"][0].keys()


async def test_an_operator_says_how_it_should_look(server: Running, studio: Studio, operator: Client) -> None:
    assert (await operator.get("/api/cameras/main-4th/reference")).code == "camera.unknown"
    async with showing(studio):
        answer = await operator.request("PUT", "/api/cameras/main-4th/reference")
        assert answer.json["reference"]["set_by"] == "operator"
        assert answer.json["check"]["outcome"] == "good"
    async with server.http.get(f"{server.address}/api/cameras/main-4th/reference", headers=operator.headers) as picture:
        assert (picture.status, picture.content_type) == (200, "image/jpeg")
        assert jpeg.size(await picture.read()) == (640, 360)
    entries = (await (await server.signed_in("admin")).get("/api/audit")).json["entries"]
    actions = [entry["action"] for entry in entries if entry["subject"] == "camera:main-4th"]
    assert actions == ["camera.reference_set", "camera.checked", "camera.reference_shown"]


async def test_all_cameras_are_ordered_to_be_checked_or_some(server: Running, operator: Client) -> None:
    answer = await operator.post("/api/cameras/checks", {"cameras": ["harbor"]})
    assert (answer.status, answer.json) == (202, {"ordered": 1})
    _, harbor = (await operator.get("/api/cameras/health")).json["cameras"]
    assert harbor["check_ordered_ms"] is not None
    assert (await operator.request("POST", "/api/cameras/checks")).json == {"ordered": 2}
    orders = await server.services.db.read(camera_checks.orders)
    assert [(order.camera, order.asked_by) for order in orders] == [("harbor", "operator"), ("main-4th", "operator")]


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({"cameras": "harbor"}, "request.invalid", "cameras"),
        ({"cameras": [5]}, "request.invalid", "cameras"),
        ({"cameras": ["harbor", "x"]}, "camera.unknown", "cameras[1]"),
    ],
)
async def test_what_can_not_be_ordered_is_said(operator: Client, body: object, code: str, path: str) -> None:
    answer = await operator.post("/api/cameras/checks", body)
    assert (answer.code, answer.json["error"]["path"]) == (code, path)


async def test_officers_neither_check_nor_see_what_was_found(officer: Client, operator: Client) -> None:
    for method, path in (
        ("POST", "/api/cameras/checks"),
        ("POST", "/api/cameras/harbor/check"),
        ("GET", "/api/cameras/harbor/checks"),
        ("GET", "/api/cameras/harbor/reference"),
        ("PUT", "/api/cameras/harbor/reference"),
        ("GET", "/api/cameras/uptime"),
    ):
        assert (await officer.request(method, path)).code == "auth.forbidden"
    assert (await operator.post("/api/cameras/no-such-camera/check")).code == "camera.unknown"
