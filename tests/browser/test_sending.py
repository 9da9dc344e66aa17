"""An operator sends a camera; the officer sees it, acknowledges; console and dispatch see how far it got."""

import re
import uuid
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser import device_store
from tests.browser.conftest import Enter
from tests.browser.product import Product
from tests.browser.tiles import expect_pictures, expect_state, expect_words, tile

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ACKNOWLEDGE_HEIGHT_PX = 112


async def _alert(product: Product, camera: str = "steady") -> dict[str, Any]:
    """An alert a few steps from a camera, with a headline of its own."""
    post = product.post(camera)
    return await product.raise_alert(
        identifier=f"test-{uuid.uuid4()}",
        event="Multiple gunshots",
        headline=f"Gunshots {uuid.uuid4().hex[:6]}",
        urgency="Immediate",
        severity="Severe",
        area={"areaDesc": "350 Main St", "point": {"lat": post.lat + 0.0002, "lon": post.lon}, "radius_m": 25},
    )


async def _count_clicks(page: Page) -> None:
    await page.evaluate("window.clicks = 0; addEventListener('click', () => window.clicks += 1, true)")


async def test_two_clicks_send_a_camera_and_everybody_sees_how_far_it_got(enter: Enter, product: Product) -> None:
    operator, officer = await enter("operator"), await enter("officer-12", width=800, height=1280)
    dispatcher = await enter("dispatcher")
    alert = await _alert(product)
    row = dispatcher.page.locator(f'tr[data-alert="{alert["id"]}"]')
    await expect(row).to_contain_text("NOT ACKNOWLEDGED")
    card = officer.page.locator(f'article[data-alert="{alert["id"]}"]')
    await expect(card).to_be_visible()

    await _count_clicks(operator.page)
    await operator.page.locator(f'ol [data-alert="{alert["id"]}"]').click()
    await operator.page.get_by_role("button", name="Send to 12 · A. Reyes").click()
    assert await operator.page.evaluate("window.clicks") == 2

    ladder = operator.page.locator('article[data-push] [data-person="officer-12"]')
    await expect(ladder).to_have_attribute("data-stage", "shown")
    picture = card.locator('.tile[data-camera="steady"]')
    await expect_state(picture, "live")
    await expect_pictures(picture, 20)

    button = card.get_by_role("button", name="ACKNOWLEDGE")
    box = await button.bounding_box()
    assert box is not None
    assert box["height"] >= ACKNOWLEDGE_HEIGHT_PX
    await button.click()
    await expect(card).to_contain_text(re.compile(r"✓ Acknowledged \d\d:\d\d:\d\d"))
    await expect(ladder).to_have_attribute("data-stage", "acknowledged")
    await expect(row).to_have_attribute("data-state", "acknowledged")
    await expect(row).to_contain_text("12 · A. Reyes")
    await expect(row).to_contain_text("1 person · 1 sent · 1 on device · 1 shown · 1 acknowledged")
    assert await product.receipts_about(alert["id"], "acknowledged") == 1


async def test_a_tile_is_sent_in_two_clicks_and_recalled_in_one(enter: Enter) -> None:
    operator, officer = await enter("operator"), await enter("officer-7", width=1280, height=800)
    await expect(tile(operator.page, "recalled")).to_be_visible()
    await _count_clicks(operator.page)
    await tile(operator.page, "recalled").get_by_role("button", name=re.compile("^Send camera")).click()
    await operator.page.get_by_role("button", name="Send to 7 · M. Okafor").click()
    assert await operator.page.evaluate("window.clicks") == 2
    picture = tile(officer.page, "recalled")
    await expect_state(picture, "live")

    await operator.page.get_by_role("button", name="Sent", exact=True).click()
    await operator.page.get_by_role("button", name="Recall").first.click()
    recalled = officer.page.locator("article", has_text=re.compile(r"recalled \d\d:\d\d:\d\d"))
    await expect(recalled.first).to_be_visible()
    await expect(picture).to_have_count(0)
    await expect(operator.page.locator("article[data-push]").first).to_contain_text("recalled")


