"""A house of servers with bells, as far as bells are concerned."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, insert

from server.core.audience import EVERYBODY, Audience
from server.core.people import Person
from server.core.subscriptions import Subscription
from server.notify.bell import Bell
from server.notify.push_service import PushServices
from server.notify.vapid import VapidKey
from server.store import log, people, subscriptions, tables
from server.store.db import Database
from server.web.pages import PAGE_OF
from tests.fakes.push_service import PushService, push_service, trust
from tests.server import samples
from tests.server.notify.samples import an_alert, an_alert_entry
from tests.server.samples import REYES, on

ADDRESS = "https://sightline.example"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


@dataclass
class House:
    """Servers with bells, on one database, and the push service that they call."""

    db: Database
    there: PushService
    key: VapidKey
    online: set[str] = field(default_factory=set)
    bells: list[Bell] = field(default_factory=list)

    async def subscribe(self, person: Person = REYES, device: str = "tablet-1") -> Subscription:
        subscription = Subscription.parse(self.there.subscribe(f"{person.id}.{device}"), allow_hosts=["localhost"])
        keep = partial(subscriptions.keep, subscription=subscription, actor=on(device, person), now_ms=now_ms())
        await self.db.write(keep)
        return subscription

    async def subscribed(self) -> int:
        return len(await self.db.read(subscriptions.everywhere))

    async def receipt(self, stage: str, *, person: str = REYES.id, device: str = "tablet-1", revision: int = 1) -> None:
        row = {"item": "alert", "item_id": "alert-1", "revision": revision, "at_ms": 1, "received_ms": 1}
        row |= {"person": person, "device": device, "stage": stage}
        await self.db.write(lambda conn: conn.execute(insert(tables.receipts), row))

    async def keep(self, *, at_ms: int | None = None, **changes: Any) -> None:
        """An alert as it stands and, with a time, its entry in the log."""
        alert = an_alert(**changes)
        row = {"number": alert["number"], "id": alert["id"], "source": "s", "source_id": "1", "received_ms": 1}
        row |= {"record": json.dumps(alert), "raw": b""}

        def keep(conn: Connection) -> None:
            conn.execute(delete(tables.alerts).where(tables.alerts.c.id == alert["id"]))
            conn.execute(insert(tables.alerts), row)
            if at_ms is not None:
                log.append(conn, "alert", {"alert": alert}, EVERYBODY, at_ms)

        await self.db.write(keep)

    def hear(self, *, audience: Audience = EVERYBODY, at_ms: int | None = None, **changes: Any) -> None:
        """An entry of the log comes to all servers."""
        for bell in self.bells:
            bell.on_entry(an_alert_entry(audience=audience, at_ms=now_ms() if at_ms is None else at_ms, **changes))

    async def idle(self) -> None:
        """Until nothing more is looked at or called."""
        await until(lambda: all(bell.is_idle for bell in self.bells))

    def paths(self) -> list[str]:
        return [one.path.removeprefix("/push/") for one in self.there.rung]


@asynccontextmanager
async def ringing(house: House, count: int = 1, **options: Any) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        tasks = []
        for _ in range(count):
            services = await stack.enter_async_context(PushServices(house.key, ["localhost"], ssl_context=trust()))
            bell = a_bell(house.db, services, house.key, online=lambda: frozenset(house.online), **options)
            house.bells.append(bell)
            tasks.append(asyncio.create_task(bell.run()))
        try:
            yield house
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task
            house.bells.clear()


def a_bell(db: Database, services: PushServices, key: VapidKey, **options: Any) -> Bell:
    return Bell(
        db,
        services,
        key=key.public,
        address=ADDRESS,
        page_of=PAGE_OF,
        allow_hosts=["localhost"],
        now_ms=now_ms,
        **{"show_content": False, "online": frozenset, **options},
    )


@asynccontextmanager
async def furnished(db: Database, key: VapidKey) -> AsyncIterator[House]:
    accounts = [(person, "h") for person in samples.EVERYBODY]
    await db.write(lambda conn: people.seed(conn, accounts, now_ms=1))
    async with push_service() as there:
        yield House(db, there, key)
