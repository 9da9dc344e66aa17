"""A push service on loopback, with TLS: it checks who sends, and opens what it gets as the browser would."""

import asyncio
import base64
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import http_ece
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from tests.fakes.tls_front import CERTIFICATE, KEY

MAX_BODY_BYTES = 4096
"""What every push service has to take (RFC 8291 §4)."""
MAX_CLAIM_S = 24 * 3600


@dataclass
class Browser:
    """The side of a subscription that never leaves the device."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = b"sixteen bytes ok"

    def subscription(self, endpoint: str) -> dict[str, Any]:
        """As ``PushSubscription.toJSON()``."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": endpoint, "keys": {"p256dh": _text(point), "auth": _text(self.secret)}}

    def open(self, body: bytes) -> bytes:
        opened: bytes = http_ece.decrypt(body, private_key=self.key, auth_secret=self.secret, version="aes128gcm")
        return opened


@dataclass(frozen=True)
class Ringing:
    """One request that was in order."""

    path: str
    headers: dict[str, str]
    claims: dict[str, Any]
    key: str
    plain: bytes

    @property
    def payload(self) -> Any:
        return json.loads(self.plain)


Answer = Callable[[], web.Response] | None
"""None: never."""


class PushService:
    """Answers 201, or what ``answers`` has for the next request. A wrong one gets 400 and is among ``faults``."""

    def __init__(self) -> None:
        self.address = ""
        self.browsers: dict[str, Browser] = {}
        """By path."""
        self.rung: list[Ringing] = []
        """What was answered with whatever, as long as it was in order."""
        self.faults: list[str] = []
        self.answers: list[Answer] = []
        self.at_once: dict[str, int] = {}
        self.most_at_once = 0
        """Requests of one subscription that were open at the same time."""
        self._news = asyncio.Condition()

    def subscribe(self, name: str = "a") -> dict[str, Any]:
        """A new subscription at this service."""
        browser = self.browsers[f"/push/{name}"] = Browser()
        return browser.subscription(f"{self.address}/push/{name}")

    def answer(self, *statuses: int, **headers: str) -> None:
        """What the next requests get, in order."""
        for status in statuses:
            self.answers.append(lambda status=status: web.Response(status=status, headers=headers))  # type: ignore[misc]

    async def until(self, count: int, timeout_s: float = 10) -> list[Ringing]:
        """Wait until so many requests have come."""
        async with asyncio.timeout(timeout_s), self._news:
            await self._news.wait_for(lambda: len(self.rung) >= count or self.faults)
        assert not self.faults, self.faults
        return self.rung

    async def handle(self, request: web.Request) -> web.Response:
        self.at_once[request.path] = self.at_once.get(request.path, 0) + 1
        self.most_at_once = max(self.most_at_once, self.at_once[request.path])
        try:
            return await self._handle(request)
        finally:
            self.at_once[request.path] -= 1

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            ringing = self._check(request, body)
        except Exception as error:
            self.faults.append(f"{type(error).__name__}: {error}")
            return web.Response(status=400)
        finally:
            async with self._news:
                self._news.notify_all()
        async with self._news:
            self.rung.append(ringing)
            self._news.notify_all()
        answer = self.answers.pop(0) if self.answers else (lambda: web.Response(status=201))
        if answer is None:
            await asyncio.Event().wait()
            raise AssertionError
        return answer()

    def _check(self, request: web.Request, body: bytes) -> Ringing:
        headers = request.headers
        scheme, _, rest = headers["Authorization"].partition(" ")
        assert scheme == "vapid", "RFC 8292 §3"
        fields = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert Vapid02.verify(headers["Authorization"]), "the signature is not of this key"
        claims = json.loads(_bytes(fields["t"].split(".")[1]))
        header = json.loads(_bytes(fields["t"].split(".")[0]))
        assert header["alg"] == "ES256"
        assert claims["aud"] == self.address, f"made for {claims['aud']}"
        assert 0 < claims["exp"] - time.time() <= MAX_CLAIM_S, "RFC 8292 §2"
        assert claims["sub"].startswith(("mailto:", "https://"))
        assert headers["Content-Encoding"] == "aes128gcm"
        assert int(headers["TTL"]) >= 0
        assert len(headers.get("Topic", "")) <= 32
        assert len(body) <= MAX_BODY_BYTES
        plain = self.browsers[request.path].open(body)
        return Ringing(request.path, dict(headers), claims, fields["k"], plain)


@asynccontextmanager
async def push_service() -> AsyncIterator[PushService]:
    service = PushService()
    app = web.Application()
    app.router.add_post("/push/{name}", service.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    service.address = f"https://localhost:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await runner.cleanup()


def trust() -> ssl.SSLContext:
    """For whoever calls it."""
    return ssl.create_default_context(cafile=CERTIFICATE)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
