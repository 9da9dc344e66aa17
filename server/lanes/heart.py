"""Heart: the beats of every session of /ws/events, and the end of those that have none (docs/wire.md §5.2).

One timer for all of them, and each session has its place in the round: thousands of ticks are never one burst.
"""

import asyncio
from collections.abc import Callable

from server.core import wire
from server.core.hub import Hub
from server.core.wire import URGENT_HEARTBEAT_S, CloseCode
from server.lanes.delivery import Delivery
from server.lanes.events_session import EventsSession

STEP_S = 0.25
SWEEP_STEPS = 4


class Heart:
    def __init__(self, hub: Hub[EventsSession], delivery: Delivery, *, now_ms: Callable[[], int]) -> None:
        self._hub = hub
        self._delivery = delivery
        self._now_ms = now_ms
        self._loop = asyncio.get_running_loop()
        self._round: dict[EventsSession, int] = {}
        """Each session's place, counted in steps."""
        self._places: list[dict[EventsSession, None]] = [{} for _ in range(int(wire.HEARTBEAT_S / STEP_S))]
        self._next_place = 0
        self._hurried: set[EventsSession] = set()
        """Those that were told to speak more often."""

    def join(self, session: EventsSession) -> None:
        self._round[session] = self._next_place
        self._places[self._next_place][session] = None
        self._next_place = (self._next_place + 1) % len(self._places)

    def leave(self, session: EventsSession) -> None:
        del self._places[self._round.pop(session)][session]
        self._hurried.discard(session)

    async def run(self) -> None:
        """Beat, until cancelled."""
        step = 0
        next_at = self._loop.time()
        while True:
            # After a pause, of the machine for example, the round goes on where it was.
            next_at = max(next_at + STEP_S, self._loop.time())
            await asyncio.sleep(next_at - self._loop.time())
            self._beat(step)
            if step % SWEEP_STEPS == 0:
                self._sweep()
            step += 1

    def _beat(self, step: int) -> None:
        self._delivery.flush()
        urgent = set(self._delivery.undelivered.waiting())
        often = int(URGENT_HEARTBEAT_S / STEP_S)
        hurried = [session for session in urgent if self._round.get(session, -1) % often == step % often]
        calm = [session for session in self._places[step % len(self._places)] if session not in urgent]
        # Who has nothing to hurry for any more is told at once: he would miss the next beat.
        calm += self._hurried - urgent - set(calm)
        self._tell(hurried, URGENT_HEARTBEAT_S)
        self._tell(calm, wire.HEARTBEAT_S)
        now = self._loop.time()
        for session in hurried:
            if session.hurried_at is None:
                session.hurried_at = now
        for session in calm:
            if session.hurried_at is not None:
                session.hurried_at, session.heard_at = None, now
        self._hurried.update(hurried)
        self._hurried.difference_update(calm)

    def _tell(self, sessions: list[EventsSession], heartbeat_s: int) -> None:
        if not sessions:
            return
        tick = wire.tick(self._delivery.tail.position, self._now_ms(), heartbeat_s=heartbeat_s)
        for session in sessions:
            if session.is_live:
                session.socket.write(session.answers + tick if session.answers else tick)
                session.answers = b""

    def _sweep(self) -> None:
        now = self._loop.time()
        for session in self._hub:
            if session.is_dead(now):
                session.socket.close(CloseCode.NO_HEARTBEAT, "Nothing was heard for two heartbeats.")
