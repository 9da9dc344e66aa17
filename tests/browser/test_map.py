"""The map goes where somebody moves it, and back."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Enter

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_map_is_zoomed_dragged_and_shown_whole_again(enter: Enter) -> None:
    operator = await enter("operator")
    city = operator.page.get_by_role("group", name="Map of cameras and alerts")
    await expect(city.locator("path.street").first).to_be_attached()

    async def seen() -> tuple[float, ...]:
        box = await city.get_attribute("viewBox")
        assert box
        return tuple(float(number) for number in box.split())

    whole = await seen()
    await operator.page.get_by_role("button", name="Zoom in").click()
    west, north, width, _ = await seen()
    assert width == pytest.approx(whole[2] / 1.5)

    box = await city.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await operator.page.mouse.move(x, y)
    await operator.page.mouse.down()
    await operator.page.mouse.move(x - 40, y - 20, steps=4)
    await operator.page.mouse.up()
    metres_per_pixel = width / box["width"]
    moved_west, moved_north, *_ = await seen()
    assert moved_west - west == pytest.approx(40 * metres_per_pixel, abs=6 * metres_per_pixel)
    assert moved_north - north == pytest.approx(20 * metres_per_pixel, abs=6 * metres_per_pixel)

    await operator.page.get_by_role("button", name="Fit").click()
    assert await seen() == pytest.approx(whole)
