import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from server.notify_config import NotifyConfig
from server.store import subscriptions
from streams.valkey import EmbeddedValkey
from tests.fakes.push_service import Browser, PushService, push_service
from tests.fakes.tls_front import CERTIFICATE
from tests.server.running import Client, Running, a_config, running

CONTACT = "mailto:ops@city.example"
ENDPOINT = "https://push.example.com/a"


@pytest.fixture
async def ringing(tmp_path: Path, valkey: EmbeddedValkey) -> AsyncIterator[Running]:
    """A server on which Web Push is set up."""
    async with running(a_config(tmp_path, valkey.url, notify=NotifyConfig(contact=CONTACT))) as server:
        yield server


House = tuple[Running, PushService]


@pytest.fixture
async def house(tmp_path: Path, valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """The same, and a push service that it may call."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    notify = NotifyConfig(contact=CONTACT, allow_hosts=("localhost",))
    async with push_service() as there, running(a_config(tmp_path, valkey.url, notify=notify)) as server:
        yield server, there


def body(endpoint: str = ENDPOINT, **changes: Any) -> dict[str, Any]:
    return {**Browser().subscription(endpoint), "expirationTime": None, **changes}


async def devices(server: Running) -> list[tuple[str, str]]:
    found = await server.services.db.read(subscriptions.everywhere)
    return sorted((one.person.id, one.device) for one in found)


async def test_the_key_is_what_a_browser_subscribes_with(ringing: Running) -> None:
    officer = await ringing.signed_in("officer-12")
    answer = await officer.get("/api/subscriptions/key")
    assert answer.status == 200
    assert len(answer.json["key"]) == 87
    assert not set(answer.json["key"]) & set("+/=")
    assert (await ringing.client().get("/api/subscriptions/key")).status == 401


async def test_without_a_contact_there_is_no_key_and_nothing_to_subscribe_to(server: Running, officer: Client) -> None:
    assert (await officer.get("/api/subscriptions/key")).json == {"key": None}
    answer = await officer.post("/api/subscriptions", body())
    assert (answer.status, answer.code) == (400, "request.invalid")
    assert "notify.contact" in answer.json["error"]["message"]
    assert await devices(server) == []


@pytest.mark.parametrize("username", ["operator", "dispatcher", "admin", "officer-12"])
async def test_every_role_rings_its_own_device(ringing: Running, username: str) -> None:
    client = await ringing.signed_in(username)
    assert (await client.post("/api/subscriptions", body())).status == 201
    assert (await client.post("/api/subscriptions", body())).status == 200
    assert await devices(ringing) == [(username, f"device-of-{username}")]
    assert (await client.request("DELETE", "/api/subscriptions", json={"endpoint": ENDPOINT})).status == 204
    assert await devices(ringing) == []
    assert (await client.request("DELETE", "/api/subscriptions", json={"endpoint": ENDPOINT})).status == 204


async def test_nobody_silences_others(ringing: Running) -> None:
    await (await ringing.signed_in("officer-12")).post("/api/subscriptions", body())
    other = await ringing.signed_in("officer-7")
    await other.request("DELETE", "/api/subscriptions", json={"endpoint": ENDPOINT})
    assert await devices(ringing) == [("officer-12", "device-of-officer-12")]


async def test_what_is_no_subscription_is_refused_in_words(ringing: Running) -> None:
    client = await ringing.signed_in("officer-12")
    for wrong, path in (
        ({}, "endpoint"),
        (body("http://push.example.com/a"), "endpoint"),
        (body("https://169.254.169.254/latest/meta-data"), "endpoint"),
        (body("https://localhost/a"), "endpoint"),
        (body(keys={"p256dh": "AAAA", "auth": "AAAA"}), "keys.p256dh"),
    ):
        answer = await client.post("/api/subscriptions", wrong)
        assert (answer.status, answer.code) == (400, "request.invalid")
        assert answer.json["error"]["path"] == path
    assert (await client.request("DELETE", "/api/subscriptions", json={})).status == 400
    assert await devices(ringing) == []


async def test_a_sixth_device_is_refused(ringing: Running) -> None:
    for number in range(5):
        client = await ringing.signed_in("officer-12", f"tablet-{number}")
        assert (await client.post("/api/subscriptions", body(f"{ENDPOINT}{number}"))).status == 201
    sixth = await ringing.signed_in("officer-12", "tablet-5")
    answer = await sixth.post("/api/subscriptions", body(f"{ENDPOINT}5"))
    assert (answer.status, answer.code) == (409, "subscription.too_many")


async def test_signing_out_silences_that_device_and_no_other(ringing: Running) -> None:
    clients = [await ringing.signed_in("officer-12", f"tablet-{number}") for number in range(2)]
    for number, client in enumerate(clients):
        await client.post("/api/subscriptions", body(f"{ENDPOINT}{number}"))
    await clients[1].request("DELETE", "/api/session")
    assert await devices(ringing) == [("officer-12", "tablet-0")]


async def test_the_key_stays_through_a_restart(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    keys = []
    for _ in range(2):
        async with running(a_config(tmp_path, valkey.url, notify=NotifyConfig(contact=CONTACT))) as server:
            keys.append((await (await server.signed_in("admin")).get("/api/subscriptions/key")).json["key"])
    assert keys[0] == keys[1]
    assert (tmp_path / "vapid.pem").stat().st_mode & 0o777 == 0o600


async def test_an_alert_rings_a_device_that_is_not_connected_and_the_worker_reports_it(house: House) -> None:
    server, there = house
    officer = await server.signed_in("officer-12")
    assert (await officer.post("/api/subscriptions", there.subscribe())).status == 201
    operator = await server.signed_in("operator")
    push = {"id": "push-1", "cameras": ["main-4th"], "to": {"people": ["officer-12"]}}
    assert (await operator.post("/api/pushes", push)).status == 201
    (ringing,) = await there.until(1)
    assert ringing.payload["notification"]["navigate"] == f"{server.address}/tablet#push=push-1"
    named = {key: ringing.payload["notification"]["data"][key] for key in ("item", "item_id", "revision")}
    receipt = {"id": "of-the-worker", "stage": "delivered", **named}
    (result,) = (await officer.post("/api/receipts", {"receipts": [receipt]})).json["results"]
    assert result["ok"]


async def test_a_push_service_that_refuses_us_is_told_by_healthz_and_the_server_is_well(house: House) -> None:
    server, there = house
    officer = await server.signed_in("officer-12")
    await officer.post("/api/subscriptions", there.subscribe())
    there.answer(403)
    push = {"id": "push-1", "cameras": ["main-4th"], "to": {"people": ["officer-12"]}}
    await (await server.signed_in("operator")).post("/api/pushes", push)
    async with asyncio.timeout(10):
        while "problems" not in (answer := await server.client().get("/healthz")).json:
            pass
    assert (answer.status, answer.json["status"]) == (200, "ok")
    assert "Web Push is refused (status 403)" in answer.json["problems"][0]
