"""What a tablet has written down on its own disk (IndexedDB), read and written past the page."""

import asyncio
from typing import Any

from playwright.async_api import Page

# Opened without a version it would be made, empty, before the page makes its stores: wait for the page's own.
# Nothing here may stay without an answer: Playwright waits for a promise for ever.
_WITH_STORE = """(name, mode, act) => new Promise((done, failed) => {
  const opening = indexedDB.open("sightline");
  opening.onupgradeneeded = () => opening.transaction.abort();
  opening.onerror = () => failed(opening.error);
  opening.onsuccess = () => {
    const database = opening.result;
    try {
      const using = database.transaction(name, mode);
      const asked = act(using.objectStore(name));
      using.oncomplete = () => (database.close(), done(asked.result));
      using.onerror = using.onabort = () => (database.close(), failed(using.error));
    } catch (error) {
      database.close();
      failed(error);
    }
  };
})"""
_BOARD = f"""(words) => ({_WITH_STORE})("board", "readonly", (board) => board.getAll())
  .then((all) => JSON.stringify(all).includes(words), () => null)"""
_LEAVE = f"""([kept, id]) => ({_WITH_STORE})("outbox", "readwrite", (outbox) => outbox.put(kept, id))
  .then(() => true, () => null)"""


async def until(page: Page, words: str, *, kept: bool) -> None:
    """The device has written this down among its cards, or holds nothing of it any more."""
    await _until(page, _BOARD, words, kept, f"the device {'never kept' if kept else 'still keeps'} {words}")


async def leave_order(page: Page, identifier: str, person: str, **command: Any) -> None:
    """An order that an earlier run of the page has left on the device, and that is not answered yet."""
    kept = {"type": "command", "id": identifier, "revision": 1, **command}
    entry = [{"command": kept, "person": person, "order": 1}, identifier]
    await _until(page, _LEAVE, entry, True, "the device has no outbox")


async def _until(page: Page, script: str, argument: Any, answer: bool, otherwise: str) -> None:
    for _ in range(400):
        if await page.evaluate(script, argument) is answer:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(otherwise)
