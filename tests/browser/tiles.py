"""Tiles: what a page says of its pictures, read from the same numbers that support reads."""

import asyncio
import re
import time

from playwright.async_api import Locator, Page, expect

PLAYING_TIMEOUT_MS = 20_000


def tile(page: Page | Locator, camera: str) -> Locator:
    return page.locator(f'.tile[data-camera="{camera}"]')


async def expect_state(tile: Locator, state: str, *, timeout_ms: float = PLAYING_TIMEOUT_MS) -> None:
    await expect(tile).to_have_attribute("data-state", state, timeout=timeout_ms)


async def expect_pictures(tile: Locator, count: int, *, timeout_s: float = 15.0) -> None:
    """That many more pictures are painted."""
    first = await painted(tile)
    deadline = time.monotonic() + timeout_s
    while (now := await painted(tile)) < first + count:
        assert time.monotonic() < deadline, f"{now - first} new pictures in {timeout_s} s, expected {count}"
        await asyncio.sleep(0.05)


async def painted(tile: Locator) -> int:
    return int(await tile.get_attribute("data-total") or 0)


async def age_ms(tile: Locator) -> int:
    return int(await tile.get_attribute("data-age") or -1)


async def expect_words(tile: Locator, words: str) -> None:
    await expect(tile).to_contain_text(re.compile(words), timeout=PLAYING_TIMEOUT_MS)
