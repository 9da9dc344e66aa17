"""The size of a picture: what a person asks for, what he gets, and that both are said."""

import re

import pytest
from playwright.async_api import Locator, expect

from streams.rendition import Rendition
from tests.browser.conftest import Enter
from tests.browser.meddler import INIT, Meddler, camera_number, of_rendition
from tests.browser.tiles import expect_pictures, expect_state, expect_words, tile

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_person_chooses_the_quality_of_a_tile(enter: Enter) -> None:
    operator = await enter("operator")
    meddler = Meddler()
    meddler.hushed.add("quality")
    await meddler.between(operator.page)
    steady = tile(operator.page, "steady")
    await expect_state(steady, "live")
    subscribed = meddler.asked("subscribe", "steady")[0]
    assert subscribed["quality"] == "auto"
    assert subscribed["codecs"][0] == "avc1"
    assert subscribed["codecs"][-1] == "jpeg"
    await steady.hover()
    menu = steady.get_by_role("combobox", name=re.compile("^Quality of camera"))
    assert await menu.locator("option").all_inner_texts() == ["Auto", "Full", "480p", "240p", "Stills"]
    await menu.select_option("240p")
    await operator.page.reload()
    await expect_state(steady, "live")
    assert [message["quality"] for message in meddler.asked("quality", "steady")] == ["240p"]


async def test_another_size_is_said_in_words_and_what_is_left_of_the_old_one_is_not_shown(enter: Enter) -> None:
    operator = await enter("operator")
    meddler = Meddler()
    meddler.hushed.add("rendition")
    inits: dict[int, bytes] = {}

    def remember(message: bytes) -> bytes:
        if message[0] == INIT:
            inits[camera_number(message)] = message
        return message

    meddler.change = remember
    await meddler.between(operator.page)
    steady = tile(operator.page, "steady")
    await expect_state(steady, "live")
    number = int(await steady.locator(".name b").inner_text())
    sentence = "Your link is too slow for the whole picture."
    why = {"rendition": "480p", "why": "link", "message": sentence}
    meddler.tell({"type": "rendition", "camera_number": number, **why})
    await expect_words(steady, "480p · slow link")
    await expect(steady.locator(".how")).to_have_attribute("title", re.compile(re.escape(sentence)))
    # All that comes is of the old size.
    await expect_state(steady, "frozen")
    meddler.tell(of_rendition(inits[number], Rendition.P480))
    meddler.change = lambda message: of_rendition(message, Rendition.P480)
    await expect_state(steady, "live")
    await expect_pictures(steady, 20)
    await expect(steady).to_have_attribute("data-rendition", "480p")
    assert await steady.locator("video").evaluate("video => video.error") is None


async def test_smaller_pictures_and_stills_come_from_the_server_and_no_moment_is_black(enter: Enter) -> None:
    operator = await enter("operator")
    steady = tile(operator.page, "steady")
    await expect_state(steady, "live")
    await steady.evaluate(
        """(tile) => {
          globalThis.words = new Set();
          new MutationObserver(() => globalThis.words.add(tile.dataset.state)).observe(tile, { attributes: true });
        }"""
    )
    await steady.hover()
    menu = steady.get_by_role("combobox", name=re.compile("^Quality of camera"))
    await menu.select_option("240p")
    await expect(steady).to_have_attribute("data-rendition", "240p")
    await expect_words(steady, "240p · chosen")
    video = await steady.locator("video").element_handle()
    await operator.page.wait_for_function("video => video.videoWidth === 426 && video.videoHeight === 240", arg=video)
    await expect_pictures(steady, 5)
    await menu.select_option("stills")
    await expect_words(steady, r"STILL \d\.\d s")
    await expect(steady).to_have_attribute("data-way", "JPEG")
    await expect_pictures(steady, 2)
    await menu.select_option("auto")
    await expect(steady).to_have_attribute("data-way", "MSE")
    await expect(steady).to_have_attribute("data-rendition", "source")
    await operator.page.wait_for_function("video => video.videoWidth === 640", arg=video)
    await expect_words(steady, r"LIVE \d\.\d s")
    words = set(await operator.page.evaluate("[...globalThis.words]"))
    assert not words & {"starting", "down"}, words


async def test_masks_are_lifted_for_a_reason_and_stand_again_at_the_next_look(enter: Enter) -> None:
    supervisor = await enter("supervisor")
    await supervisor.page.locator('li[data-camera="masked"]').get_by_role("button", name="To the wall").click()
    masked = tile(supervisor.page, "masked")
    await expect_state(masked, "live", timeout_ms=40_000)
    await expect_pictures(masked, 10)
    assert await _colours_on_the_left(masked) <= 3, "hidden by the mask"
    await masked.hover()
    menu = masked.get_by_role("combobox", name=re.compile("^Quality of camera"))
    await menu.select_option("unmasked")
    reason = masked.get_by_label(re.compile("^Why are the masks lifted"))
    await expect(masked.get_by_role("button", name="Lift them")).to_be_disabled()
    await expect(masked).to_have_attribute("data-rendition", "source")
    await reason.fill("Search for a lost child")
    await masked.get_by_role("button", name="Lift them").click()
    await expect_words(masked, "Unmasked · chosen")
    await expect_pictures(masked, 10)
    assert await _colours_on_the_left(masked) > 10
    await supervisor.page.reload()
    await expect(masked).to_have_attribute("data-rendition", "source", timeout=20_000)
    await expect_state(masked, "live", timeout_ms=40_000)
    assert await _colours_on_the_left(masked) <= 3


async def test_lifting_masks_that_is_refused_is_said_and_changes_nothing(enter: Enter) -> None:
    supervisor = await enter("supervisor")
    meddler = Meddler()
    meddler.hushed.add("quality")
    await meddler.between(supervisor.page)
    steady = tile(supervisor.page, "steady")
    await expect_state(steady, "live")
    await steady.hover()
    menu = steady.get_by_role("combobox", name=re.compile("^Quality of camera"))
    await menu.select_option("unmasked")
    await steady.get_by_label(re.compile("^Why are the masks lifted")).fill("Search for a lost child")
    await steady.get_by_role("button", name="Lift them").click()
    refusal = {"type": "error", "code": "auth.forbidden", "camera": "steady", "message": "You may not lift masks."}
    meddler.tell(refusal)
    await expect(steady.locator(".how")).to_have_attribute("title", re.compile("You may not lift masks"))
    await expect(menu).to_have_value("auto")
    await expect_state(steady, "live")
    await expect_pictures(steady, 10)
    assert meddler.asked("quality", "steady")[0]["purpose"] == "Search for a lost child"


async def _colours_on_the_left(tile: Locator) -> int:
    """How many there are along the middle of the left half, away from its edges; what a codec makes of one is a few."""
    script = """(tile) => {
      const video = tile.querySelector("video");
      const { videoWidth: width, videoHeight: height } = video;
      const context = new OffscreenCanvas(width, height).getContext("2d");
      context.drawImage(video, 0, 0);
      const row = context.getImageData(8, height / 2, width / 2 - 32, 1).data;
      return new Set(Array.from({ length: row.length / 4 }, (_, x) => row.slice(4 * x, 4 * x + 3).join())).size;
    }"""
    count: int = await tile.evaluate(script)
    return count
