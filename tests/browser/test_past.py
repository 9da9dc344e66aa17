"""What happened before plays in Chromium as the server gives it: in a MediaSource, and as the source of a video."""

from typing import Any

import pytest
from playwright.async_api import Page

from streams.cameras.clips import Clip
from streams.cameras.simulated import SimulatedCity
from tests.browser.conftest import Enter
from tests.browser.film import VIDEO, changed, until_ended, widths
from tests.browser.tiles import expect_pictures, expect_state, tile

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

_IN_MEDIA_SOURCE = f"""async (address) => {{
{VIDEO}
const answer = await fetch(address, {{ signal: AbortSignal.timeout(15_000) }});
const source = new MediaSource();
video.src = URL.createObjectURL(source);
await heard(source, "sourceopen");
const buffer = source.addSourceBuffer(answer.headers.get("Content-Type"));
buffer.appendBuffer(await answer.arrayBuffer());
await heard(buffer, "updateend");
source.endOfStream();
video.currentTime = video.buffered.start(0);
await Promise.race([video.play(), heard(video, "playing")]);
const [from, to] = ["From", "To"].map((end) => Number(answer.headers.get(`Sightline-${{end}}-Ms`)));
return {{ type: answer.headers.get("Content-Type"), span: to - from, ranges: video.buffered.length,
  length: 1000 * (video.buffered.end(video.buffered.length - 1) - video.buffered.start(0)) }};
}}"""
_AS_SOURCE = f"""async (address) => {{
{VIDEO}
video.src = address;
await Promise.race([video.play(), heard(video, "playing")]);
}}"""


async def _recent(page: Page, camera: str, seconds: int) -> str:
    """The address of what it has shown in the last seconds."""
    now_ms = int(await page.evaluate("Date.now()"))
    return f"/api/cameras/{camera}/past?from_ms={now_ms - 1000 * seconds}&to_ms={now_ms}&purpose=test"


async def test_it_plays_in_a_media_source_to_its_end(enter: Enter) -> None:
    operator = await enter("operator")
    await expect_state(tile(operator.page, "steady"), "live")
    await expect_pictures(tile(operator.page, "steady"), 40)
    told: dict[str, Any] = await operator.page.evaluate(
        _IN_MEDIA_SOURCE, await _recent(operator.page, "steady", seconds=3)
    )
    assert told["type"].startswith('video/mp4; codecs="avc1.')
    assert told["ranges"] == 1, "without a hole"
    # The last picture has no end yet; 15 come a second.
    assert told["span"] - 100 < told["length"] < told["span"] + 200
    assert await until_ended(operator.page) >= 15


async def test_it_plays_as_the_source_of_a_video(enter: Enter) -> None:
    operator = await enter("operator")
    await expect_state(tile(operator.page, "steady"), "live")
    await expect_pictures(tile(operator.page, "steady"), 40)
    await operator.page.evaluate(_AS_SOURCE, await _recent(operator.page, "steady", seconds=3))
    assert await until_ended(operator.page) >= 15


async def test_a_change_of_resolution_in_the_middle_plays_on_in_a_media_source(
    enter: Enter, cameras: SimulatedCity, clips: tuple[Clip, Clip]
) -> None:
    operator = await enter("operator")
    async with changed(operator.page, cameras, clips):
        address = await _recent(operator.page, "changing", seconds=8)
    await operator.page.evaluate(_IN_MEDIA_SOURCE, address)
    await operator.page.evaluate("document.getElementById('film').playbackRate = 4")
    await until_ended(operator.page)
    sizes = await widths(operator.page)
    assert clips[0].parameters.width in sizes[:-1]
    assert sizes[-1] == clips[1].parameters.width
