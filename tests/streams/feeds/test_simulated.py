import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from streams.alert import Alert
from streams.city import City, generate
from streams.feeds.simulated import SimulatedGunshots
from streams.formats.gunshot_xml import parse
from streams.geo import distance_m

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CITY = generate(7)


class Door:
    """A server's intake: checks the signature, answers with the next status told, keeps what it got."""

    def __init__(self, answers: Sequence[int]) -> None:
        self.got: list[tuple[str, int, Alert]] = []
        self.url = ""
        self._answers = list(answers)
        self._new = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        Webhook(SECRET).verify(body, dict(request.headers), json_parse=False)
        alert = parse(body, fields={}, timezone="America/New_York")
        self.got.append((request.headers["webhook-id"], int(request.headers["webhook-timestamp"]), alert))
        self._new.set()
        return web.Response(status=self._answers.pop(0) if self._answers else 201)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.got) < count:
                self._new.clear()
                await self._new.wait()


@asynccontextmanager
async def _door(*answers: int) -> AsyncIterator[Door]:
    door = Door(answers)
    app = web.Application()
    app.router.add_post("/intake/gunshot", door.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    door.url = f"http://127.0.0.1:{runner.addresses[0][1]}/intake/gunshot"
    try:
        yield door
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _pushing(url: str, *, city: City = CITY, seed: int = 7, interval_s: float = 0.005) -> AsyncIterator[None]:
    gunshots = SimulatedGunshots(url, SECRET, city, seed, interval_s=interval_s, first_after_s=0)
    task = asyncio.create_task(gunshots.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_alerts_are_signed_and_can_be_read() -> None:
    async with _door() as door, _pushing(door.url):
        await door.until(40)

    alerts = [alert for _, _, alert in door.got]
    assert len({alert.source_id for alert in alerts}) == len(alerts)
    assert [alert.problems for alert in alerts if alert.problems] == []
    assert {"Multiple gunshots", "Single gunshot"} <= {alert.event for alert in alerts}
    for alert in alerts:
        assert alert.circle is not None
        assert alert.circle.radius_m >= 25
        assert min(distance_m(alert.circle.center, post.point) for post in CITY.posts) < 1500
        assert alert.sent_at is not None
        assert alert.onset_at is not None
        assert 15 <= alert.sent_at - alert.onset_at <= 46
        assert abs(alert.sent_at - time.time()) < 30


async def test_the_seed_decides_what_happens() -> None:
    async def first(seed: int) -> list[object]:
        async with _door() as door, _pushing(door.url, seed=seed):
            await door.until(5)
        return [(alert.event, alert.circle, alert.area_desc) for _, _, alert in door.got[:5]]

    assert await first(3) == await first(3)
    assert await first(3) != await first(4)


@pytest.mark.parametrize("status", [500, 503, 401, 404])
async def test_a_message_is_repeated_under_the_same_id_until_it_is_accepted(status: int) -> None:
    async with _door(status, 201) as door, _pushing(door.url):
        await door.until(3)

    (first_id, first_at, first), (second_id, second_at, second), (third_id, _, _) = door.got[:3]
    assert (first_id, first) == (second_id, second)
    assert second_at >= first_at
    assert third_id != first_id


async def test_a_repetition_that_the_server_knows_already_is_done() -> None:
    async with _door(500, 200) as door, _pushing(door.url):
        await door.until(3)

    assert door.got[1][0] != door.got[2][0]


async def test_a_document_that_the_server_refuses_is_given_up() -> None:
    async with _door(400) as door, _pushing(door.url):
        await door.until(2)

    assert door.got[0][0] != door.got[1][0]


async def test_no_server_is_waited_for() -> None:
    async with _door() as gone:
        url = gone.url
    async with _pushing(url):
        await asyncio.sleep(0.1)
        door = Door([])
        app = web.Application()
        app.router.add_post("/intake/gunshot", door.take)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(url.split(":")[2].split("/")[0])).start()
        await door.until(1)
        await runner.cleanup()


async def test_as_a_process_it_says_that_it_is_ready_and_stops_on_sigterm() -> None:
    async with _door() as door:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "streams.feeds.simulated", "--url", door.url, "--first-after", "0",
            stdout=PIPE, env={**os.environ, "SIGHTLINE_GUNSHOT_SECRET": SECRET},
        )  # fmt: skip
        assert process.stdout is not None
        try:
            async with asyncio.timeout(10):
                assert json.loads(await process.stdout.readline()) == {"ready": True}
                await door.until(1)
                process.send_signal(signal.SIGTERM)
                assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def test_without_a_secret_it_says_so() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "streams.feeds.simulated", "--url", "http://127.0.0.1:9/"],
        env={**os.environ, "SIGHTLINE_GUNSHOT_SECRET": ""}, capture_output=True, text=True, timeout=10, check=False,
    )  # fmt: skip

    assert ended.returncode == 1
    assert "SIGHTLINE_GUNSHOT_SECRET holds no secret" in ended.stderr
