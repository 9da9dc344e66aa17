"""Output: JSON lines for scripts on stdout, words for people on stderr."""

import asyncio
import json
import sys
from typing import Any


class Output:
    """Without ``--json`` stdout stays empty, so that it can always be piped. Writing waits for a slow reader without
    blocking the event loop."""

    def __init__(self, *, with_json: bool) -> None:
        self.with_json = with_json

    async def line(self, value: dict[str, Any]) -> None:
        """One JSON line, if they are wanted."""
        if self.with_json:
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            await asyncio.to_thread(_print, text)

    async def words(self, text: str) -> None:
        await asyncio.to_thread(print, text, file=sys.stderr, flush=True)

    async def result(self, value: dict[str, Any], text: str) -> None:
        await self.line(value)
        await self.words(text)


def _print(text: str) -> None:
    print(text, flush=True)
