"""Which cameras the console suggests for an alert: those that the server says see its place."""

import math
import uuid
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Enter
from tests.browser.product import Post, Product
from tests.browser.tiles import expect_state, tile

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

METRES_OF_A_DEGREE = 111_195


async def test_the_camera_that_sees_the_place_is_suggested_and_it_says_so(enter: Enter, product: Product) -> None:
    alert = await _alert(product, _ahead(product.post("recalled"), 60))
    operator = await enter("operator")
    await operator.page.locator(f'ol [data-alert="{alert["id"]}"]').click()
    pane = operator.page.locator(f'.pane [data-alert="{alert["id"]}"]')
    first = pane.locator(".cameras li").first
    await expect(first).to_contain_text("60 m, sees it")
    await expect(first.get_by_role("checkbox")).to_be_checked()
    await expect_state(tile(pane, "recalled"), "live")
    await expect(pane.locator(".view")).to_have_count(0)


async def test_a_place_far_from_all_cameras_is_said_and_none_is_suggested(enter: Enter, product: Product) -> None:
    alert = await _alert(product, {"lat": product.post("steady").lat + 0.2, "lon": product.post("steady").lon})
    operator = await enter("operator")
    await operator.page.locator(f'ol [data-alert="{alert["id"]}"]').click()
    pane = operator.page.locator(f'.pane [data-alert="{alert["id"]}"]')
    await expect(pane.locator(".view")).to_have_text("No working view of this point.")
    await expect(pane.locator(".cameras li")).to_have_count(4)
    await expect(pane.locator(".cameras li").first).to_contain_text("looks elsewhere")
    await expect(pane.locator(".cameras input:checked")).to_have_count(0)


def _ahead(post: Post, metres: float) -> dict[str, float]:
    """A place in the middle of what a camera sees."""
    north, east = (metres * turn(math.radians(post.heading_deg)) for turn in (math.cos, math.sin))
    lon_m = METRES_OF_A_DEGREE * math.cos(math.radians(post.lat))
    return {"lat": post.lat + north / METRES_OF_A_DEGREE, "lon": post.lon + east / lon_m}


async def _alert(product: Product, point: dict[str, float]) -> dict[str, Any]:
    area = {"areaDesc": "Somewhere", "point": point, "radius_m": 10}
    return await product.raise_alert(identifier=f"test-{uuid.uuid4()}", event="Shots", area=area)
