from functools import partial

import pytest
from sqlalchemy import select

from server.store import bells, tables
from server.store.bells import LEASE_MS, Claim, Lapsed, Told
from server.store.db import Database
from tests.server.samples import NOW_MS

LATER_MS = NOW_MS + LEASE_MS + 1
A: Claim = (("alert", "1"), 1, "a")
B: Claim = (("alert", "1"), 1, "b")
OF_PUSH: Claim = (("push", "1"), 1, "a")


async def claim(database: Database, *wanted: Claim, server: str = "one", at_ms: int = NOW_MS) -> list[Claim]:
    times = dict.fromkeys(wanted, at_ms)
    return await database.write(partial(bells.claim, wanted=times, server=server, now_ms=NOW_MS))


async def lapsed(database: Database, now_ms: int = LATER_MS, limit: int = 10) -> list[Claim]:
    found = await database.read(partial(bells.lapsed, since_ms=NOW_MS, now_ms=now_ms, limit=limit))
    return sorted(one.claim for one in found)


async def take_over(database: Database, *wanted: Claim, server: str = "two", now_ms: int = LATER_MS) -> list[Claim]:
    return sorted(await database.write(partial(bells.take_over, wanted=wanted, server=server, now_ms=now_ms)))


async def test_one_server_rings_for_one_revision(database: Database) -> None:
    assert await claim(database, A, B, OF_PUSH) == [A, B, OF_PUSH]
    assert await claim(database, A, B, OF_PUSH, server="two") == []
    newer: Claim = (("alert", "1"), 2, "a")
    assert await claim(database, newer, A, B) == [newer]
    assert await database.read(partial(bells.told, items=[("alert", "1")])) == {
        (("alert", "1"), "a"): Told(first=1, newest=2),
        (("alert", "1"), "b"): Told(first=1, newest=1),
    }


async def test_an_older_revision_is_not_rung_after_a_newer_one(database: Database) -> None:
    await claim(database, (("alert", "1"), 2, "a"))
    assert await claim(database, A) == []


async def test_what_was_rung_is_forgotten_in_the_end(database: Database) -> None:
    await claim(database, A, at_ms=NOW_MS - 1)
    await claim(database, OF_PUSH)
    await database.write(partial(bells.forget, before_ms=NOW_MS))
    found = await database.read(partial(bells.told, items=[("alert", "1"), ("push", "1")]))
    assert found == {(("push", "1"), "a"): Told(1, 1)}


async def test_a_lease_that_is_not_renewed_lapses_with_the_time_of_its_entry(database: Database) -> None:
    await claim(database, A, at_ms=NOW_MS + 7)
    assert await lapsed(database, NOW_MS + LEASE_MS) == []
    found = await database.read(partial(bells.lapsed, since_ms=NOW_MS, now_ms=LATER_MS, limit=10))
    assert found == [Lapsed(A, at_ms=NOW_MS + 7)]


async def test_what_is_done_does_not_lapse_and_is_not_renewed(database: Database) -> None:
    await claim(database, A, B)
    await database.write(partial(bells.conclude, done=[A]))
    await database.write(partial(bells.renew, held=[A], server="one", now_ms=NOW_MS))
    assert await lapsed(database) == [B]


async def test_a_renewed_lease_lasts_on(database: Database) -> None:
    await claim(database, A, B)
    await database.write(partial(bells.renew, held=[A], server="one", now_ms=LATER_MS))
    assert await lapsed(database) == [B]
    assert await lapsed(database, LATER_MS + LEASE_MS + 1) == [A, B]


async def test_what_is_too_old_to_matter_does_not_come_back(database: Database) -> None:
    await claim(database, A, at_ms=NOW_MS - 1)
    await claim(database, B)
    assert await lapsed(database) == [B]


@pytest.mark.parametrize("count", [1, 2])
async def test_no_more_come_back_than_are_asked_for(database: Database, count: int) -> None:
    await claim(database, A, B, OF_PUSH)
    assert len(await lapsed(database, limit=count)) == count


async def test_one_server_takes_over_what_lapsed(database: Database) -> None:
    await claim(database, A, B)
    assert await take_over(database, A, now_ms=NOW_MS + LEASE_MS) == []
    assert await take_over(database, A) == [A]
    assert await take_over(database, A, B, server="three") == [B]


async def test_it_is_taken_over_once_only(database: Database) -> None:
    await claim(database, A)
    await take_over(database, A)
    end_ms = LATER_MS + LEASE_MS + 1
    assert await lapsed(database, end_ms) == []
    assert await take_over(database, A, server="three", now_ms=end_ms) == []


async def test_who_was_thought_dead_does_not_renew_what_another_took(database: Database) -> None:
    await claim(database, A)
    await take_over(database, A)
    await database.write(partial(bells.renew, held=[A], server="one", now_ms=LATER_MS + 5 * LEASE_MS))
    (lease_ms,) = await database.read(lambda conn: conn.scalars(select(tables.push_rings.c.lease_ms)).all())
    assert lease_ms == LATER_MS + LEASE_MS


async def test_a_thousand_are_claimed_renewed_and_done_at_once(database: Database) -> None:
    many: list[Claim] = [(("alert", "1"), 1, f"s-{number:04}") for number in range(1001)]
    assert await claim(database, *many) == many
    await database.write(partial(bells.renew, held=many, server="one", now_ms=NOW_MS))
    assert await take_over(database, *many) == many
    await database.write(partial(bells.conclude, done=many))
    assert await lapsed(database, limit=2000) == []
