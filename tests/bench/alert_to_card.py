"""How long after its ``201`` is an alert on the officer's tablet? In a real browser, until it is painted."""

import http.client
import json
import random
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

from tests.bench import browser, product
from tests.bench.measure import Measure, percentile
from tests.bench.product import HOST, Product
from tests.bench.source import signed_alert

ALERTS = 100
RUNS = 3


def measure(clips: Path) -> list[Measure]:
    runs = [_run() for _ in range(RUNS)]
    note = f"{ALERTS} signed alerts a run, 100 to 300 ms apart; Chromium headless, 1280x800"
    return [
        Measure("alert_to_card_p50", [percentile(run, 50) for run in runs], "ms", 60, note),
        Measure("alert_to_card_p95", [percentile(run, 95) for run in runs], "ms", 200, note),
    ]


def _run() -> list[float]:
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as name:
        no_camera = "rtsp://127.0.0.1:9/none"
        with product.up(Path(name), camera_url=no_camera) as running, browser.chromium() as chromium:
            page = browser.sign_in(chromium, running, "officer", screen=browser.TABLET)
            for _ in range(3):
                _drawn(page, [post(running)[0]])
            posted = []
            ahead_ms = browser.clock_ahead_ms(page)
            for _ in range(ALERTS):
                posted.append(post(running))
                time.sleep(random.uniform(0.1, 0.3))
            drawn = _drawn(page, [alert_id for alert_id, _ in posted])
            return [drawn[alert_id] - ahead_ms - accepted_ms for alert_id, accepted_ms in posted]


def post(running: Product, **fields: object) -> tuple[str, float]:
    """Raise one alert by the door for sources, with these fields; its id, and when the answer was here (ms since the
    epoch)."""
    body, headers = signed_alert(running.secret, **fields)
    connection = http.client.HTTPConnection(HOST, running.port, timeout=10)
    connection.request("POST", "/intake/alerts", body, headers)
    answer = connection.getresponse()
    content = answer.read()
    accepted_ms = time.time() * 1000
    connection.close()
    if answer.status != 201:
        raise RuntimeError(f"the alert was answered with {answer.status}: {content[:300]!r}")
    alert_id: str = json.loads(content)["alert"]["id"]
    return alert_id, accepted_ms


def _drawn(page: Page, alert_ids: list[str]) -> dict[str, float]:
    """When each card was painted; waits until all are."""
    page.wait_for_function("ids => ids.every((id) => bench.cards[id])", arg=alert_ids, polling=100)
    drawn: dict[str, float] = page.evaluate("bench.cards")
    return drawn
