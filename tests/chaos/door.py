"""Door: HTTP requests to one of the servers, with one word for everything that leaves the result unknown."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import aiohttp

TIMEOUT_S = 6.0


class Unknown(Exception):
    """No answer came, or one that says that nobody knows: repeat with the same id."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content: dict[str, Any]

    @property
    def code(self) -> str:
        """Of the error that it is; "" of none."""
        return str(self.content.get("error", {}).get("code", ""))


class Door:
    """A context. A connection for every request: kept ones would mostly be dead here."""

    async def __aenter__(self) -> "Door":
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, limit=0), timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)
        )
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._http.close()

    async def request(
        self,
        port: int,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        token: str = "",
    ) -> Answer:
        """
        Raises:
            Unknown: also for every 5xx.
        """
        headers = {"Content-Type": "application/json", **(headers or {})}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        url = f"http://127.0.0.1:{port}{path}"
        try:
            async with self._http.request(method, url, data=body or None, headers=headers) as answer:
                text = await answer.text()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            raise Unknown(repr(error)) from None
        try:
            content = json.loads(text) if text else {}
        except ValueError as error:
            raise Unknown(f"{status}, no JSON") from error
        if status >= 500:
            raise Unknown(f"{status} {content.get('error', {}).get('code', '')}")
        return Answer(status, content)

    async def sign_in(self, port: int, person: str, password: str, device: str) -> str:
        """The token.

        Raises:
            Unknown: refused too, which is for a moment only (clocks, throttles).
        """
        body = json.dumps({"username": person, "password": password, "device": device}).encode()
        answer = await self.request(port, "POST", "/api/session", body=body)
        if answer.status != 201:
            raise Unknown(f"{answer.status} {answer.code}")
        return str(answer.content["token"])
