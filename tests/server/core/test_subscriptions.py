import base64
from ipaddress import ip_address
from typing import Any

import pytest

from server.core.subscriptions import MAX_ENDPOINT_CHARACTERS, Subscription, is_public, refusal
from server.errors import RequestInvalid
from tests.fakes.push_service import Browser

ENDPOINT = "https://push.example.com/send/abc"


def body(**changes: Any) -> dict[str, Any]:
    return {**Browser().subscription(ENDPOINT), **changes}


def test_what_a_browser_gives_is_taken() -> None:
    given = body(expirationTime=None)
    subscription = Subscription.parse(given)
    assert subscription.endpoint == ENDPOINT
    assert (subscription.p256dh, subscription.auth) == (given["keys"]["p256dh"], given["keys"]["auth"])
    assert len(subscription.id) == 64


def test_neither_endpoint_nor_keys_are_told_by_accident() -> None:
    assert repr(Subscription.parse(body())) == "Subscription()"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"endpoint": None}, "endpoint"),
        ({"endpoint": 7}, "endpoint"),
        ({"endpoint": "https://push.example.com/" + "a" * MAX_ENDPOINT_CHARACTERS}, "endpoint"),
        ({"keys": None}, "keys"),
        ({"keys": {}}, "keys.p256dh"),
        ({"keys": {"p256dh": "§", "auth": "AAAA"}}, "keys.p256dh"),
        ({"keys": {"p256dh": base64.urlsafe_b64encode(b"\4" + b"\1" * 64).decode(), "auth": "AAAA"}}, "keys.p256dh"),
        ({"keys": {"p256dh": base64.urlsafe_b64encode(b"\4" + b"\xff" * 64).decode(), "auth": "AA"}}, "keys.p256dh"),
        ({"keys": {**body()["keys"], "auth": "AAAA"}}, "keys.auth"),
        ({"keys": {**body()["keys"], "auth": "A" * 500}}, "keys.auth"),
    ],
)
def test_what_is_no_subscription_is_refused_and_the_field_is_named(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(RequestInvalid) as refused:
        Subscription.parse(body(**changes))
    assert refused.value.path == path


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example.com/a",
        "https://push.example.com:8443/a",
        "https://user@push.example.com/a",
        "https://push.example.com/a#b",
        "https:///a",
        "https://[::1/a",
        "https://push.example.com:port/a",
        "https://localhost/a",
        "https://valkey/a",
        "https://127.0.0.1/a",
        "https://10.0.0.3/a",
        "https://169.254.169.254/latest",
        "https://[::1]/a",
        "https://[::ffff:127.0.0.1]/a",
        "https://[fd00::1]/a",
        "file:///etc/passwd",
        "nonsense",
    ],
)
def test_only_public_push_services_are_called(endpoint: str) -> None:
    assert refusal(endpoint, ())
    with pytest.raises(RequestInvalid):
        Subscription.parse(body(endpoint=endpoint))


def test_a_listed_host_is_called_whatever_its_port_but_not_without_tls() -> None:
    assert refusal("https://localhost:4433/a", ["localhost"]) == ""
    assert refusal("http://localhost:4433/a", ["localhost"])
    assert refusal("https://push.example.com:443/a", ()) == ""
    assert refusal("https://8.8.8.8/a", ()) == ""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("fe80::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::8.8.8.8", True),
        ("2002:7f00:1::1", False),
    ],
)
def test_a_private_address_inside_of_another_is_private(address: str, expected: bool) -> None:
    assert is_public(ip_address(address)) is expected
