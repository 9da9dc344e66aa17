"""The real product, real cameras on loopback that fail on command, and one Chromium for all tests of this folder."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, async_playwright, expect

from streams.cameras.clip_encoder import make
from streams.cameras.clips import Clip, Recipe
from streams.cameras.simulated import SimulatedCamera, SimulatedCity
from streams.city import generate
from tests.browser.product import Post, Product
from tests.browser.running import REPOSITORY
from tests.browser.visitor import FLAGS, Visitor, chromium, visit

expect.set_options(timeout=20_000)

Enter = Callable[..., Awaitable[Visitor]]
PAGES = {
    "operator": "console",
    "supervisor": "console",
    "dispatcher": "dispatch",
    "officer-7": "tablet",
    "officer-12": "tablet",
}
MASKS = {"masked": "[[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]]"}
"""The left half of the picture."""


@pytest.fixture(scope="session")
def pages() -> None:
    """The built web clients; takes no time when they are built."""
    built = subprocess.run(
        [sys.executable, str(REPOSITORY / "clients" / "web" / "build.py")],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clip, Clip]:
    """640x360 and 320x180, 15 pictures a second, 4 s."""
    folder = tmp_path_factory.mktemp("clips")
    sizes = ((640, 360), (320, 180))
    recipes = [
        Recipe(title="01  Main St", seed=4, width=width, height=height, length_s=4, key_every_s=1)
        for width, height in sizes
    ]
    large, small = (Clip.open(make(recipe, folder)) for recipe in recipes)
    return large, small


@pytest.fixture(scope="session")
def rare(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """320x180 with a key frame every 12 s, as cameras with "smart" codecs send."""
    recipe = Recipe(title="06  Rare St", seed=6, width=320, height=180, length_s=24, key_every_s=12)
    return Clip.open(make(recipe, tmp_path_factory.mktemp("rare")))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cameras(clips: tuple[Clip, Clip], rare: Clip) -> AsyncIterator[SimulatedCity]:
    """One camera for each way to fail, so that no test disturbs another."""
    names = ("steady", "stalling", "changing", "recalled", "spare", "masked")
    all_of_them = [SimulatedCamera(name, clips[0]) for name in names]
    async with SimulatedCity([*all_of_them, SimulatedCamera("rare", rare)]) as city:
        yield city


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mjpeg() -> AsyncIterator[str]:
    """Address of a camera that sends the same JPEG ten times a second."""
    picture = (REPOSITORY / "tests/vectors/wire/jpeg.bin").read_bytes()[24:]

    async def play(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "multipart/x-mixed-replace; boundary=picture"})
        await response.prepare(request)
        head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n".encode()
        with contextlib.suppress(ConnectionResetError):
            while True:
                await response.write(head + picture + b"\r\n")
                await asyncio.sleep(0.1)
        return response

    app = web.Application()
    app.router.add_get("/video", play)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/video"
    await runner.cleanup()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def product(
    pages: None, cameras: SimulatedCity, mjpeg: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Product]:
    city = generate(7)
    addresses = {**{name: cameras.url(name) for name in cameras.cameras}, "mjpeg": mjpeg}
    posts = [
        Post(
            name,
            place.number,
            place.name,
            address,
            place.point.lat,
            place.point.lon,
            place.heading_deg,
            MASKS.get(name, ""),
        )
        for (name, address), place in zip(addresses.items(), city.posts, strict=False)
    ]
    async with Product(tmp_path_factory.mktemp("product"), posts, city=city.geojson()) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chrome = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield chrome
        await chrome.close()


@pytest_asyncio.fixture(loop_scope="session")
async def enter(product: Product, browser: Browser) -> AsyncIterator[Enter]:
    """Signs a person in, in a browser profile of his own; afterwards no page may have done anything it must not."""
    visitors: list[Visitor] = []

    async def sign_in(person: str | None, **size: Any) -> Visitor:
        visitor = await visit(browser, product.address, **size)
        visitors.append(visitor)
        if person is not None:
            await visitor.sign_in(person)
            await visitor.page.wait_for_url(f"**/{PAGES[person]}")
        return visitor

    yield sign_in
    for visitor in visitors:
        await visitor.context.close()
    assert [problem for visitor in visitors for problem in visitor.problems] == []
