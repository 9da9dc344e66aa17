"""The size of a picture: what a person asks for, what he gets, and that both are said."""

import re

import pytest
from playwright.async_api import expect

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
