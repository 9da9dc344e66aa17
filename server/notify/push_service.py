"""PushServices: asking the push service of a browser to ring (RFC 8030), and what it answers."""

import socket
import ssl
from collections.abc import Collection
from datetime import datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from pywebpush import WebPusher, WebPushException

from server.core.subscriptions import Subscription, is_public, refusal
from server.notify.answer import Answer, Outcome
from server.notify.ring import CONTENT_TYPE
from server.notify.vapid import VapidKey

TIMEOUT_S = 10.0
MAX_CONNECTIONS = 32
MAX_RETRY_AFTER_S = 3600


class PushServices:
    """One session for all of them; connects to nothing that is not public or listed, and follows no redirect."""

    def __init__(self, key: VapidKey, allow_hosts: Collection[str] = (), *, ssl_context: ssl.SSLContext) -> None:
        self._key = key
        self._allow_hosts = frozenset(allow_hosts)
        self._http = ClientSession(
            connector=TCPConnector(
                resolver=_PublicResolver(self._allow_hosts),
                ssl=ssl_context,
                limit=MAX_CONNECTIONS,
            ),
            cookie_jar=DummyCookieJar(),
            timeout=ClientTimeout(total=TIMEOUT_S),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.close()

    async def ring(
        self, subscription: Subscription, payload: bytes, *, ttl_s: int, urgency: str, topic: str, now_s: float
    ) -> Answer:
        """One request; never raises for what others do wrong. Encrypting takes 0.2 ms of the loop."""
        why_not = refusal(subscription.endpoint, self._allow_hosts)
        if why_not:
            return Answer(Outcome.REFUSED, f"its address {why_not}")
        parts = urlsplit(subscription.endpoint)
        keys = {"p256dh": subscription.p256dh, "auth": subscription.auth}
        try:
            body = WebPusher({"endpoint": subscription.endpoint, "keys": keys}).encode(payload)["body"]
        except (WebPushException, ValueError):
            return Answer(Outcome.GONE, "its keys can't be used")
        headers = {
            "Authorization": self._key.authorization(f"https://{parts.netloc}", now_s),
            "Content-Encoding": "aes128gcm",
            "Content-Type": CONTENT_TYPE,
            "TTL": str(ttl_s),
            "Urgency": urgency,
            "Topic": topic,
        }
        try:
            async with self._http.post(
                subscription.endpoint, data=body, headers=headers, allow_redirects=False
            ) as response:
                return _answer(response.status, response.headers.get("Retry-After", ""), now_s)
        except TimeoutError:
            return Answer(Outcome.LATER, f"no answer for {TIMEOUT_S:.0f} s")
        except (ClientError, OSError, ValueError) as error:
            return Answer(Outcome.LATER, type(error).__name__)


class _PublicResolver(AbstractResolver):
    """What is connected to is what was looked at: the name is not resolved a second time."""

    def __init__(self, allow_hosts: frozenset[str]) -> None:
        self._allow_hosts = allow_hosts
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if host in self._allow_hosts:
            return found
        public = [one for one in found if is_public(ip_address(one["host"].partition("%")[0]))]
        if not public:
            raise OSError("The host has no public address.")
        return public

    async def close(self) -> None:
        await self._inner.close()


def _answer(status: int, retry_after: str, now_s: float) -> Answer:
    why = f"status {status}"
    match status:
        case _ if 200 <= status < 300:
            return Answer(Outcome.RUNG)
        case 404 | 410:
            return Answer(Outcome.GONE, why)
        case 413:
            return Answer(Outcome.TOO_LARGE, why)
        case 408 | 425 | 429:
            return Answer(Outcome.LATER, why, _pause_s(retry_after, now_s))
        case _ if status >= 500:
            return Answer(Outcome.LATER, why, _pause_s(retry_after, now_s))
        case _:
            return Answer(Outcome.REFUSED, why)


def _pause_s(retry_after: str, now_s: float) -> float | None:
    """Of ``Retry-After``: seconds or a date (RFC 9110 §10.2.3); None when it says neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return float(min(int(text), MAX_RETRY_AFTER_S))
    try:
        at: datetime = parsedate_to_datetime(text)
        pause_s = at.timestamp() - now_s
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(pause_s, 0.0), MAX_RETRY_AFTER_S)
