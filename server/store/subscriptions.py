"""Subscriptions: where bells are, and who needs none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, tuple_, update

from server.core.people import Actor, Person, Role
from server.core.subscriptions import MAX_PER_PERSON, Bellpull, Subscription, id_of
from server.errors import SubscriptionTooMany
from server.store import audit, tables
from server.store.standings import Named, chunks

_ON_THE_WAY = "sent"
"""The one stage below ``delivered``: it says nothing of the device."""
_BY_A_PERSON = ("opened", "declined", "acknowledged")


@dataclass(frozen=True, slots=True)
class Reached:
    """Who has one revision of an item without a bell."""

    devices: frozenset[tuple[str, str]]
    """Person and device."""
    people: frozenset[str]
    """They have done something about it, on whatever device or by radio."""


NOT_REACHED = Reached(frozenset(), frozenset())


def keep(conn: Connection, subscription: Subscription, actor: Actor, now_ms: int) -> bool:
    """Keep where to ring for this device of a person; what rang there before, or for the device, rings no more.

    Returns:
        Whether it is new.

    Raises:
        SubscriptionTooMany: five other devices of the person have one.
    """
    columns = tables.push_subscriptions.c
    row = {
        "person": actor.id,
        "device": actor.device,
        "endpoint": subscription.endpoint,
        "p256dh": subscription.p256dh,
        "auth": subscription.auth,
    }
    here = (columns.person == actor.id) & (columns.device == actor.device)
    conn.execute(delete(tables.push_subscriptions).where(here, columns.id != subscription.id))
    owner = conn.scalar(select(columns.person).where(columns.id == subscription.id))
    if owner == actor.id:
        conn.execute(update(tables.push_subscriptions).where(columns.id == subscription.id).values(**row))
        return False
    count = conn.scalar(select(func.count()).select_from(tables.push_subscriptions).where(columns.person == actor.id))
    if (count or 0) >= MAX_PER_PERSON:
        raise SubscriptionTooMany(
            f"{MAX_PER_PERSON} other devices ring for you already. Turn the bell off, or sign out, on one of them."
        )
    # The endpoint is the browser's: whoever was signed in there before is rung elsewhere.
    conn.execute(delete(tables.push_subscriptions).where(columns.id == subscription.id))
    conn.execute(insert(tables.push_subscriptions), {**row, "id": subscription.id, "made_ms": now_ms})
    audit.append(conn, actor, "bell.on", actor.id, now_ms=now_ms)
    return True


def remove(conn: Connection, endpoint: str, actor: Actor, now_ms: int) -> None:
    """Ring there no more; nothing happens when it is somebody else's, or nobody's."""
    columns = tables.push_subscriptions.c
    own = (columns.id == id_of(endpoint)) & (columns.person == actor.id)
    if conn.execute(delete(tables.push_subscriptions).where(own)).rowcount:
        audit.append(conn, actor, "bell.off", actor.id, now_ms=now_ms)


def remove_of_device(conn: Connection, *, person_id: str, device: str) -> None:
    columns = tables.push_subscriptions.c
    conn.execute(delete(tables.push_subscriptions).where(columns.person == person_id, columns.device == device))


def forget(conn: Connection, subscription_id: str) -> None:
    """The push service does not know it any more."""
    conn.execute(delete(tables.push_subscriptions).where(tables.push_subscriptions.c.id == subscription_id))


def everywhere(conn: Connection) -> list[Bellpull]:
    """All there are, without those of people who are disabled."""
    columns, people = tables.push_subscriptions.c, tables.people.c
    query = (
        select(tables.push_subscriptions, people.name, people.role, people.unit)
        .join(tables.people, people.id == columns.person)
        .where(people.disabled_ms.is_(None))
        .order_by(columns.id)
    )
    return [
        Bellpull(
            Subscription(row.endpoint, row.p256dh, row.auth),
            Person(row.person, row.name, Role(row.role), row.unit),
            row.device,
        )
        for row in conn.execute(query)
    ]


def reached(conn: Connection, items: Collection[tuple[Named, int]]) -> Mapping[tuple[Named, int], Reached]:
    """Who has these revisions, by receipt; one that nobody has is left out."""
    columns = tables.receipts.c
    key = tuple_(columns.item, columns.item_id, columns.revision)
    devices: dict[tuple[Named, int], set[tuple[str, str]]] = {}
    people: dict[tuple[Named, int], set[str]] = {}
    for chunk in chunks((*item, revision) for item, revision in items):
        query = select(columns.item, columns.item_id, columns.revision, columns.person, columns.device, columns.stage)
        for row in conn.execute(query.where(key.in_(chunk), columns.stage != _ON_THE_WAY)):
            of = (row.item, row.item_id), row.revision
            devices.setdefault(of, set()).add((row.person, row.device))
            if row.stage in _BY_A_PERSON:
                people.setdefault(of, set()).add(row.person)
    return {of: Reached(frozenset(known), frozenset(people.get(of, ()))) for of, known in devices.items()}
