"""What was wrong is corrected on every screen, and those who have not seen it are a list for the radio."""

import re
import uuid
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Enter
from tests.browser.device_store import leave_order
from tests.browser.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def _alert(product: Product, **fields: Any) -> dict[str, Any]:
    return await product.raise_alert(
        **{
            "identifier": f"test-{uuid.uuid4()}",
            "event": "Multiple gunshots",
            "headline": f"Gunshots {uuid.uuid4().hex[:6]}",
            "urgency": "Immediate",
            "severity": "Severe",
            **fields,
        }
    )


async def _tap(card: Locator, button: str, words: str | re.Pattern[str]) -> None:
    """Tap until the card says so: one that has only just moved ignores what was meant for another."""
    for _ in range(10):
        await card.get_by_role("button", name=button).click()
        try:
            await expect(card).to_contain_text(words, timeout=500)
        except AssertionError:
            continue
        return
    raise AssertionError(f"{button}: the card never said {words}")


async def _acknowledge(card: Locator) -> None:
    await _tap(card, "ACKNOWLEDGE", "✓ Acknowledged")


async def _open(page: Page, alert: dict[str, Any]) -> None:
    await page.locator(f'ol [data-alert="{alert["id"]}"]').click()
    await page.get_by_text("Correct, cancel, shelve or close").click()


async def test_a_cancellation_has_to_be_acknowledged_by_who_had_the_alert(enter: Enter, product: Product) -> None:
    operator, dispatcher = await enter("operator"), await enter("dispatcher")
    officer = await enter("officer-12", width=800, height=1280)
    alert = await _alert(product)
    card = officer.page.locator(f'article[data-alert="{alert["id"]}"]')
    await _acknowledge(card)
    await expect(card).to_contain_text(re.compile(r"✓ Acknowledged \d\d:\d\d:\d\d"))

    await _open(operator.page, alert)
    await operator.page.get_by_label("Why").fill("Reviewed: fireworks")
    await operator.page.get_by_role("button", name="Cancel the alert").click()

    await expect(card).to_contain_text("CANCELLED")
    await expect(card).to_contain_text("Reviewed: fireworks")
    row = dispatcher.page.locator(f'tr[data-alert="{alert["id"]}"]')
    await expect(row).to_have_attribute("data-state", "cancelled")
    await expect(row.locator('[data-person="officer-12"]')).to_contain_text("had it acknowledged")
    await card.get_by_role("button", name="ACKNOWLEDGE THE CORRECTION").click()
    await expect(row).to_have_count(0)


async def test_somebody_who_was_told_by_radio_is_off_the_list(enter: Enter, product: Product) -> None:
    operator, dispatcher = await enter("operator"), await enter("dispatcher")
    officer = await enter("officer-7", width=800, height=1280)
    alert = await _alert(product)
    card = officer.page.locator(f'article[data-alert="{alert["id"]}"]')
    await _acknowledge(card)
    await expect(card).to_contain_text(re.compile(r"✓ Acknowledged \d\d:\d\d:\d\d"))
    officer.expects_no_link = True
    await officer.context.set_offline(True)

    await _open(operator.page, alert)
    await operator.page.get_by_label("New priority").select_option("Priority 3")
    await operator.page.get_by_role("button", name="Change priority").click()
    entry = dispatcher.page.locator(f'tr[data-alert="{alert["id"]}"] [data-person="officer-7"]')
    await entry.get_by_role("button", name="Told by radio").click()
    await expect(entry).to_have_count(0)

    await officer.context.set_offline(False)
    await expect(card).to_contain_text("Priority: 3, was 1")


