"""Tabs: a Chromium of its own, driven without Playwright, which keeps every page visible.

Here a tab can be behind another one.
"""

import asyncio
import itertools
import json
import time
from asyncio.subprocess import DEVNULL
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientSession, ClientTimeout, ClientWebSocketResponse

from tests.browser.visitor import FLAGS, chromium

TIMEOUT_S = 20.0
_NO_PAGE_YET = "Cannot find default execution context"


class Tabs:
    """Use it as a context. Speaks the Chrome DevTools Protocol, one question at a time."""

    def __init__(self, profile: Path) -> None:
        self._profile = profile
        self._stack = AsyncExitStack()
        self._ids = itertools.count(1)
        self._socket: ClientWebSocketResponse

    async def __aenter__(self) -> Self:
        flags = ("--headless", "--remote-debugging-port=0", f"--user-data-dir={self._profile}", "about:blank")
        process = await asyncio.create_subprocess_exec(chromium(), *FLAGS, *flags, stdout=DEVNULL, stderr=DEVNULL)
        self._stack.push_async_callback(_end, process)
        address = await _address(self._profile / "DevToolsActivePort")
        http = await self._stack.enter_async_context(ClientSession(timeout=ClientTimeout(total=None)))
        self._socket = await self._stack.enter_async_context(http.ws_connect(address, max_msg_size=0))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def open(self, address: str) -> "Tab":
        """A new tab, in front of all others."""
        target = (await self.ask("Target.createTarget", {"url": address}))["targetId"]
        session = (await self.ask("Target.attachToTarget", {"targetId": target, "flatten": True}))["sessionId"]
        return Tab(self, target, session)

    async def ask(self, method: str, params: dict[str, Any], session: str | None = None) -> dict[str, Any]:
        """
        Raises:
            AssertionError: the browser said no.
            TimeoutError: it said nothing.
        """
        number = next(self._ids)
        message = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        await self._socket.send_json(message)
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                answer = await self._socket.receive_json()
                if answer.get("id") == number:
                    assert "error" not in answer, f"{method}: {answer['error']}"
                    result: dict[str, Any] = answer["result"]
                    return result


class Tab:
    def __init__(self, tabs: Tabs, target: str, session: str) -> None:
        self._tabs = tabs
        self._target = target
        self._session = session

    async def evaluate(self, script: str) -> Any:
        """The value of an expression, of a promise when it is kept within 10 s."""
        params = {"expression": script, "awaitPromise": True, "returnByValue": True, "timeout": 10_000}
        answer = await self._ask_the_page(params)
        assert "exceptionDetails" not in answer, json.dumps(answer["exceptionDetails"])
        return answer["result"].get("value")

    async def _ask_the_page(self, params: dict[str, Any]) -> dict[str, Any]:
        """Once there is one: for a moment after it was opened, or while it is loaded anew, there is none."""
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                try:
                    return await self._tabs.ask("Runtime.evaluate", params, self._session)
                except AssertionError as error:
                    if _NO_PAGE_YET not in str(error):
                        raise
                await asyncio.sleep(0.05)

    async def to_front(self) -> None:
        await self._tabs.ask("Target.activateTarget", {"targetId": self._target})

    async def until(self, expression: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Waits until this is true."""
        deadline = time.monotonic() + timeout_s
        while not await self.evaluate(expression):
            assert time.monotonic() < deadline, f"in {timeout_s} s it did not come true: {expression}"
            await asyncio.sleep(0.1)


async def _address(file: Path) -> str:
    """Chromium writes it there when it listens: port and path."""
    deadline = time.monotonic() + TIMEOUT_S
    while len(lines := await asyncio.to_thread(_lines, file)) < 2:
        assert time.monotonic() < deadline, "Chromium did not say where it listens"
        await asyncio.sleep(0.05)
    return f"ws://127.0.0.1:{lines[0]}{lines[1]}"


def _lines(file: Path) -> list[str]:
    return file.read_text().split() if file.exists() else []


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
