"""What a server that dies had taken upon itself is rung by another one, once, as long as it matters."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from server.core.subscriptions import Subscription
from server.notify import leases
from server.notify.ring import LIFETIME_MS
from server.notify.vapid import VapidKey
from server.store import bells, tables
from server.store.bells import LEASE_MS
from server.store.db import Database
from tests.server.notify.house import House, furnished, now_ms, ringing, until


@pytest.fixture
async def house(key: VapidKey, database: Database) -> AsyncIterator[House]:
    """On each kind of database in turn."""
    async with furnished(database, key) as house:
        yield house


async def left_behind(house: House, subscription: Subscription, *, revision: int = 1, at_ms: int | None = None) -> None:
    """A server has claimed the bell, and died before it rang."""
    wanted = {(("alert", "alert-1"), revision, subscription.id): now_ms() if at_ms is None else at_ms}
    died_ms = now_ms() - LEASE_MS - 1
    await house.db.write(partial(bells.claim, wanted=wanted, server="dead", now_ms=died_ms))  # type: ignore[arg-type]


async def leases_left(house: House) -> int:
    query = select(func.count()).select_from(tables.push_rings).where(tables.push_rings.c.lease_ms.is_not(None))
    return await house.db.read(lambda conn: conn.scalars(query).one())


async def the_lease(house: House) -> int | None:
    return await house.db.read(lambda conn: conn.scalars(select(tables.push_rings.c.lease_ms)).one())


async def none_left(house: House) -> None:
    async with asyncio.timeout(10):
        while await leases_left(house):  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    await house.idle()


async def test_what_a_killed_server_was_ringing_is_rung_by_another_one(
    house: House, database_url: str, tmp_path: Path
) -> None:
    await house.subscribe()
    await house.keep(at_ms=now_ms())
    house.there.answers.append(None)
    # It finds the entry in the log, claims the bell, and is killed while the push service does not answer.
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.server.notify.a_server", str(os.getpid()), database_url, str(tmp_path)
    )
    await house.there.until(1, timeout_s=60)
    server.send_signal(signal.SIGKILL)
    await server.wait()
    async with ringing(house):
        await house.idle()
        assert len(house.there.rung) == 1, "its lease holds on"
        await house.db.write(lambda conn: conn.execute(update(tables.push_rings).values(lease_ms=now_ms() - 1)))
        first, second = await house.there.until(2)
        await none_left(house)
    assert first.payload == second.payload
    assert first.headers["Topic"] == second.headers["Topic"]
    assert len(house.there.rung) == 2


async def test_of_several_servers_one_takes_it_over(house: House) -> None:
    await house.keep()
    await left_behind(house, await house.subscribe())
    async with ringing(house, 3):
        await house.there.until(1)
        await none_left(house)
    assert len(house.there.rung) == 1


async def test_what_is_rung_is_not_taken_over(house: House) -> None:
    await house.subscribe()
    await house.keep()
    async with ringing(house):
        house.hear()
        await house.there.until(1)
        await none_left(house)


async def test_a_server_that_still_tries_keeps_its_lease(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_S", 0.05)
    await house.subscribe()
    await house.keep()
    house.there.answers.append(None)
    async with ringing(house, 2):
        house.hear()
        await house.there.until(1)
        first_ms = await the_lease(house)
        async with asyncio.timeout(10):
            while await the_lease(house) == first_ms:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)
    assert len(house.there.rung) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "closed"},
        {"state": "acknowledged", "revised_ms": 1},
        {"revision": 2},
        {"expires_ms": 1},
        {"shelved": {"until_ms": 2, "by": "operator", "reason": "noise"}},
    ],
)
async def test_what_does_not_matter_any_more_is_left(house: House, changes: dict[str, Any]) -> None:
    await house.keep(**changes)
    await left_behind(house, await house.subscribe())
    async with ringing(house):
        await none_left(house)
    assert not house.there.rung


async def test_who_has_it_by_then_is_not_rung(house: House) -> None:
    await house.keep()
    await left_behind(house, await house.subscribe())
    await house.receipt("delivered")
    async with ringing(house):
        await none_left(house)
    assert not house.there.rung


async def test_an_hour_after_its_entry_nothing_is_taken_over(house: House) -> None:
    await house.keep()
    await left_behind(house, await house.subscribe(), at_ms=now_ms() - LIFETIME_MS - 1)
    fresh = await house.subscribe(device="tablet-2")
    await left_behind(house, fresh)
    async with ringing(house):
        await house.there.until(1)
        await until(lambda: house.bells[0].is_idle)
    assert house.paths() == ["officer-12.tablet-2"]


async def test_an_end_is_told_where_the_beginning_was(house: House) -> None:
    told, untold = await house.subscribe(device="told"), await house.subscribe(device="untold")
    await house.keep(state="cancelled", revision=2)
    await left_behind(house, told)
    await left_behind(house, told, revision=2)
    await left_behind(house, untold, revision=2)
    async with ringing(house):
        await house.there.until(1)
        await none_left(house)
    (ringing_,) = house.there.rung
    assert ringing_.path.endswith(".told")
    assert ringing_.payload["notification"]["title"] == "P1 alert cancelled"
