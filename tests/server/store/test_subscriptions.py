from functools import partial

import pytest
from sqlalchemy import insert

from server.core.people import Actor, Role
from server.core.subscriptions import MAX_PER_PERSON, Subscription
from server.errors import SubscriptionTooMany
from server.store import audit, people, subscriptions, tables
from server.store.db import Database
from server.store.standings import Named
from tests.fakes.push_service import Browser
from tests.server.samples import EVERYBODY, NOW_MS, OKAFOR, REYES, on


@pytest.fixture(autouse=True)
async def seeded(database: Database) -> None:
    await database.write(lambda conn: people.seed(conn, [(person, "h") for person in EVERYBODY], now_ms=NOW_MS))


def a_subscription(name: str = "a") -> Subscription:
    return Subscription.parse(Browser().subscription(f"https://push.example.com/{name}"))


async def keep(database: Database, subscription: Subscription, actor: Actor) -> bool:
    return await database.write(partial(subscriptions.keep, subscription=subscription, actor=actor, now_ms=NOW_MS))


async def kept(database: Database) -> list[tuple[str, str, str]]:
    found = await database.read(subscriptions.everywhere)
    return sorted((one.person.id, one.device, one.subscription.endpoint[-1]) for one in found)


async def test_a_subscription_comes_back_as_it_was_with_its_person(database: Database) -> None:
    wanted = a_subscription()
    assert await keep(database, wanted, on("tablet-1"))
    (found,) = await database.read(subscriptions.everywhere)
    assert found.subscription == wanted
    assert (found.person.id, found.person.role, found.device) == (REYES.id, Role.OFFICER, "tablet-1")


async def test_the_same_again_is_not_new_and_takes_new_keys(database: Database) -> None:
    await keep(database, a_subscription(), on("tablet-1"))
    renewed = a_subscription()
    assert not await keep(database, renewed, on("tablet-1"))
    (found,) = await database.read(subscriptions.everywhere)
    assert found.subscription == renewed


async def test_a_device_has_one_bell(database: Database) -> None:
    for name in "ab":
        await keep(database, a_subscription(name), on("tablet-1"))
    assert await kept(database) == [(REYES.id, "tablet-1", "b")]


async def test_a_browser_rings_for_who_signed_in_last(database: Database) -> None:
    await keep(database, a_subscription(), on("tablet-1"))
    assert await keep(database, a_subscription(), on("tablet-1", OKAFOR))
    assert await kept(database) == [(OKAFOR.id, "tablet-1", "a")]


async def test_a_sixth_device_is_refused_in_words_and_changes_nothing(database: Database) -> None:
    for number in range(MAX_PER_PERSON):
        await keep(database, a_subscription(str(number)), on(f"tablet-{number}"))
    before = await kept(database)
    with pytest.raises(SubscriptionTooMany, match="5 other devices"):
        await keep(database, a_subscription("x"), on("tablet-x"))
    assert await kept(database) == before
    # Not one of the five in the place of another.
    assert await keep(database, a_subscription("y"), on("tablet-0"))


async def test_only_ones_own_is_removed(database: Database) -> None:
    await keep(database, a_subscription(), on("tablet-1"))
    endpoint = a_subscription().endpoint
    await database.write(partial(subscriptions.remove, endpoint=endpoint, actor=on("x", OKAFOR), now_ms=NOW_MS))
    assert await kept(database)
    await database.write(partial(subscriptions.remove, endpoint=endpoint, actor=on("x"), now_ms=NOW_MS))
    assert not await kept(database)


async def test_switching_it_on_and_off_is_on_record_without_the_endpoint(database: Database) -> None:
    await keep(database, a_subscription(), on("tablet-1"))
    await keep(database, a_subscription(), on("tablet-1"))
    remove = partial(subscriptions.remove, endpoint=a_subscription().endpoint, actor=on("tablet-1"), now_ms=NOW_MS)
    await database.write(remove)
    await database.write(remove)
    entries = await database.read(audit.page)
    assert [entry.action for entry in entries if entry.action.startswith("bell")] == ["bell.on", "bell.off"]
    assert "push.example.com" not in str(entries)


async def test_what_the_push_service_does_not_know_and_what_a_device_had_is_forgotten(database: Database) -> None:
    for name, device in (("a", "tablet-1"), ("b", "tablet-2"), ("c", "tablet-3")):
        await keep(database, a_subscription(name), on(device))
    await database.write(lambda conn: subscriptions.forget(conn, a_subscription("a").id))
    await database.write(lambda conn: subscriptions.remove_of_device(conn, person_id=REYES.id, device="tablet-2"))
    assert await kept(database) == [(REYES.id, "tablet-3", "c")]


async def test_whoever_is_disabled_is_rung_no_more(database: Database) -> None:
    await keep(database, a_subscription(), on("tablet-1"))
    await database.write(lambda conn: people.seed(conn, [(OKAFOR, "h")], now_ms=NOW_MS))
    assert not await kept(database)


async def test_receipts_tell_who_has_it_without_a_bell(database: Database) -> None:
    item = {"item": "alert", "item_id": "1", "revision": 1, "at_ms": NOW_MS, "received_ms": NOW_MS}
    rows = [
        {**item, "person": "a", "device": "tablet", "stage": "delivered"},
        {**item, "person": "a", "device": "phone", "stage": "sent"},
        {**item, "person": "b", "device": "tablet", "stage": "acknowledged"},
    ]
    await database.write(lambda conn: conn.execute(insert(tables.receipts), rows))
    name: Named = ("alert", "1")
    present, next_one = (name, 1), (name, 2)
    found = await database.read(partial(subscriptions.reached, items=[present, next_one]))
    devices = frozenset({("a", "tablet"), ("b", "tablet")})
    assert found == {present: subscriptions.Reached(devices, people=frozenset({"b"}))}
