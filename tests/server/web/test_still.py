"""Stills through the whole server."""

from collections.abc import AsyncIterator

import pytest

from streams.formats import jpeg
from streams.valkey import EmbeddedValkey
from tests.fakes.street import HEIGHT, WIDTH, as_jpeg, street
from tests.fakes.studio import Studio, open_studio
from tests.server.running import Client, Running
from tests.streams.until import until


@pytest.fixture
async def studio(server: Running, valkey: EmbeddedValkey) -> AsyncIterator[Studio]:
    async with open_studio(valkey.url) as studio:
        await studio.say(main_4th="live", harbor="live")
        for number in (4, 5):
            studio.camera(number).jpeg(as_jpeg(street()))
        await until(lambda: server.services.board.state_of("harbor").state == "live")
        yield studio


async def recorded(server: Running) -> list[tuple[str, str, str]]:
    entries = (await (await server.signed_in("admin")).get("/api/audit")).json["entries"]
    return [(entry["action"], entry["actor"], entry["subject"]) for entry in entries]


async def test_the_staff_get_a_still_and_it_is_on_record(server: Running, studio: Studio, operator: Client) -> None:
    async with server.http.get(
        f"{server.address}/api/cameras/harbor/still?purpose=report", headers=operator.headers
    ) as answer:
        assert (answer.status, answer.content_type) == (200, "image/jpeg")
        assert jpeg.size(await answer.read()) == (WIDTH, HEIGHT)
        sent = studio.camera(5).sent[-1]
        assert answer.headers["Sightline-Captured-Ms"] == f"{sent.captured_ms:.0f}"
    assert ("camera.still_taken", "operator", "camera:harbor") in await recorded(server)


async def test_an_officer_gets_those_that_were_pushed_to_him(
    server: Running, studio: Studio, operator: Client, officer: Client
) -> None:
    assert (await officer.request("HEAD", "/api/cameras/harbor/still")).status == 403
    refused = await officer.get("/api/cameras/harbor/still")
    unknown = await officer.get("/api/cameras/no-such-camera/still")
    assert refused.code == unknown.code == "camera.forbidden", "which there are is not his to know"
    await operator.post("/api/pushes", {"id": "push-1", "cameras": ["harbor"], "to": {"people": ["officer-12"]}})
    async with server.http.get(f"{server.address}/api/cameras/harbor/still", headers=officer.headers) as answer:
        assert answer.status == 200
    await until(lambda: not server.services.looks._rows)
    assert ("camera.watch_refused", "officer-12", "camera:harbor") in await recorded(server)


async def test_too_long_a_purpose_is_refused(operator: Client) -> None:
    assert (await operator.get("/api/cameras/harbor/still?purpose=" + "x" * 201)).code == "request.invalid"


async def test_what_does_not_exist_or_gives_nothing_is_said(server: Running, operator: Client) -> None:
    assert (await operator.get("/api/cameras/no-such-camera/still")).code == "camera.unknown"
    server.services.stills.connect_s = 0.2
    answer = await operator.get("/api/cameras/harbor/still")
    assert (answer.status, answer.code) == (503, "still.unavailable")
    assert "gave no whole picture" in answer.json["error"]["message"]
    assert "camera.still_taken" not in {action for action, _, _ in await recorded(server)}
