"""Callees: whose bells are to be rung for what. Runs in a reader's thread, for there may be many to look at."""

from collections.abc import Sequence

from sqlalchemy import Connection

from server.core.subscriptions import Bellpull
from server.notify.leases import MAX_WRITTEN
from server.notify.ring import LIFETIME_MS, Ring
from server.store import bells, standings, subscriptions
from server.store.bells import Claim, Lapsed
from server.store.subscriptions import NOT_REACHED, Reached

Callees = dict[Claim, tuple[Ring, Bellpull]]


def of(conn: Connection, rings: Sequence[Ring], online: frozenset[str]) -> Callees:
    """Whom to ring for what."""
    everywhere = subscriptions.everywhere(conn)
    pulls = [(pull.subscription.id, pull) for pull in everywhere if pull.person.id not in online]
    if not pulls:
        return {}
    told = bells.told(conn, {ring.item for ring in rings})
    reached = subscriptions.reached(conn, {(ring.item, ring.revision) for ring in rings})
    wanted: Callees = {}
    for ring in rings:
        known = reached.get((ring.item, ring.revision), NOT_REACHED)
        for name, pull in pulls:
            before = told.get((ring.item, name))
            if ring.ending if before is None else before.newest >= ring.revision:
                continue
            if _needs(ring, pull, known):
                wanted[ring.item, ring.revision, name] = ring, pull
    return wanted


def lapsed(conn: Connection, now_ms: int) -> list[Lapsed]:
    """What dead servers have claimed, as long as it may matter; not all when that is much."""
    return bells.lapsed(conn, since_ms=now_ms - LIFETIME_MS, now_ms=now_ms, limit=MAX_WRITTEN)


def left_behind(conn: Connection, lapsed: Sequence[Lapsed], now_ms: int) -> Callees:
    """Of what dead servers have claimed, what is to be rung as the items are now: no revision that another followed."""
    pulls = {pull.subscription.id: pull for pull in subscriptions.everywhere(conn)}
    items = {one.claim[0] for one in lapsed}
    present, told = standings.find(conn, items, now_ms), bells.told(conn, items)
    reached = subscriptions.reached(conn, {one.claim[:2] for one in lapsed})
    wanted: Callees = {}
    for one in lapsed:
        item, revision, name = one.claim
        pull, now = pulls.get(name), present.get(item)
        if pull is None or now is None or not now.revision == revision == told[item, name].newest:
            continue
        ring = Ring.of(item[0], now.present, now.audience, one.at_ms)
        if ring is None or now_ms >= ring.until_ms or (ring.ending and told[item, name].first == revision):
            continue
        if _needs(ring, pull, reached.get((item, revision), NOT_REACHED)):
            wanted[one.claim] = ring, pull
    return wanted


def _needs(ring: Ring, pull: Bellpull, known: Reached) -> bool:
    """It concerns this person, who has not got it here and has done nothing about it elsewhere."""
    is_reached = pull.person.id in known.people or (pull.person.id, pull.device) in known.devices
    return not is_reached and ring.audience.concerns(pull.person)
