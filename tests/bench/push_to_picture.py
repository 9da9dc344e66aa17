"""How long after an operator's click on Send does an officer see the first picture?"""

import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

from tests.bench import browser, product
from tests.bench.measure import Measure, percentile
from tests.bench.program import Program

CLICKS = 10
RUNS = 3
PAUSE_S = 0.3
"""Not a divisor of the time between key frames, so that joins fall anywhere between them."""


def measure(clips: Path) -> list[Measure]:
    runs = [_run(clips) for _ in range(RUNS)]
    note = f"{CLICKS} clicks a run; the camera is on the operator's screen, 720p25, key frame every 2 s"
    return [
        Measure("push_to_picture_p50", [percentile(run, 50) for run in runs], "ms", 1000, note),
        Measure("push_to_picture_max", [max(run) for run in runs], "ms", 1000, note),
    ]


def _run(clips: Path) -> list[float]:
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as name:
        folder = Path(name)
        arguments = ["-m", "tests.bench.camera", str(clips), str(folder / "sent")]
        with (
            Program(arguments, log=folder / "camera.log") as camera,
            product.up(folder, camera_url=camera.line(timeout_s=120)["url"]) as running,
            browser.chromium() as chromium,
        ):
            tablet = browser.sign_in(chromium, running, "officer", screen=browser.TABLET)
            console = browser.sign_in(chromium, running, "operator", screen=browser.DESK)
            console.locator("li[data-camera=bench] button.name").click()
            console.wait_for_selector("[data-camera=bench][data-state=live]")
            ahead_ms = browser.clock_ahead_ms(tablet) - browser.clock_ahead_ms(console)
            return [_push(console, tablet, ahead_ms) for _ in range(CLICKS)]


def _push(console: Page, tablet: Page, ahead_ms: float) -> float:
    before = tablet.evaluate("bench.pictures.length")
    console.get_by_role("button", name="Send to 7 · officer").click()
    clicked_ms: float = console.evaluate("bench.clickedMs")
    tablet.wait_for_function("before => bench.pictures.length > before", arg=before, polling=50)
    painted_ms: float = tablet.evaluate("before => bench.pictures[before]", before)
    push_id = tablet.get_attribute("article[data-waiting=true]", "data-push")
    console.evaluate("id => fetch(`/api/pushes/${id}/recall`, { method: 'POST' })", push_id)
    tablet.wait_for_selector("video", state="detached")
    time.sleep(PAUSE_S)
    return painted_ms - ahead_ms - clicked_ms
