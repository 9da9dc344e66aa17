"""A console stays open for weeks: what is put away must be gone."""

import uuid

import pytest
from playwright.async_api import CDPSession, expect

from tests.browser.conftest import Enter
from tests.browser.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WARM_UP = 10
SWITCHES = 60


async def test_switching_between_alerts_leaves_no_nodes_behind(enter: Enter, product: Product) -> None:
    operator = await enter("operator")
    alerts = []
    for camera in ("steady", "spare"):
        post = product.post(camera)
        # Away from those of other tests: alerts near each other share a card when there are many.
        point = {"lat": post.lat + 0.01, "lon": post.lon}
        alert = await product.raise_alert(identifier=str(uuid.uuid4()), event="Soak", area={"point": point})
        alerts.append(alert["id"])
    browser = await operator.context.new_cdp_session(operator.page)
    await browser.send("Performance.enable")

    async def switch(times: int) -> int:
        for turn in range(times):
            alert = alerts[turn % 2]
            await operator.page.locator(f'ol [data-alert="{alert}"]').click()
            await expect(operator.page.locator(f'.pane [data-alert="{alert}"] .tile')).to_have_count(4)
        return await _nodes(browser)

    before = await switch(WARM_UP)
    after = await switch(SWITCHES)
    # Each switch mounts and unmounts four players and a form of about 150 nodes.
    assert after < before + 150


async def test_a_page_that_was_opened_again_elsewhere_does_nothing_any_more_and_says_so(
    enter: Enter, product: Product
) -> None:
    officer = await enter("officer-12", width=800, height=400)
    alert = await product.raise_alert(
        identifier=str(uuid.uuid4()), event="Shots", priority=3, description="Long. " * 200
    )
    card = officer.page.locator(f'article[data-alert="{alert["id"]}"]')
    await card.get_by_role("button", name="ACKNOWLEDGE").scroll_into_view_if_needed()
    await expect(officer.page.get_by_role("heading", name="Sightline")).not_to_be_in_viewport()
    newer = await officer.context.new_page()
    await newer.goto("/tablet")
    await expect(officer.page.get_by_text("This screen was opened a second time")).to_be_in_viewport()
    await expect(officer.page.locator("main")).to_have_js_property("inert", True)
    await expect(newer.get_by_role("button", name="ACKNOWLEDGE").first).to_be_enabled()
    await officer.page.get_by_role("button", name="Use this one").click()
    await expect(newer.locator("main")).to_have_js_property("inert", True)


async def _nodes(browser: CDPSession) -> int:
    for _ in range(3):
        await browser.send("HeapProfiler.collectGarbage")
    metrics = (await browser.send("Performance.getMetrics"))["metrics"]
    return next(int(metric["value"]) for metric in metrics if metric["name"] == "Nodes")
