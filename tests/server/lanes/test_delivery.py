"""What leaves for the devices, entry by entry."""

from dataclasses import replace

from server.core.audience import EVERYBODY
from server.core.entry import Entry
from server.core.hub import Hub
from server.core.tail import Tail
from server.lanes.delivery import Delivery
from server.lanes.events_session import EventsSession
from tests.server.samples import HOUR_MS, NOW_MS, a_bulletin


async def test_a_bulletin_whose_entry_comes_late_is_told_as_what_is_left_of_it() -> None:
    told: list[object] = []
    delivery = Delivery(
        Hub[EventsSession](),
        Tail(0),
        now_ms=lambda: NOW_MS + HOUR_MS,
        on_push=told.append,
        on_sent=lambda entry, sessions: told.append(entry),
    )
    soon = replace(a_bulletin(), expires_ms=NOW_MS + HOUR_MS + 1)
    over = replace(a_bulletin(), expires_ms=NOW_MS + HOUR_MS)
    for position, (bulletin, is_told) in enumerate([(soon, True), (over, False)], start=1):
        frame = delivery.remember(Entry(position, NOW_MS, "bulletin", {"bulletin": bulletin.to_wire()}, EVERYBODY))
        assert (bulletin.why.encode() in frame) is is_told
        assert (b'"state":"expired"' in frame) is not is_told
