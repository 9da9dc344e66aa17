"""Film: what was kept plays in a video of the test's own, in the page of somebody who is signed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page

from streams.cameras.clips import Clip
from streams.cameras.simulated import SimulatedCity
from tests.browser.tiles import expect_pictures, expect_state, tile

VIDEO = """
const heard = (target, event) => new Promise((resolve, reject) => {
  target.addEventListener(event, resolve, { once: true });
  setTimeout(() => reject(new Error(`no ${event}: ${target.error?.message ?? ""}`)), 15_000);
});
const video = document.createElement("video");
video.muted = true;
video.id = "film";
video.sizes = [];
video.addEventListener("resize", () => video.sizes.push(video.videoWidth));
document.body.append(video);
"""
"""Makes ``video`` in a function of JavaScript, and ``heard``, which waits for an event of something."""


async def until_ended(page: Page) -> int:
    """Wait until it has played to its end; how many pictures it has shown."""
    await page.wait_for_function(
        "() => { const video = document.getElementById('film');"
        " if (video.error) throw new Error(video.error.message); return video.ended; }"
    )
    shown = "document.getElementById('film').getVideoPlaybackQuality()"
    frames: int = await page.evaluate(f"{shown}.totalVideoFrames - {shown}.corruptedVideoFrames")
    return frames


async def widths(page: Page) -> list[int]:
    """Of its pictures, each time that they changed."""
    found: list[int] = await page.evaluate("document.getElementById('film').sizes")
    return found


@asynccontextmanager
async def changed(page: Page, cameras: SimulatedCity, clips: tuple[Clip, Clip]) -> AsyncIterator[None]:
    """The camera ``changing`` has shown twenty pictures of either resolution; afterwards it has its first one again."""
    there = tile(page, "changing")
    await expect_state(there, "live")
    await expect_pictures(there, 20)
    try:
        cameras.cameras["changing"].change_resolution(clips[1])
        await page.wait_for_function(
            "([video, width]) => video.videoWidth === width",
            arg=[await there.locator("video").element_handle(), clips[1].parameters.width],
        )
        await expect_pictures(there, 20)
        yield
    finally:
        cameras.cameras["changing"].change_resolution(clips[0])
