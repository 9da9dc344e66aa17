"""Pictures go on by themselves: after bad bytes, without room, with rare key frames, and after nobody has looked."""

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, async_playwright, expect

from tests.browser.conftest import Enter
from tests.browser.meddler import Change, Meddler, camera_number, is_frame, is_key, spoiled, swollen, torn
from tests.browser.product import PASSWORD, Product
from tests.browser.tabs import Tabs
from tests.browser.tiles import age_ms, expect_pictures, expect_state, tile
from tests.browser.visitor import FLAGS, chromium, visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LIMIT_MB = 1
SWOLLEN_BYTES = 200_000
COUNT_BUILDS = """
globalThis.built = 0;
for (const name of ["MediaSource", "VideoDecoder"]) {
  const Real = globalThis[name];
  globalThis[name] = class extends Real { constructor(...what) { super(...what); globalThis.built += 1; } };
}
"""
NOTE_REFUSALS = """
globalThis.refusals = [];
const append = SourceBuffer.prototype.appendBuffer;
SourceBuffer.prototype.appendBuffer = function (bytes) {
  try { return append.call(this, bytes); } catch (error) { globalThis.refusals.push(error.name); throw error; }
};
"""


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("bad", [spoiled, torn])
async def test_bad_bytes_end_a_player_and_another_goes_on_by_itself(enter: Enter, bad: Change, is_large: bool) -> None:
    operator = await enter("operator")
    await operator.page.add_init_script(COUNT_BUILDS)
    meddler = Meddler()
    await meddler.between(operator.page)
    steady = tile(operator.page, "steady")
    if is_large:
        await steady.hover()
        await steady.get_by_role("button", name="Enlarge").click()
    await expect(steady).to_have_attribute("data-way", "WebCodecs" if is_large else "MSE")
    await expect_pictures(steady, 10)
    before = await operator.page.evaluate("globalThis.built")
    _spoil_a_group(meddler, bad, await _number(steady))
    await operator.page.wait_for_function("before => globalThis.built > before", arg=before)
    await expect_state(steady, "live")
    await expect_pictures(steady, 20)
    await expect(steady).to_have_attribute("data-way", "WebCodecs" if is_large else "MSE")


async def test_where_the_browser_has_no_room_it_begins_anew(product: Product) -> None:
    limit = f"--mse-video-buffer-size-limit-mb={LIMIT_MB}"
    async with async_playwright() as playwright:
        chrome = await playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, limit])
        operator = await visit(chrome, product.address)
        await operator.context.add_init_script(NOTE_REFUSALS)
        await operator.sign_in("operator")
        await operator.page.wait_for_url("**/console")
        meddler = Meddler()
        await meddler.between(operator.page)
        steady = tile(operator.page, "steady")
        await expect_pictures(steady, 10)
        _spoil_a_group(meddler, lambda message: swollen(message, SWOLLEN_BYTES), await _number(steady), frames=12)
        await operator.page.wait_for_function("() => globalThis.refusals.includes('QuotaExceededError')")
        await expect_pictures(steady, 20)
        await expect_state(steady, "live")
        await chrome.close()
        assert operator.problems == []


async def test_a_camera_with_rare_key_frames_plays_on_while_what_was_played_is_forgotten(enter: Enter) -> None:
    operator = await enter("operator")
    await operator.page.locator('li[data-camera="rare"]').get_by_role("button", name="To the wall").click()
    rare = tile(operator.page, "rare")
    await expect_state(rare, "live")
    await expect_pictures(rare, 5)
    video = await rare.locator("video").element_handle()
    await operator.page.evaluate(
        "video => { globalThis.jumps = 0; video.addEventListener('seeking', () => globalThis.jumps += 1); }", video
    )
    # More than is kept, and than lies between two key frames: what begins it is forgotten.
    await operator.page.wait_for_function("video => video.buffered.start(0) > 0", arg=video, timeout=40_000)
    assert await operator.page.evaluate("globalThis.jumps") == 0
    await expect_state(rare, "live")


