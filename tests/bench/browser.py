"""Browser: a real Chromium whose pages say when something was painted, and how old each picture was by then."""

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

  // When a picture was taken is in the head of its message, and its time for the player in what that is fed with:
  // so its age is known when it is shown, whoever shows it.
  const shown = (bench.shown = { stream: [], decoded: [] });
  const captured = new Map();
  let newestMs = 0;
  const RealWebSocket = WebSocket;
  globalThis.WebSocket = class extends RealWebSocket {
    constructor(...address) {
      super(...address);
      this.addEventListener("message", ({ data }) => {
        const head = data instanceof ArrayBuffer && data.byteLength > 24 && new DataView(data);
        if (!head || head.getUint8(0) !== 1) return;
        newestMs = head.getFloat64(8);
        captured.set(Number(head.getBigUint64(16)), newestMs);
      });
    }
  };
  let offsetS = 0;
  const append = SourceBuffer.prototype.appendBuffer;
  SourceBuffer.prototype.appendBuffer = function (bytes) { offsetS = this.timestampOffset; append.call(this, bytes); };
  const capturedAt = (timeS) => {
    const ticks = Math.round((timeS - offsetS) * 90000);
    return [0, 1, -1, 2, -2].map((off) => captured.get(ticks + off)).find((found) => found !== undefined);
  };
  const follow = (video) => video.requestVideoFrameCallback((_, frame) => {
    const takenMs = capturedAt(frame.mediaTime);
    if (takenMs !== undefined) shown.stream.push(performance.timeOrigin + frame.expectedDisplayTime - takenMs);
    follow(video);
  });
  const decodedMs = new Map();
  const decode = VideoDecoder.prototype.decode;
  VideoDecoder.prototype.decode = function (chunk) {
    decodedMs.set(chunk.timestamp, newestMs);
    decode.call(this, chunk);
  };
  const drawImage = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (picture, ...where) {
    drawImage.call(this, picture, ...where);
    if (picture instanceof VideoFrame) shown.decoded.push(now() - decodedMs.get(picture.timestamp));
  };
  bench.follow = () => document.querySelectorAll("video").forEach(follow);

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


def shown_ms(page: Page, way: str, *, for_s: float) -> list[float]:
    """How old pictures are when they are displayed, all of these seconds: from the reader's capture time on.

    ``way`` is ``stream`` (the video element; ``expectedDisplayTime``) or ``decoded`` (when drawn on the canvas).
    """
    page.evaluate("way => { bench.shown[way].length = 0; }", way)
    page.wait_for_timeout(for_s * 1000)
    shown: list[float] = page.evaluate("way => bench.shown[way]", way)
    ahead_ms = clock_ahead_ms(page)
    return [age - ahead_ms for age in shown]
