"""Pictures play, say how old they are, and never look live when they are not."""

import pytest
from playwright.async_api import expect

from streams.cameras.clips import Clip
from streams.cameras.simulated import SimulatedCity
from tests.browser.conftest import Enter
from tests.browser.tiles import age_ms, expect_pictures, expect_state, expect_words, tile

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_live_tile_plays_and_says_how_old_its_picture_is(enter: Enter) -> None:
    operator = await enter("operator")
    steady = tile(operator.page, "steady")
    await expect_state(steady, "live")
    await expect_pictures(steady, 20)
    assert 0 <= await age_ms(steady) < 1_000
    await expect_words(steady, r"LIVE 0\.\d s")
    assert await steady.locator("video").evaluate("video => video.getVideoPlaybackQuality().totalVideoFrames") >= 20


async def test_a_camera_that_stalls_says_so_in_words_and_comes_back_live(enter: Enter, cameras: SimulatedCity) -> None:
    operator = await enter("operator")
    stalling = tile(operator.page, "stalling")
    await expect_state(stalling, "live")
    try:
        cameras.cameras["stalling"].stall()
        await expect_state(stalling, "frozen")
        await expect_words(stalling, "NO NEW PICTURE")
        await expect_words(stalling, r"LAST \d\d:\d\d:\d\d")
        darkness = await stalling.locator(".picture").evaluate("picture => getComputedStyle(picture).filter")
        assert "grayscale(1)" in darkness
    finally:
        cameras.cameras["stalling"].resume()
    await expect_state(stalling, "live")
    await expect_pictures(stalling, 20)
    assert await age_ms(stalling) < 1_000


async def test_a_camera_whose_plug_is_pulled_comes_back_by_itself(enter: Enter, cameras: SimulatedCity) -> None:
    operator = await enter("operator")
    stalling = tile(operator.page, "stalling")
    await expect_state(stalling, "live")
    try:
        cameras.cameras["stalling"].kill()
        await expect(stalling).to_have_attribute("data-state", "down", timeout=20_000)
        await expect_words(stalling, r"NO PICTURE since \d\d:\d\d:\d\d")
        assert await stalling.get_attribute("data-reason")
    finally:
        cameras.cameras["stalling"].resume()
    await expect_state(stalling, "live", timeout_ms=30_000)
    await expect_pictures(stalling, 20)


async def test_a_change_of_resolution_plays_on(enter: Enter, cameras: SimulatedCity, clips: tuple[Clip, Clip]) -> None:
    operator = await enter("operator")
    changing = tile(operator.page, "changing")
    await expect_state(changing, "live")
    for clip in (clips[1], clips[0]):
        cameras.cameras["changing"].change_resolution(clip)
        await operator.page.wait_for_function(
            "([video, width]) => video.videoWidth === width",
            arg=[await changing.locator("video").element_handle(), clip.parameters.width],
        )
        await expect_pictures(changing, 20)
        await expect_state(changing, "live")


async def test_pictures_of_a_jpeg_camera_are_drawn(enter: Enter) -> None:
    operator = await enter("operator")
    await operator.page.locator('li[data-camera="mjpeg"]').get_by_role("button", name="To the wall").click()
    jpeg = tile(operator.page, "mjpeg")
    await expect_state(jpeg, "live")
    await expect_pictures(jpeg, 20)
    assert await jpeg.locator("canvas").evaluate("canvas => canvas.width") == 160


async def test_a_camera_taken_off_the_wall_is_not_asked_for_any_more(enter: Enter) -> None:
    operator = await enter("operator")
    await expect_state(tile(operator.page, "steady"), "live")
    async with operator.page.expect_websocket(lambda socket: socket.url.endswith("/ws/video")) as opening:
        await operator.page.reload()
    video = await opening.value
    await expect_state(tile(operator.page, "steady"), "live")
    async with video.expect_event("framesent", lambda text: "unsubscribe" in str(text) and "steady" in str(text)):
        await tile(operator.page, "steady").get_by_role("button", name="off the wall").click()
    await expect(tile(operator.page, "steady")).to_have_count(0)
