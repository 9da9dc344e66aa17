"""The page on which the cameras are looked after: how they are, what checks find, and the clips that were kept."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from streams.city import generate
from tests.browser.conftest import Enter
from tests.browser.product import Post, Product
from tests.browser.tiles import expect_pictures, expect_state, tile
from tests.browser.visitor import visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CHECK_TIMEOUT_MS = 90_000
STALE_TIMEOUT_MS = 30_000
MANY = 1400
_KEEP = """async ([camera, seconds]) => {
const to_ms = Date.now();
const why = "the page of the cameras";
const order = { id: crypto.randomUUID(), camera, from_ms: to_ms - 1000 * seconds, to_ms, why };
const signal = AbortSignal.timeout(10_000);
const answer = await fetch("/api/clips", { method: "POST", body: JSON.stringify(order), signal });
return (await answer.json()).clip.id;
}"""


async def _watching(enter: Enter, camera: str = "steady") -> tuple[Page, Page]:
    """The console with that camera live, and the cameras' page beside it in the same browser."""
    operator = await enter("operator")
    await expect_state(tile(operator.page, camera), "live")
    page = await operator.context.new_page()
    await page.goto("/cameras")
    await expect(_row(page, camera)).to_have_attribute("data-state", "live")
    return operator.page, page


def _row(page: Page, camera: str) -> Locator:
    return page.locator(f'tr[data-camera="{camera}"]')


async def test_it_says_how_each_camera_is_and_leaves_the_console_its_link(enter: Enter, product: Product) -> None:
    console, page = await _watching(enter)
    await expect(_row(page, "steady")).to_contain_text(re.compile(r"Live.*1[3-7].*(kbit|Mbit)/s.*15.*s"))
    await expect(_row(page, "masked")).to_contain_text("masked")
    rows = page.locator("tr[data-camera]")
    await expect(page.locator("[data-count=all]")).to_have_text(re.compile(rf"^{await rows.count()} cameras"))
    for state in ("live", "idle"):
        await page.locator(f"[data-count={state}]").click()
        await expect(page.locator(f'tr[data-camera]:not([data-state="{state}"])')).to_have_count(0)
    await page.locator("[data-count=all]").click()
    alert = await product.raise_alert(identifier="cameras-page", event="Shots", area={"areaDesc": "Somewhere"})
    await expect(console.locator(f'ol [data-alert="{alert["id"]}"]')).to_be_visible()
    await expect_pictures(tile(console, "steady"), 5)


async def test_columns_sort_filters_fit_and_arrow_keys_go_from_row_to_row(enter: Enter) -> None:
    _, page = await _watching(enter)
    numbers = page.locator("tr[data-camera] td:first-child")
    await page.get_by_role("button", name="No.").click()
    ascending = [int(text) for text in await numbers.all_inner_texts()]
    assert ascending == sorted(ascending)
    await page.get_by_role("button", name="No.").click()
    await expect(page.locator("th[aria-sort=descending]")).to_contain_text("No.")
    assert [int(text) for text in await numbers.all_inner_texts()] == ascending[::-1]
    await page.locator("tr[data-index='0'] button").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("tr[data-index='1'] button")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-detail]")).to_be_visible()
    await page.get_by_label("Search cameras").fill("no such street")
    await expect(page.get_by_text("No camera fits")).to_be_visible()
    await page.get_by_role("button", name="All again").click()
    await expect(page.locator("tr[data-camera]")).to_have_count(len(ascending))


async def test_a_check_says_what_it_found_and_the_reference_stands_beside_the_still(enter: Enter) -> None:
    _, page = await _watching(enter)
    await _row(page, "steady").click()
    detail = page.locator('[data-detail="steady"]')
    await expect(detail.locator("img")).to_have_count(0)
    await expect(detail.get_by_role("button", name="Take as reference")).to_be_disabled()
    await detail.get_by_role("button", name="Check now").click()
    await expect(detail.get_by_role("button", name="Checking for")).to_be_disabled()
    await expect(detail.locator("li[data-outcome]").first).to_be_visible(timeout=CHECK_TIMEOUT_MS)
    await expect(_row(page, "steady")).not_to_contain_text("never checked")
    await detail.get_by_role("button", name="Look", exact=True).click()
    await expect(detail.locator("[data-picture=still] img")).to_be_visible()
    checks = await detail.locator("li[data-outcome]").count()
    await detail.get_by_role("button", name="Take as reference").click()
    await expect(detail.get_by_text("set by operator")).to_be_visible(timeout=CHECK_TIMEOUT_MS)
    await expect(detail.locator("li[data-outcome]")).to_have_count(checks + 1, timeout=CHECK_TIMEOUT_MS)
    await expect(detail.locator("[data-picture=reference] img")).to_be_visible()
    width = await detail.locator("[data-picture=reference] img").evaluate("(image) => image.naturalWidth")
    assert width == 640


async def test_of_ordered_checks_it_says_how_many_wait(enter: Enter) -> None:
    _, page = await _watching(enter)
    await page.get_by_label("Search cameras").fill("steady")
    await page.get_by_role("button", name="Check now: the 1 listed").click()
    order = page.locator(".order [role=status]")
    await expect(order).to_contain_text("0 of 1 checked, 1 wait")
    await expect(order).to_contain_text("1 of 1 checked. None waits.", timeout=CHECK_TIMEOUT_MS)