async def test_a_page_that_nobody_sees_lets_go_of_its_cameras_and_comes_back_with_new_pictures(
    product: Product, tmp_path: Path
) -> None:
    steady = 'document.querySelector(".tile[data-camera=steady]")'
    who = json.dumps({"username": "operator", "password": PASSWORD})
    async with Tabs(tmp_path) as tabs:
        page = await tabs.open(f"{product.address}/sign-in")
        await page.until("document.readyState === 'complete' && location.pathname === '/sign-in'")
        headers = "{'Content-Type': 'application/json'}"
        await page.evaluate(f"fetch('/api/session', {{method: 'POST', headers: {headers}, body: {json.dumps(who)}}})")
        await page.evaluate("location.assign('/console')")
        await page.until(f"{steady}?.dataset.state === 'live'")
        other = await tabs.open("about:blank")
        await page.until("document.hidden")
        # Left after 5 s: no picture comes any more, and the last one does not look live.
        await page.until(f"{steady}.dataset.state === 'frozen'")
        assert await page.evaluate(f"{steady}.dataset.reason") == "pictures have stopped"
        left_at = int(await page.evaluate(f"{steady}.dataset.total"))
        assert await other.evaluate("document.hidden") is False
        await page.to_front()
        await page.until(f"{steady}.dataset.state === 'live' && Number({steady}.dataset.total) > {left_at + 10}")
        assert int(await page.evaluate(f"{steady}.dataset.age")) < 1_000


async def test_a_picture_that_came_back_after_bad_bytes_is_a_new_one(enter: Enter) -> None:
    operator = await enter("operator")
    meddler = Meddler()
    await meddler.between(operator.page)
    steady = tile(operator.page, "steady")
    await expect_pictures(steady, 10)
    number = await _number(steady)
    # Everything is bad for a while: it must neither look live nor give up.
    meddler.change = lambda message: torn(message) if camera_number(message) == number else message
    await expect_state(steady, "frozen")
    meddler.change = lambda message: message
    await expect_state(steady, "live", timeout_ms=40_000)
    await expect_pictures(steady, 20)
    assert 0 <= await age_ms(steady) < 2_000


def _spoil_a_group(meddler: Meddler, bad: Change, number: int, *, frames: int = 3) -> None:
    """The next key frame of this camera and what follows it."""
    spoiled_frames = 0

    def change(message: bytes) -> bytes | None:
        nonlocal spoiled_frames
        is_ours = is_frame(message) and camera_number(message) == number
        if is_ours and spoiled_frames < frames and (spoiled_frames or is_key(message)):
            spoiled_frames += 1
            return bad(message)
        return message

    meddler.change = change


async def _number(tile: Locator) -> int:
    return int(await tile.locator(".name b").inner_text())


async def test_a_video_that_may_not_play_by_itself_is_decoded_here_instead(enter: Enter) -> None:
    operator = await enter("operator")
    # As browsers do while the battery is low.
    await operator.page.add_init_script(
        """HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException("low power", "NotAllowedError"));"""
    )
    await operator.page.reload()
    steady = tile(operator.page, "steady")
    await expect(steady).to_have_attribute("data-way", "WebCodecs", timeout=30_000)
    words = re.compile(r"MediaSource failed \(the browser lets no video play by itself\)")
    await expect(steady.locator(".how")).to_have_attribute("title", words)
    await expect_state(steady, "live")
    await expect_pictures(steady, 20)


async def test_a_player_that_takes_everything_and_shows_nothing_is_replaced(enter: Enter) -> None:
    operator = await enter("operator")
    await operator.page.add_init_script(COUNT_BUILDS)
    await operator.page.reload()
    steady = tile(operator.page, "steady")
    await expect_pictures(steady, 10)
    before = await operator.page.evaluate("globalThis.built")
    # It swallows what it is given and never says that it is done; those that are built later do not.
    await operator.page.evaluate(
        """() => {
          const append = SourceBuffer.prototype.appendBuffer;
          SourceBuffer.prototype.appendBuffer = () => undefined;
          const count = globalThis.built;
          const watch = setInterval(() => {
            if (globalThis.built === count) return;
            SourceBuffer.prototype.appendBuffer = append;
            clearInterval(watch);
          }, 20);
        }"""
    )
    await operator.page.wait_for_function("before => globalThis.built > before", arg=before)
    await expect_state(steady, "live")
    await expect_pictures(steady, 20)
