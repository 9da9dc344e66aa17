"""What happened before an alert is played in the console, says that it is past, and is kept as a clip."""

import re
import uuid

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Enter
from tests.browser.product import Product
from tests.browser.tiles import expect_pictures, expect_state, tile

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_an_operator_looks_at_what_happened_before_and_keeps_it(enter: Enter, product: Product) -> None:
    operator = await enter("operator")
    await expect_state(tile(operator.page, "steady"), "live")
    await expect_pictures(tile(operator.page, "steady"), 40)
    post = product.post("steady")
    area = {"areaDesc": "Here", "point": {"lat": post.lat, "lon": post.lon}, "radius_m": 10}
    # Of priority 3: of those above clips are kept by themselves.
    alert = await product.raise_alert(identifier=f"test-{uuid.uuid4()}", event="Shots", priority=3, area=area)
    await operator.page.locator(f'ol [data-alert="{alert["id"]}"]').click()
    pane = operator.page.locator(f'.pane [data-alert="{alert["id"]}"]')
    await tile(pane, "steady").hover()
    await pane.get_by_role("button", name=f"What camera {post.number} has shown before").click()
    past = pane.locator('[data-past="steady"]')
    await expect(past).to_have_attribute("data-ready", "true")
    await expect(past.locator(".mark")).to_contain_text(re.compile(r"^PAST\d\d:\d\d:\d\d · \d:\d\d ago$"))
    assert await past.get_by_text("LIVE").count() == 0

    video = await past.locator("video").element_handle()
    await operator.page.wait_for_function("video => video.getVideoPlaybackQuality().totalVideoFrames >= 20", arg=video)
    await past.get_by_role("button", name="Pause").click()
    scrubber = past.get_by_role("slider", name="Where in the past")
    start = float(await scrubber.get_attribute("min") or 0)
    end = float(await scrubber.get_attribute("max") or 0)
    assert end - start > 1
    await scrubber.focus()
    await scrubber.press("End")
    await operator.page.wait_for_function("([video, end]) => video.currentTime > end - 0.5", arg=[video, end])
    await scrubber.press("Home")
    await operator.page.wait_for_function(
        "([video, start]) => video.currentTime < start + 0.1 && !video.seeking && video.readyState >= 2",
        arg=[video, start],
    )
    await past.get_by_role("button", name="Play").click()
    await operator.page.wait_for_function("([video, start]) => video.currentTime > start + 0.5", arg=[video, start])

    await past.get_by_role("button", name="Keep clip").click()
    await expect(past.get_by_text(re.compile(r"^Kept as clip \d+\.$"))).to_be_visible()
    await past.get_by_role("button", name="Close").click()
    await expect(past).to_have_count(0)
    await expect_state(tile(pane, "steady"), "live")


async def test_what_is_not_kept_is_said_in_words(enter: Enter, product: Product) -> None:
    operator = await enter("operator")
    post = product.post("spare")
    point = {"lat": post.lat, "lon": post.lon}
    alert = await product.raise_alert(
        identifier=f"test-{uuid.uuid4()}", event="Shots", priority=3, area={"areaDesc": "Here", "point": point}
    )
    await operator.page.route(
        "**/api/cameras/spare/past?*", lambda route: route.continue_(url=_long_ago(route.request.url))
    )
    await operator.page.locator(f'ol [data-alert="{alert["id"]}"]').click()
    pane = operator.page.locator(f'.pane [data-alert="{alert["id"]}"]')
    await tile(pane, "spare").hover()
    await pane.get_by_role("button", name=f"What camera {post.number} has shown before").click()
    past = pane.locator('[data-past="spare"]')
    await expect(past.get_by_role("status")).not_to_have_text("Loading what is kept…")
    assert len(await past.get_by_role("status").inner_text()) > 20
    await expect(past.get_by_role("button", name="Keep clip")).to_be_disabled()
    # The browser says itself that the answer was 404.
    operator.problems[:] = [problem for problem in operator.problems if "404" not in problem]


def _long_ago(address: str) -> str:
    return re.sub(r"(from_ms|to_ms)=\d+", r"\1=1000", address)