async def test_without_a_link_every_figure_is_one_of_before(enter: Enter) -> None:
    await enter("operator")  # his console keeps the camera live
    supervisor = await enter("supervisor")
    supervisor.expects_no_link = True
    await supervisor.page.goto("/cameras")
    page = supervisor.page
    await expect(_row(page, "steady")).to_have_attribute("data-state", "live")
    await supervisor.context.set_offline(True)
    await expect(page.locator("main[data-stale=true]")).to_be_visible(timeout=STALE_TIMEOUT_MS)
    await expect(page.get_by_text("No link to the server")).to_contain_text(
        re.compile(r"All figures here are 0:\d\d old")
    )
    await expect(_row(page, "steady")).to_contain_text("was: Live")
    await expect(page.locator("th", has_text="fps")).to_contain_text("ago")
    await expect(page.locator(".summary")).to_contain_text("ago")
    await supervisor.context.set_offline(False)
    await expect(page.locator("main[data-stale=false]")).to_be_visible(timeout=STALE_TIMEOUT_MS)
    await expect(_row(page, "steady")).not_to_contain_text("was:")


async def test_uptime_is_a_table_to_take_away(enter: Enter) -> None:
    _, page = await _watching(enter)
    await expect(page.locator("tr[data-uptime-all]")).to_contain_text(re.compile(r"\d %|–"))
    async with page.expect_download() as started:
        await page.get_by_role("link", name="CSV of the last 7 days").click()
    download = await started.value
    text = await asyncio.to_thread(Path(await download.path()).read_text)
    assert download.suggested_filename.endswith(".csv")
    assert text.startswith("id,number,name,district,up,")
    assert "\nsteady," in text


async def test_a_clip_is_played_held_and_taken_away_with_its_manifest(enter: Enter) -> None:
    console, page = await _watching(enter)
    await expect_pictures(tile(console, "steady"), 40)
    clip_id: str = await page.evaluate(_KEEP, ["steady", 2])
    await page.get_by_role("button", name="Clips").click()
    row = page.locator(f'tr[data-clip="{clip_id}"]')
    await expect(row).to_have_attribute("data-state", "kept")
    await expect(row).to_contain_text(re.compile(r"the page of the cameras.*operator.*[kM]B.*, in \d+ d"))
    await row.get_by_role("button").click()
    detail = page.locator(f'[data-clip-detail="{clip_id}"]')
    await detail.get_by_role("button", name="Play").click()
    await page.wait_for_function(
        "() => { const video = document.querySelector('video');"
        " if (video?.error) throw new Error(video.error.message); return video?.currentTime > 0.5; }"
    )
    await expect(detail.get_by_text("not live")).to_be_visible()
    for link, ending in (("Download MP4", "-steady.mp4"), ("Download manifest", "-steady.json")):
        async with page.expect_download() as started:
            await detail.get_by_role("link", name=link).click()
        assert (await started.value).suggested_filename.endswith(ending)
    await expect(detail.get_by_role("button", name="Hold")).to_be_disabled()
    await detail.get_by_label("Why it must stay").fill("Case 26-0192")
    await detail.get_by_role("button", name="Hold").click()
    await expect(row).to_contain_text("held by operator")
    await expect(detail.get_by_text("Only an administrator takes a hold off.")).to_be_visible()
    await expect(page.locator("#verifying + ol")).to_contain_text("sightline verify clip-")


async def test_officers_are_led_to_their_own_page(enter: Enter) -> None:
    officer = await enter("officer-12")
    await officer.page.goto("/cameras")
    await officer.page.wait_for_url("**/tablet")


async def test_of_1400_cameras_only_the_rows_in_sight_are_drawn(pages: None, browser: Browser, tmp_path: Path) -> None:
    posts = [
        Post(f"camera-{n}", n, f"Main St / {n}th Ave", "rtsp://127.0.0.1:9/none", 41.7 + n / 1e5, -72.6)
        for n in range(1, MANY + 1)
    ]
    async with Product(tmp_path, posts, city=generate(7).geojson()) as product:
        visitor = await visit(browser, product.address)
        await visitor.sign_in("operator")
        await visitor.page.wait_for_url("**/console")
        await visitor.page.goto("/cameras")
        rows = visitor.page.locator("tr[data-camera]")
        await rows.first.wait_for()
        assert await rows.count() < 80
        await expect(visitor.page.locator("table[aria-rowcount]")).to_have_attribute("aria-rowcount", str(MANY + 1))
        await visitor.page.locator("tr[data-index='0'] button").focus()
        await visitor.page.keyboard.press("End")
        last = _row(visitor.page, f"camera-{MANY}")
        await expect(last.get_by_role("button")).to_be_focused()
        await expect(last).to_be_in_viewport()
        assert await rows.count() < 80
        await visitor.page.get_by_label("Search cameras").fill("1377th")
        await expect(rows).to_have_count(1)
        await visitor.context.close()
        assert visitor.problems == []
