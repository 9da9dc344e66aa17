"""By which way a picture is played: the one that this browser has, and the page says which and why."""

import asyncio
import re
import time
import uuid

import pytest
from playwright.async_api import Locator, Page, expect

from streams.cameras.clips import Clip
from streams.cameras.simulated import SimulatedCity
from streams.fragment import HEADER
from tests.browser.conftest import Enter
from tests.browser.meddler import JPEG, Meddler, of_rendition
from tests.browser.product import Product
from tests.browser.running import REPOSITORY
from tests.browser.tiles import PLAYING_TIMEOUT_MS, expect_pictures, expect_state, expect_words, tile

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STILLS = 3
NO_MEDIA_SOURCE = "delete globalThis.MediaSource;"
NO_DECODER = "delete globalThis.VideoDecoder;"
# It says that it plays H.264, but not the profile and level that this camera sends.
PLAYS_OTHERS = 'MediaSource.isTypeSupported = (type) => type.includes("avc1.42E01F");'
MANAGED_ONLY = """
globalThis.ManagedMediaSource = class ManagedMediaSource extends MediaSource {};
delete globalThis.MediaSource;
// As on an iPhone: it does not open where the picture could be sent to another screen.
const src = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "src");
Object.defineProperty(HTMLMediaElement.prototype, "src", {
  ...src,
  set(address) { if (this.disableRemotePlayback) src.set.call(this, address); },
});
"""


async def expect_way(tile: Locator, way: str, why: str) -> None:
    await expect(tile).to_have_attribute("data-way", way, timeout=PLAYING_TIMEOUT_MS)
    await expect(tile.locator(".how")).to_have_attribute("title", re.compile(re.escape(why)))


async def test_the_enlarged_picture_is_decoded_here_and_the_small_one_is_a_stream_again(enter: Enter) -> None:
    operator = await enter("operator")
    steady = tile(operator.page, "steady")
    await expect_way(steady, "MSE", "the usual way")
    await expect_pictures(steady, 10)
    await steady.hover()
    await steady.get_by_role("button", name=re.compile("^Enlarge")).click()
    await expect_way(steady, "WebCodecs", "the enlarged picture")
    await expect_words(steady, "Decoded picture by picture")
    box = await steady.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (1920, 1080)
    await expect_state(steady, "live")
    await expect_pictures(steady, 20)
    assert await steady.locator("canvas").evaluate("canvas => canvas.width") == 640
    assert await _colours(steady.locator("canvas")) > 10
    await operator.page.keyboard.press("Escape")
    await expect_way(steady, "MSE", "the usual way")
    await expect_pictures(steady, 20)
    await expect(steady.locator("canvas")).to_have_class(re.compile(r"\boff\b"))


async def test_an_enlarged_picture_gives_way_to_a_new_alert(enter: Enter, product: Product) -> None:
    operator = await enter("operator")
    steady = tile(operator.page, "steady")
    await steady.hover()
    await steady.get_by_role("button", name=re.compile("^Enlarge")).click()
    await expect(steady).to_have_class(re.compile(r"\blarge\b"))
    alert = await product.raise_alert(identifier=f"test-{uuid.uuid4()}", event="Shots")
    await expect(operator.page.locator(f'ol [data-alert="{alert["id"]}"]')).to_be_in_viewport()
    await expect(steady).not_to_have_class(re.compile(r"\blarge\b"))


async def test_an_enlarged_picture_changes_its_resolution(
    enter: Enter, cameras: SimulatedCity, clips: tuple[Clip, Clip]
) -> None:
    operator = await enter("operator")
    changing = tile(operator.page, "changing")
    await changing.hover()
    await changing.get_by_role("button", name=re.compile("^Enlarge")).click()
    await expect_way(changing, "WebCodecs", "the enlarged picture")
    canvas = await changing.locator("canvas").element_handle()
    for clip in (clips[1], clips[0]):
        cameras.cameras["changing"].change_resolution(clip)
        await operator.page.wait_for_function(
            "([canvas, width]) => canvas.width === width", arg=[canvas, clip.parameters.width]
        )
        await expect_pictures(changing, 20)
        await expect_state(changing, "live")


async def test_where_there_is_only_a_managed_media_source_that_one_plays(enter: Enter) -> None:
    operator = await enter("operator")
    await operator.page.add_init_script(MANAGED_ONLY)
    await operator.page.reload()
    steady = tile(operator.page, "steady")
    await expect_way(steady, "Managed MSE", "this browser has no MediaSource")
    await expect_state(steady, "live")
    await expect_pictures(steady, 20)


