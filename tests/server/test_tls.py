"""A server that ends TLS itself: both lanes, the cookie, and what is wrong with a certificate."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from websockets.exceptions import InvalidMessage

from server.config import WebConfig
from streams.errors import ConfigError
from streams.valkey import EmbeddedValkey
from tests.fakes.push_service import trust
from tests.fakes.tls_front import CERTIFICATE, KEY
from tests.server.running import PASSWORD, Client, Running, a_config, running


def a_web(certificate: Path = CERTIFICATE, key: Path = KEY) -> WebConfig:
    return WebConfig(host="localhost", port=0, tls_certificate=certificate, tls_key=key)


@pytest.fixture
async def server(tmp_path: Path, valkey: EmbeddedValkey) -> AsyncIterator[Running]:
    async with running(a_config(tmp_path, valkey.url, web=a_web())) as server:
        yield server


async def signed_in(server: Running, username: str) -> Client:
    client = server.client()
    body = {"username": username, "password": PASSWORD, "device": f"device-of-{username}"}
    answer = await client.post("/api/session", body, ssl=trust())
    assert answer.status == 201, answer
    assert "; Secure" in answer.headers["Set-Cookie"]
    client.headers = {"Authorization": f"Bearer {answer.json['token']}"}
    return client


async def test_an_alert_comes_over_https_and_wss(server: Running) -> None:
    assert server.address.startswith("https://localhost:")
    operator, officer = await signed_in(server, "operator"), await signed_in(server, "officer-12")
    async with officer.connect("/ws/events", ssl=trust()) as socket:
        hello = await socket.recv()
        assert '"hello"' in hello
        await socket.send('{"type":"snapshot"}')
        raised = await operator.post("/api/alerts", {"identifier": "a", "event": "Shots heard"}, ssl=trust())
        assert raised.status == 201
        async with asyncio.timeout(10):
            while "Shots heard" not in await socket.recv():
                pass


async def test_the_lane_of_pictures_opens_over_wss(server: Running) -> None:
    operator = await signed_in(server, "operator")
    async with operator.connect("/ws/video", ssl=trust()) as socket:
        assert '"hello"' in await socket.recv()


async def test_browsers_may_come_from_the_https_page_only(server: Running) -> None:
    body = {"username": "operator", "password": PASSWORD, "device": "d"}
    cookie = (await server.client().post("/api/session", body, ssl=trust())).headers["Set-Cookie"].partition(";")[0]
    statuses = [
        (
            await server.client().request(
                "POST", "/api/alerts", json={"event": "x"}, headers={"Cookie": cookie, "Origin": origin}, ssl=trust()
            )
        ).status
        for origin in (server.address, server.address.replace("https:", "http:"))
    ]
    assert statuses == [201, 403]


async def test_who_speaks_no_tls_gets_nothing(server: Running) -> None:
    client = server.client()
    client.address = client.address.replace("https:", "http:")
    with pytest.raises(InvalidMessage):
        async with client.connect("/ws/events"):
            pass


async def test_a_certificate_that_cannot_be_used_is_told_in_a_sentence(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    text, missing, locked = (tmp_path / name for name in ("text.pem", "missing.pem", "locked.key"))
    text.write_text("no certificate")
    key = load_pem_private_key(KEY.read_bytes(), None)
    locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    for certificate, its_key in ((text, KEY), (missing, KEY), (CERTIFICATE, missing), (CERTIFICATE, locked)):
        config = a_config(tmp_path, valkey.url, web=a_web(certificate, its_key))
        with pytest.raises(ConfigError, match=r"^web\.tls_certificate: .* cannot be used with .*in PEM") as raised:
            async with running(config):
                pass
        assert str(its_key) in str(raised.value)