async def test_a_note_and_several_recipients_go_with_one_send(enter: Enter) -> None:
    note = f"2 men, red hoodie {uuid.uuid4().hex[:6]}"
    operator = await enter("operator")
    officers = [await enter(person, width=800, height=1280) for person in ("officer-7", "officer-12")]
    await operator.page.locator('svg [data-camera="spare"]').click()
    form = operator.page.locator("form")
    for person in ("7 · M. Okafor", "12 · A. Reyes"):
        await form.get_by_role("checkbox", name=person).check()
    await form.get_by_label("Note").fill(note)
    await form.get_by_role("button", name="SEND 1 camera to 2").click()
    for officer in officers:
        await expect(officer.page.locator("article", has_text=note)).to_be_visible()


async def test_an_acknowledgement_made_without_a_link_arrives_once_after_two_reloads(
    enter: Enter, product: Product
) -> None:
    officer = await enter("officer-12", width=800, height=1280)
    await officer.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    push = await product.push("spare", "officer-12", str(uuid.uuid4()))
    card = officer.page.locator(f'article[data-push="{push["id"]}"]')
    await expect_state(tile(officer.page, "spare").first, "live")
    await device_store.until(officer.page, push["id"], kept=True)

    officer.expects_no_link = True
    await officer.context.set_offline(True)
    await officer.page.reload()
    await expect(officer.page.get_by_role("status").first).to_contain_text("No link to the server")
    await expect_words(card, "no link to the server")
    await card.get_by_role("button", name="ACKNOWLEDGE").click()
    await expect(card).to_contain_text("✓ Acknowledged · waiting for link")
    await officer.page.reload()
    await expect(card).to_contain_text("✓ Acknowledged · waiting for link")
    assert await product.receipts_about(push["id"], "acknowledged") == 0

    await officer.context.set_offline(False)
    await expect(card).to_contain_text(re.compile(r"✓ Acknowledged \d\d:\d\d:\d\d"))
    officer.expects_no_link = False
    await officer.page.reload()
    await expect(card).to_contain_text(re.compile(r"✓ Acknowledged \d\d:\d\d:\d\d"))
    assert await product.receipts_about(push["id"], "acknowledged") == 1


async def test_a_server_that_dies_costs_neither_pictures_nor_alerts(enter: Enter, product: Product) -> None:
    operator = await enter("operator")
    steady = tile(operator.page, "steady")
    await expect_state(steady, "live")
    operator.expects_no_link = True
    await product.kill_server()
    await expect(steady).not_to_have_attribute("data-state", "live")
    await expect_state(steady, "live", timeout_ms=30_000)
    operator.expects_no_link = False
    alert = await _alert(product)
    await expect(operator.page.locator(f'ol [data-alert="{alert["id"]}"]')).to_be_visible()


async def test_the_main_actions_need_no_mouse(enter: Enter, product: Product) -> None:
    operator, officer = await enter("operator"), await enter("officer-12", width=800, height=1280)
    alert = await _alert(product, "spare")
    await expect(operator.page.locator(f'ol [data-alert="{alert["id"]}"]')).to_be_visible()

    await _tab_to(operator.page, f'ol [data-alert="{alert["id"]}"]')
    await operator.page.keyboard.press("Enter")
    await _tab_to(operator.page, 'button[aria-label="Send to 12 · A. Reyes"]')
    await operator.page.keyboard.press("Enter")

    card = officer.page.locator(f'article[data-alert="{alert["id"]}"]')
    await expect(card.locator(".tile").first).to_be_visible()
    await _tab_to(officer.page, f'article[data-alert="{alert["id"]}"] button.acknowledge')
    await _press_until(officer.page, "Enter", card, "✓ Acknowledged")


async def _press_until(page: Page, key: str, card: Locator, words: str) -> None:
    """Press a key again until it has worked: a card that has only just come ignores what was meant for another."""
    for _ in range(10):
        await page.keyboard.press(key)
        try:
            await expect(card).to_contain_text(words, timeout=500)
        except AssertionError:
            continue
        return
    raise AssertionError(f"{words} did not come")


async def _tab_to(page: Page, selector: str, *, most: int = 80) -> None:
    """Press Tab until the element has the focus, and see that the focus shows."""
    for _ in range(most):
        await page.keyboard.press("Tab")
        if await page.evaluate("(selector) => document.activeElement?.matches(selector)", selector):
            outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"
            return
    raise AssertionError(f"{selector} was not reached with {most} times Tab")
