"""The first touch of a page lets it sound, and still does what the finger meant."""

import asyncio

import pytest
from playwright.async_api import Browser, FloatRect, Locator, expect

from tests.browser.product import Product
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def _at_rest(place: Locator) -> FloatRect:
    """Where it is, once it has not moved for half a second: before that a touch may have been meant for another."""
    async with asyncio.timeout(20):
        before = None
        while (now := await place.bounding_box()) is None or now != before:
            before = now
            await asyncio.sleep(0.5)
        return now


async def test_the_first_touch_on_acknowledge_acknowledges_although_the_words_above_go_away(
    product: Product, browser: Browser
) -> None:
    push = await product.push("spare", "officer-7", "push-of-the-first-touch")
    size = {"width": 800, "height": 1280}
    context = await browser.new_context(base_url=product.address, viewport=size, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    try:
        officer = Visitor(await context.new_page(), context)
        await officer.sign_in("officer-7")
        words = officer.page.get_by_text("SOUND IS OFF")
        await expect(words).to_be_visible()
        card = officer.page.locator(f'article[data-push="{push["id"]}"]')
        button = card.get_by_role("button", name="ACKNOWLEDGE")
        before, box = await _at_rest(card), await _at_rest(button)
        await officer.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] - 4)
        await expect(words).to_have_count(0)
        await expect(card).to_contain_text("✓ Acknowledged")
        after = await card.bounding_box()
        assert after is not None
        assert after["y"] < before["y"], "what was touched moved, else this test shows nothing"
    finally:
        await context.close()
        await product.recall(push["id"])
