"""The pictures of the README, of the running demo: `make screenshots`."""

import argparse
import asyncio
import re
from pathlib import Path

from playwright.async_api import async_playwright, expect

from server.demo import password_of
from tests.browser.running import REPOSITORY, Running
from tests.browser.visitor import FLAGS, Visitor, chromium, visit
from tests.free_port import free_port

CLIPS_TIMEOUT_S = 600.0
FIRST_ALERT_TIMEOUT_MS = 60_000
CHECK_TIMEOUT_MS = 90_000
CLIP_TIMEOUT_MS = 30_000
OFFICER = "officer-12"
BY_HAND = (
    {
        "event": "Person with a weapon",
        "priority": 2,
        "headline": "Person with a knife, seen by a camera operator",
        "area": {"areaDesc": "Park St near 7th Ave", "point": {"lat": 41.7583, "lon": -72.6672}, "radius_m": 40},
    },
    {
        "event": "Street race",
        "priority": 3,
        "headline": "Street race, 5 cars",
        "area": {
            "areaDesc": "River Expressway, northbound",
            "point": {"lat": 41.757, "lon": -72.6475},
            "radius_m": 120,
        },
    },
)
RAISE = """(alert) => fetch("/api/alerts", {
  method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(alert)
})"""
KEEP = """(camera) => fetch("/api/clips", {
  method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({
    id: crypto.randomUUID(), camera, from_ms: Date.now() - 30_000, to_ms: Date.now(), why: "Person with a knife"
  })
})"""


async def take(folder: Path, data: Path, *, takes_all: bool) -> None:
    """Start the demo, wait for its first gunshots, send them to an officer, and take the pictures."""
    port = free_port()
    arguments = ("demo", "--port", str(port), "--no-browser", "--data", str(data))
    async with Running(*arguments, ready_timeout_s=CLIPS_TIMEOUT_S), async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        address = f"http://127.0.0.1:{port}"
        operator = await visit(browser, address)
        officer = await visit(browser, address, width=800, height=1280, color_scheme="dark")
        dispatcher = await visit(browser, address, width=1600, height=900)
        for visitor, person in ((operator, "operator"), (officer, OFFICER), (dispatcher, "dispatcher")):
            await visitor.sign_in(person, password_of(person))
        for camera in ("main-6th", "main-9th"):
            await operator.page.locator(f'li[data-camera="{camera}"]').get_by_role("button", name="To the wall").click()
        await operator.page.locator("ol [data-alert]").first.wait_for(timeout=FIRST_ALERT_TIMEOUT_MS)
        for alert in BY_HAND:
            await operator.page.evaluate(RAISE, alert)
        await operator.page.locator("ol [data-alert]", has_text="gunshot").first.click()
        await operator.page.get_by_role("button", name="Send to 12").click()
        await officer.page.locator(".tile[data-state=live]").first.wait_for()
        for tile in await operator.page.locator(".tile").all():
            await expect(tile).to_have_attribute("data-age", re.compile(r"^[12]?\d?\d$"), timeout=30_000)
        await operator.page.mouse.move(0, 0)
        await operator.page.screenshot(path=folder / "console.png")
        if takes_all:
            await officer.page.screenshot(path=folder / "tablet.png")
            await officer.page.get_by_role("button", name="ACKNOWLEDGE").first.click()
            await expect(dispatcher.page.locator("tr[data-state=acknowledged]").first).to_be_visible()
            await dispatcher.page.screenshot(path=folder / "dispatch.png")
            await _look_after_cameras(dispatcher, folder)
        await browser.close()


async def _look_after_cameras(dispatcher: Visitor, folder: Path) -> None:
    """Health, with one camera and how it should look; then a clip of the last half minute."""
    page = dispatcher.page
    await page.goto("/cameras")
    await page.locator("tr[data-camera][data-state=live] button").first.click()
    await page.get_by_role("button", name="Check now", exact=True).click()
    await page.locator("li[data-outcome]").first.wait_for(timeout=CHECK_TIMEOUT_MS)
    await page.get_by_role("button", name="Look", exact=True).click()
    for picture in ("still", "reference"):
        await page.locator(f"[data-picture={picture}] img").wait_for()
    await page.mouse.move(0, 0)
    await page.screenshot(path=folder / "cameras.png")
    await page.evaluate(KEEP, "main-4th")
    await page.get_by_role("button", name="Clips").click()
    kept = page.locator("tr[data-clip][data-state=kept]").first
    await kept.wait_for(timeout=CLIP_TIMEOUT_MS)
    await kept.click()
    await page.get_by_role("button", name="Play").click()
    await page.wait_for_function("() => document.querySelector('video')?.currentTime > 1")
    await page.screenshot(path=folder / "clips.png")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPOSITORY / "docs" / "screens", help="default: docs/screens")
    parser.add_argument("--data", type=Path, default=REPOSITORY / "var" / "screenshots", help="of the demo")
    parser.add_argument(
        "--all", action="store_true", help="tablet.png, dispatch.png, cameras.png and clips.png besides console.png"
    )
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for old in options.data.glob("sightline.db*"):  # the clips stay, the alerts of last time go
        old.unlink()
    asyncio.run(take(options.folder.resolve(), options.data.resolve(), takes_all=options.all))


if __name__ == "__main__":
    main()