async def test_an_officer_goes_there_and_closes_it_with_what_he_found(enter: Enter, product: Product) -> None:
    dispatcher, officer = await enter("dispatcher"), await enter("officer-12", width=800, height=1280)
    alert = await _alert(product)
    row = dispatcher.page.locator(f'tr[data-alert="{alert["id"]}"]')
    card = officer.page.locator(f'article[data-alert="{alert["id"]}"]')
    await _acknowledge(card)
    await _tap(card, "On the way", re.compile("on the way"))
    await expect(row).to_have_attribute("data-state", "en_route")
    await _tap(card, "On scene", re.compile("on scene"))
    await expect(row).to_have_attribute("data-state", "on_scene")
    await card.get_by_label("What was found").select_option("Casings found")
    await card.get_by_role("button", name="Close").click()
    await expect(row).to_have_count(0)
    await expect(card).to_have_attribute("data-state", "closed")


async def test_a_second_officer_says_himself_that_he_is_on_the_way(enter: Enter, product: Product) -> None:
    first, second = [await enter(person, width=800, height=1280) for person in ("officer-12", "officer-7")]
    alert = await _alert(product)
    card = first.page.locator(f'article[data-alert="{alert["id"]}"]')
    await _acknowledge(card)
    await _tap(card, "On the way", "officer-12 on the way")
    await expect(card.get_by_role("button", name="On the way")).to_have_count(0)
    other = second.page.locator(f'article[data-alert="{alert["id"]}"]')
    await _tap(other, "On the way", "officer-7 on the way")
    await _tap(card, "On scene", "officer-12 on scene")
    await _tap(other, "On scene", "officer-7 on scene")
    await product.command(alert["id"], command="close", revision=1, outcome="nothing_found")
    for one in (card, other):
        await expect(one).to_have_attribute("data-state", "closed")


async def test_dispatch_notes_what_was_said_by_radio(enter: Enter, product: Product) -> None:
    dispatcher = await enter("dispatcher")
    alert = await _alert(product)
    row = dispatcher.page.locator(f'tr[data-alert="{alert["id"]}"]')
    await expect(row).to_contain_text("NOT ACKNOWLEDGED")
    await row.get_by_text("By radio, close").click()
    await row.get_by_label("Who").select_option("7 M. Okafor")
    await row.get_by_label("What was said").select_option("is on the way")
    await row.get_by_role("button", name="Note it").click()
    await expect(row).to_have_attribute("data-state", "en_route")
    await expect(row).to_contain_text("7 · M. Okafor (radio)")


async def test_a_drill_says_so_everywhere(enter: Enter, product: Product) -> None:
    alert = await _alert(product, status="Exercise")
    operator, dispatcher = await enter("operator"), await enter("dispatcher")
    officer = await enter("officer-12", width=800, height=1280)
    for page in (operator.page, dispatcher.page, officer.page):
        await expect(page.locator(f'[data-alert="{alert["id"]}"]').first).to_contain_text("EXERCISE")


async def test_an_officer_whose_order_came_too_late_is_told_so(enter: Enter, product: Product) -> None:
    officer = await enter("officer-12", width=800, height=1280)
    alert = await _alert(product)
    card = officer.page.locator(f'article[data-alert="{alert["id"]}"]')
    await _acknowledge(card)
    officer.expects_no_link = True
    await officer.context.set_offline(True)
    await _tap(card, "On the way", "On the way · waiting for link")

    await product.command(alert["id"], command="cancel", revision=1, reason="Reviewed: fireworks")
    await officer.context.set_offline(False)
    await expect(card).to_contain_text("Your “on the way” was not taken. It was corrected meanwhile")
    await _tap(card, "ACKNOWLEDGE THE CORRECTION", "✓ Acknowledged")
    await expect(card.get_by_role("alert")).to_have_count(0)


async def test_an_officer_is_told_what_was_refused_about_an_alert_that_he_has_not_got_any_more(enter: Enter) -> None:
    officer = await enter("officer-12", width=800, height=1280)
    order = {"item": "alert", "item_id": "gone", "command": "en_route"}
    await leave_order(officer.page, uuid.uuid4().hex, "officer-12", **order)
    await officer.page.reload()
    told = officer.page.get_by_role("alert").filter(has_text="Your “on the way” was not taken.")
    await expect(told).to_contain_text("tell dispatch by radio")
    await told.get_by_role("button", name="Understood").click()
    await expect(told).to_have_count(0)
