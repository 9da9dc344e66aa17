"""A clip plays in Chromium from the address that it is downloaded from, to its end and from its middle."""

from typing import Any

import pytest

from streams.cameras.clips import Clip
from streams.cameras.simulated import SimulatedCity
from tests.browser.conftest import Enter
from tests.browser.film import VIDEO, changed, until_ended, widths
from tests.browser.tiles import expect_pictures, expect_state, tile

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

_RECORD = """async ([camera, seconds]) => {
const signal = AbortSignal.timeout(30_000);
const to_ms = Date.now();
const order = { id: crypto.randomUUID(), camera, from_ms: to_ms - 1000 * seconds, to_ms, why: "test" };
let answer = await fetch("/api/clips", { method: "POST", body: JSON.stringify(order), signal });
while ((await answer.json()).clip.state !== "kept") {
  await new Promise((resolve) => setTimeout(resolve, 100));
  answer = await fetch(`/api/clips/${order.id}`, { signal });
}
return `/api/clips/${order.id}/video`;
}"""
_PLAY = f"""async (address) => {{
{VIDEO}
video.src = address;
await heard(video, "loadeddata");
const length = video.duration;
video.currentTime = length / 2;
await heard(video, "seeked");
video.currentTime = 0;
await heard(video, "seeked");
await Promise.race([video.play(), heard(video, "playing")]);
return length;
}}"""


async def test_it_plays_to_its_end_and_from_its_middle(enter: Enter) -> None:
    operator = await enter("operator")
    await expect_state(tile(operator.page, "steady"), "live")
    await expect_pictures(tile(operator.page, "steady"), 40)
    address: str = await operator.page.evaluate(_RECORD, ["steady", 2])
    length: Any = await operator.page.evaluate(_PLAY, address)
    # It begins with a key frame, of which there is one a second.
    assert 1.5 < length < 3.5
    assert await until_ended(operator.page) >= 15


async def test_a_change_of_resolution_in_the_middle_plays_on(
    enter: Enter, cameras: SimulatedCity, clips: tuple[Clip, Clip]
) -> None:
    operator = await enter("operator")
    async with changed(operator.page, cameras, clips):
        address: str = await operator.page.evaluate(_RECORD, ["changing", 6])
    await operator.page.evaluate(_PLAY, address)
    await until_ended(operator.page)
    sizes = await widths(operator.page)
    assert clips[0].parameters.width in sizes
    assert sizes[-1] == clips[1].parameters.width
