from typing import Any

import pytest

from server.core.bulletin_orders import LIFETIME_MS, BulletinOrder, PhotoOrder
from server.core.selection import Selection
from server.errors import BulletinIncomplete, RequestInvalid
from tests.server.samples import HOUR_MS, NOW_MS, PICTURE, WANTED

PHOTO = {"id": PICTURE.id, "source": "Shop camera", "taken": "2026-11-18"}
GOOD: dict[str, Any] = {"id": "0c1f9d2e-7a55", **WANTED, "photos": [PHOTO]}
DAY_MS = 24 * HOUR_MS


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


def a_photo(**changes: Any) -> dict[str, Any]:
    return {**GOOD, "photos": [{**PHOTO, **changes}]}


def test_an_order_is_read() -> None:
    body = {**GOOD, "why": " Robbery on Main St ", "to": {"units": ["7"]}, "expires_ms": 5, "status": "Exercise"}
    photo = PhotoOrder(PICTURE.id, "Shop camera", "2026-11-18")
    assert BulletinOrder.parse(body) == BulletinOrder(
        GOOD["id"], WANTED, (photo,), 5, Selection(units=("7",)), "Exercise"
    )


def test_whom_it_is_for_and_when_it_ends_may_be_left_out() -> None:
    order = BulletinOrder.parse({**GOOD, "to": None, "expires_ms": None})
    assert (order.to, order.expires_ms, order.status) == (None, None, "Actual")
    assert order.expiry_ms(NOW_MS) == NOW_MS + LIFETIME_MS == NOW_MS + 72 * HOUR_MS


@pytest.mark.parametrize("name", ["name", "why", "caution", "legal_basis", "issuer", "verify", "photos"])
@pytest.mark.parametrize("blank", [None, "", " \t"])
def test_no_field_no_send(name: str, blank: str | None) -> None:
    empty: object = [] if name == "photos" else blank
    for body in (without(name), {**GOOD, name: empty}):
        with pytest.raises(BulletinIncomplete) as refusal:
            BulletinOrder.parse(body)
        assert refusal.value.path == name


@pytest.mark.parametrize("name", ["id", "source", "taken"])
@pytest.mark.parametrize("blank", [None, "", " "])
def test_no_field_of_a_photo_no_send(name: str, blank: str | None) -> None:
    with pytest.raises(BulletinIncomplete) as refusal:
        BulletinOrder.parse(a_photo(**{name: blank}))
    assert refusal.value.path == f"photos[0].{name}"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({**GOOD, "id": "a/b"}, "id"),
        ({**GOOD, "why": 7}, "why"),
        ({**GOOD, "why": "x" * 1001}, "why"),
        ({**GOOD, "verify": "\0"}, "verify"),
        ({**GOOD, "status": "System"}, "status"),
        ({**GOOD, "expires_ms": "tomorrow"}, "expires_ms"),
        ({**GOOD, "expires_ms": True}, "expires_ms"),
        ({**GOOD, "expires_ms": 10**18}, "expires_ms"),
        ({**GOOD, "photos": "photo"}, "photos"),
        ({**GOOD, "photos": ["photo"]}, "photos[0]"),
        ({**GOOD, "photos": [PHOTO, PHOTO]}, "photos"),
        ({**GOOD, "photos": [{**PHOTO, "id": str(n)} for n in range(5)]}, "photos"),
        (a_photo(taken="18.11.2026"), "photos[0].taken"),
        (a_photo(taken="2026-02-30"), "photos[0].taken"),
        (a_photo(taken="20261118"), "photos[0].taken"),
        ({**GOOD, "to": "all"}, "to"),
        ({**GOOD, "to": {"near": {"lat": 41.7, "lon": -72.6, "radius_m": 0}}}, "to.near.radius_m"),
        ({**GOOD, "to": {"near": {"lat": 41.7, "lon": -72.6, "radius_m": 1e7}}}, "to.near.radius_m"),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_named(body: dict[str, Any], path: str) -> None:
    with pytest.raises(RequestInvalid) as refusal:
        BulletinOrder.parse(body)
    assert refusal.value.path == path


@pytest.mark.parametrize("expires_ms", [NOW_MS, NOW_MS - 1, 0, NOW_MS + 30 * DAY_MS + 1, NOW_MS + 31 * DAY_MS])
def test_it_ends_within_30_days(expires_ms: int) -> None:
    with pytest.raises(RequestInvalid) as refusal:
        BulletinOrder.parse({**GOOD, "expires_ms": expires_ms}).expiry_ms(NOW_MS)
    assert refusal.value.path == "expires_ms"


def test_the_last_moment_is_30_days_ahead() -> None:
    expires_ms = NOW_MS + 30 * DAY_MS
    assert BulletinOrder.parse({**GOOD, "expires_ms": expires_ms}).expiry_ms(NOW_MS) == expires_ms


def test_a_photo_of_a_day_that_has_begun_nowhere_is_refused() -> None:
    # NOW_MS is 2026-11-20T18:40Z: on an island in the Pacific it is the 21st already.
    BulletinOrder.parse(a_photo(taken="2026-11-21")).expiry_ms(NOW_MS)
    with pytest.raises(RequestInvalid) as refusal:
        BulletinOrder.parse(a_photo(taken="2026-11-22")).expiry_ms(NOW_MS)
    assert refusal.value.path == "photos[0].taken"
