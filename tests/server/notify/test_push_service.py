import ssl
import time
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path

import pytest

from server.core.subscriptions import Subscription
from server.notify import push_service as module
from server.notify.answer import Answer, Outcome
from server.notify.push_service import PushServices
from server.notify.vapid import VapidKey, open_key
from tests.fakes.push_service import PushService, push_service, trust

PAYLOAD = b'{"web_push": 8030}'


@pytest.fixture
async def there() -> AsyncIterator[PushService]:
    async with push_service() as there:
        yield there


@pytest.fixture
def key(tmp_path: Path) -> VapidKey:
    return open_key(tmp_path, "mailto:ops@city.example")


@pytest.fixture
async def services(key: VapidKey) -> AsyncIterator[PushServices]:
    async with PushServices(key, ["localhost"], ssl_context=trust()) as services:
        yield services


async def ring(services: PushServices, subscription: Subscription, payload: bytes = PAYLOAD) -> Answer:
    return await services.ring(subscription, payload, ttl_s=60, urgency="high", topic="t" * 32, now_s=time.time())


def at(there: PushService, name: str = "a") -> Subscription:
    return Subscription.parse(there.subscribe(name), allow_hosts=["localhost"])


async def test_the_push_service_can_check_us_and_the_browser_can_read_it(
    there: PushService, services: PushServices, key: VapidKey
) -> None:
    assert (await ring(services, at(there))).outcome is Outcome.RUNG
    (ringing,) = await there.until(1)
    assert ringing.plain == PAYLOAD
    assert ringing.key == key.public
    assert ringing.claims["sub"] == "mailto:ops@city.example"
    wanted = {"TTL": "60", "Urgency": "high", "Topic": "t" * 32, "Content-Type": "application/notification+json"}
    assert wanted.items() <= ringing.headers.items()


async def test_the_largest_payload_is_taken(there: PushService, services: PushServices) -> None:
    assert (await ring(services, at(there), b"x" * 3900)).outcome is Outcome.RUNG
    assert not there.faults


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.RUNG),
        (202, Outcome.RUNG),
        (302, Outcome.REFUSED),
        (400, Outcome.REFUSED),
        (403, Outcome.REFUSED),
        (404, Outcome.GONE),
        (410, Outcome.GONE),
        (413, Outcome.TOO_LARGE),
        (429, Outcome.LATER),
        (500, Outcome.LATER),
        (503, Outcome.LATER),
    ],
)
async def test_each_answer_has_its_meaning(
    there: PushService, services: PushServices, status: int, outcome: Outcome
) -> None:
    there.answer(status)
    assert (await ring(services, at(there))).outcome is outcome


@pytest.mark.parametrize(("text", "pause_s"), [("7", 7), ("99999999", 3600), ("soon", None), ("", None), ("-5", None)])
async def test_a_pause_that_is_asked_for_is_told(
    there: PushService, services: PushServices, text: str, pause_s: float | None
) -> None:
    there.answer(429, **{"Retry-After": text})
    assert (await ring(services, at(there))).retry_after_s == pause_s


async def test_a_pause_may_be_a_date(there: PushService, services: PushServices) -> None:
    there.answer(503, **{"Retry-After": formatdate(time.time() + 100, usegmt=True)})
    pause_s = (await ring(services, at(there))).retry_after_s
    assert pause_s is not None
    assert 90 < pause_s <= 100


async def test_a_redirect_is_not_followed(there: PushService, services: PushServices) -> None:
    there.answer(307, Location=f"{there.address}/push/b")
    at(there, "b")
    assert (await ring(services, at(there))).outcome is Outcome.REFUSED
    assert [one.path for one in there.rung] == ["/push/a"]


async def test_one_that_never_answers_is_left(
    there: PushService, key: VapidKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 0.3)
    there.answers.append(None)
    async with PushServices(key, ["localhost"], ssl_context=trust()) as services:
        assert (await ring(services, at(there))).outcome is Outcome.LATER


async def test_one_that_is_not_there_is_for_later(there: PushService, services: PushServices) -> None:
    subscription = Subscription("https://localhost:1/a", at(there).p256dh, at(there).auth)
    assert (await ring(services, subscription)).outcome is Outcome.LATER


async def test_a_certificate_that_is_not_trusted_is_for_later_and_nothing_is_said(
    there: PushService, key: VapidKey
) -> None:
    async with PushServices(key, ["localhost"], ssl_context=ssl.create_default_context()) as services:
        assert (await ring(services, at(there))).outcome is Outcome.LATER
    assert not there.rung


async def test_what_is_not_public_is_not_called_by_address(there: PushService, key: VapidKey) -> None:
    async with PushServices(key, ssl_context=trust()) as services:
        assert (await ring(services, at(there))).outcome is Outcome.REFUSED
    assert not there.rung
    assert not there.at_once


async def test_a_public_name_of_a_private_address_is_not_called(
    there: PushService, key: VapidKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a browser could claim: a name that everybody may register, for an address that only we can reach.
    monkeypatch.setattr(module, "refusal", lambda _endpoint, _hosts: "")
    async with PushServices(key, ssl_context=trust()) as services:
        answer = await ring(services, at(there))
    assert answer.outcome is Outcome.LATER
    assert not there.rung
    assert not there.at_once


async def test_keys_that_cannot_be_used_are_as_good_as_gone(there: PushService, services: PushServices) -> None:
    spoilt = Subscription(at(there).endpoint, "BAAA", "AAAA")
    assert (await ring(services, spoilt)).outcome is Outcome.GONE