async def test_where_there_is_no_media_source_at_all_every_tile_is_decoded_here(enter: Enter) -> None:
    operator = await enter("operator")
    await operator.page.add_init_script(NO_MEDIA_SOURCE)
    await operator.page.reload()
    steady = tile(operator.page, "steady")
    await expect_way(steady, "WebCodecs", "this browser has no MediaSource")
    await expect_state(steady, "live")
    await expect_pictures(steady, 20)


async def test_without_a_decoder_the_enlarged_picture_says_why_it_is_a_stream(enter: Enter) -> None:
    operator = await enter("operator")
    await operator.page.add_init_script(NO_DECODER)
    await operator.page.reload()
    steady = tile(operator.page, "steady")
    await expect_state(steady, "live")
    await steady.hover()
    await steady.get_by_role("button", name=re.compile("^Enlarge")).click()
    await expect_way(steady, "MSE", "this browser has no WebCodecs")
    await expect_pictures(steady, 20)


async def test_a_browser_that_plays_no_streams_says_so_and_shows_single_pictures(enter: Enter) -> None:
    operator = await enter("operator")
    await operator.page.add_init_script(NO_MEDIA_SOURCE + NO_DECODER)
    meddler = await _between_with_stills(operator.page)
    steady = tile(operator.page, "steady")
    await expect(steady).to_be_visible()
    number = await _number(steady)
    await expect_subscribed(meddler, "steady")
    assert meddler.asked("subscribe", "steady")[0]["codecs"] == ["jpeg"]
    _tell_still(meddler, number, why="codec")
    await expect_way(steady, "JPEG", "this browser has no MediaSource, and this browser has no WebCodecs")
    await expect_words(steady, r"Stills · this browser")
    await expect_words(steady, r"STILL \d\.\d s")
    assert await steady.locator("canvas").evaluate("canvas => canvas.width") == 160
    # None follows: it must not go on looking like one.
    await expect_state(steady, "frozen")


async def test_what_this_browser_cannot_play_after_all_is_asked_for_as_single_pictures(enter: Enter) -> None:
    operator = await enter("operator")
    await operator.page.add_init_script(PLAYS_OTHERS + NO_DECODER)
    meddler = await _between_with_stills(operator.page)
    steady = tile(operator.page, "steady")
    await expect_state(steady, "down")
    await expect_words(steady, r"This browser cannot play avc1\.")
    assert "avc1" in meddler.asked("subscribe", "steady")[0]["codecs"]
    assert [message["quality"] for message in meddler.asked("quality", "steady")] == ["stills"]
    _tell_still(meddler, await _number(steady), why="asked")
    await expect_way(steady, "JPEG", "this browser cannot play avc1.")
    await expect_words(steady, r"STILL \d\.\d s")


async def _between_with_stills(page: Page) -> Meddler:
    """The stills come from the test, one by one, so that it knows them."""
    meddler = Meddler()
    meddler.hushed |= {"rendition", "quality"}
    meddler.change = lambda message: message if message[1] >> 4 & 7 != STILLS else None
    await meddler.between(page)
    return meddler


async def expect_subscribed(meddler: Meddler, camera: str) -> None:
    deadline = time.monotonic() + PLAYING_TIMEOUT_MS / 1000
    while "subscribed" not in meddler.told(camera):
        assert time.monotonic() < deadline, f"{camera} was not subscribed to"
        await asyncio.sleep(0.05)


def _tell_still(meddler: Meddler, number: int, *, why: str) -> None:
    words = {"rendition": "stills", "why": why, "message": ""}
    meddler.tell({"type": "rendition", "camera_number": number, **words})
    jpeg = (REPOSITORY / "tests/vectors/wire/jpeg.bin").read_bytes()[24:]
    meddler.tell(of_rendition(HEADER.pack(JPEG, 1, number, 1, time.time() * 1000, 0) + jpeg, STILLS))


async def _colours(canvas: Locator) -> int:
    """How many there are in a row of it: a picture that was not drawn has one."""
    script = """(canvas) => {
      const row = canvas.getContext("2d").getImageData(0, canvas.height / 2, canvas.width, 1).data;
      return new Set(Array.from({ length: canvas.width }, (_, x) => row.slice(4 * x, 4 * x + 3).join())).size;
    }"""
    count: int = await canvas.evaluate(script)
    return count


async def _number(tile: Locator) -> int:
    return int(await tile.locator(".name b").inner_text())
