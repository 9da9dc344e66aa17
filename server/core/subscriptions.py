"""Subscriptions: where the bell of a device is rung, as its browser has told it (Push API, RFC 8291 §2)."""

import base64
import binascii
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

from server.core.body import json_kind, text
from server.core.people import Person
from server.errors import RequestInvalid

MAX_PER_PERSON = 5
MAX_ENDPOINT_CHARACTERS = 2000
MAX_KEY_CHARACTERS = 200
AUTH_BYTES = 16
HTTPS_PORT = 443

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
"""Of the curve P-256 (SEC 2 §2.4.2)."""
_NAT64 = int(IPv6Address("64:ff9b::")) >> 32


@dataclass(frozen=True, slots=True)
class Subscription:
    """Whoever knows ``endpoint`` can ring there: it stays out of logs."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)

    @classmethod
    def parse(cls, body: Mapping[str, Any], *, allow_hosts: Collection[str] = ()) -> "Subscription":
        """Read what ``PushSubscription.toJSON()`` gives.

        Raises:
            RequestInvalid: something is missing, is no key of P-256, or the endpoint is nowhere that we call.
        """
        endpoint = text(body, "endpoint", max_characters=MAX_ENDPOINT_CHARACTERS)
        why_not = refusal(endpoint, allow_hosts)
        if why_not:
            raise RequestInvalid(f"'endpoint' {why_not}", path="endpoint")
        keys = body.get("keys")
        if not isinstance(keys, Mapping):
            raise RequestInvalid(f"'keys' must be an object with p256dh and auth, not {json_kind(keys)}.", path="keys")
        if not _is_point(_decoded(keys, "p256dh")):
            raise RequestInvalid("'keys.p256dh' must be an uncompressed point of the curve P-256.", path="keys.p256dh")
        if len(_decoded(keys, "auth")) != AUTH_BYTES:
            raise RequestInvalid(f"'keys.auth' must be {AUTH_BYTES} bytes in base64url.", path="keys.auth")
        return cls(endpoint, keys["p256dh"].rstrip("="), keys["auth"].rstrip("="))

    @property
    def id(self) -> str:
        """What it is called where the endpoint must not be told."""
        return id_of(self.endpoint)


@dataclass(frozen=True, slots=True)
class Bellpull:
    """A subscription, and whom it calls."""

    subscription: Subscription
    person: Person
    device: str


def id_of(endpoint: str) -> str:
    return hashlib.sha256(endpoint.encode("utf-8", "surrogatepass")).hexdigest()


def refusal(endpoint: str, allow_hosts: Collection[str]) -> str:
    """Why we don't call there, as the rest of a sentence; "" when we do.

    Endpoints come from browsers, so anybody who is signed in can name one: only public push services, or hosts that
    the configuration lists. What a name stands for is looked at when it is called.
    """
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is no address."
    if parts.scheme != "https" or not host or parts.username is not None or parts.fragment:
        return "must be an https address without user name and fragment."
    if host in allow_hosts:
        return ""
    if port not in (None, HTTPS_PORT):
        return "must be at port 443."
    try:
        address = ip_address(host)
    except ValueError:
        return "" if "." in host.strip(".") else "must be at a public push service; notify.allow_hosts can list others."
    return "" if is_public(address) else "is no public address; notify.allow_hosts can list others."


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is out in the world, also by the IPv4 address that is inside of it."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and int(address) >> 32 == _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def _decoded(keys: Mapping[str, Any], key: str) -> bytes:
    value = text(keys, key, max_characters=MAX_KEY_CHARACTERS, path="keys").rstrip("=")
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise RequestInvalid(f"'keys.{key}' must be base64url.", path=f"keys.{key}") from None


def _is_point(data: bytes) -> bool:
    x, y = int.from_bytes(data[1:33]), int.from_bytes(data[33:])
    return len(data) == 65 and data[0] == 4 and max(x, y) < _P and (y * y - (x**3 - 3 * x + _B)) % _P == 0
