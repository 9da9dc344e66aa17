"""Browser: a real Chromium whose pages say when something was painted."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.bench.product import PASSWORD, Product

TIMEOUT_MS = 15_000
TABLET = ViewportSize(width=1280, height=800)
DESK = ViewportSize(width=1920, height=1080)
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
_WATCHER = """
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const bench = { now, cards: {}, clickedMs: 0, pictures: [] };
  globalThis.bench = bench;
  // A task after the next frame's callbacks runs when that frame has been handed over to be painted.
  const afterPaint = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => then(now());
    channel.port2.postMessage(0);
  });
  const seen = new WeakSet();
  const look = () => {
    for (const card of document.querySelectorAll("[data-alert]")) {
      const id = card.dataset.alert;
      if (!(id in bench.cards)) { bench.cards[id] = null; afterPaint((at) => { bench.cards[id] = at; }); }
    }
    for (const video of document.querySelectorAll("video")) {
      if (seen.has(video)) continue;
      seen.add(video);
      video.requestVideoFrameCallback((at) => bench.pictures.push(performance.timeOrigin + at));
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributeFilter: ["data-alert"] });
  addEventListener("click", (event) => { bench.clickedMs = performance.timeOrigin + event.timeStamp; }, true);
})();
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    program = next(
        (path for name in (os.environ.get("CHROMIUM", ""), *_PROGRAMS) if (path := shutil.which(name))), None
    )
    if program is None:
        raise RuntimeError("There is no chromium on PATH; this benchmark needs one that plays H.264.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield browser
        browser.close()


def sign_in(browser: Browser, product: Product, person: str, *, screen: ViewportSize) -> Page:
    """A page of its own browser context, signed in and connected."""
    context = browser.new_context(base_url=product.origin, viewport=screen)
    context.set_default_timeout(TIMEOUT_MS)
    context.add_init_script(_WATCHER)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Name").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("main")
    return page


def clock_ahead_ms(page: Page) -> float:
    """The page's clock minus ours: a page takes its time of day once, and counts on from there."""
    best = (float("inf"), 0.0)
    for _ in range(20):
        before = time.time() * 1000
        there: Any = page.evaluate("bench.now()")
        after = time.time() * 1000
        best = min(best, (after - before, float(there) - (before + after) / 2))
    return best[1]
