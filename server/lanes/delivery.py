"""Delivery: gives each entry of the log to the sessions that it concerns. This is where the time of this lane goes:
devices × alerts.

A message is made once and written to any number of sockets as it is. Entries that come together are written together.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from server.core import wire
from server.core.bulletins import has_run_out, run_out
from server.core.entry import Entry
from server.core.hub import Hub
from server.core.live_pushes import LivePushes
from server.core.pushes import PushRecord
from server.core.tail import Tail
from server.core.told import Told
from server.core.undelivered import Undelivered
from server.core.wire import CloseCode
from server.lanes.events_session import EventsSession

PAUSE_S = 0.001
"""Between an entry and its first message. The other servers are told meanwhile, and the sender gets his answer; then
the loop belongs to the devices for some milliseconds."""
MAX_PENDING_BYTES = 1024 * 1024
"""What a session may owe us. One that does not read is cut off rather than waited for: it comes back with its position
and loses nothing. (Waiting for the slowest stops the city; leaving entries out breaks the promise of this lane;
growing without a bound ends the process for all.)"""
MAX_TOGETHER_BYTES = 64 * 1024
"""Of entries that are written at once."""
NOTE_AFTER_S = 0.05
_OVER = frozenset({"closed", "cancelled", "expired"})

OnPush = Callable[[PushRecord], None]
OnSent = Callable[[Entry, list[EventsSession]], None]


class Delivery:
    def __init__(
        self, hub: Hub[EventsSession], tail: Tail, *, now_ms: Callable[[], int], on_push: OnPush, on_sent: OnSent
    ) -> None:
        """
        Args:
            tail: behind it comes the first entry.
            on_push: called when a push, or its recall, was written to whom it concerns.
            on_sent: called a moment after an item was written to sessions that did not have this revision before.
        """
        self.tail = tail
        self.undelivered = Undelivered[EventsSession]()
        self.told = Told[EventsSession]()
        self.pushes = LivePushes()
        self._hub = hub
        self._now_ms = now_ms
        self._on_push = on_push
        self._on_sent = on_sent
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[Entry, bytes]] = []
        self._due: asyncio.TimerHandle | None = None

    def remember(self, entry: Entry) -> bytes:
        """Keep an entry for those who will ask for it; the message that tells it."""
        entry = _as_of(entry, self._now_ms())
        frame = wire.entry(entry, entry.payload)
        self.tail.add(entry, frame)
        if entry.kind == "push":
            self.pushes.heard(PushRecord.from_wire(entry.payload["push"]), self._now_ms())
        return frame

    def on_entry(self, entry: Entry) -> None:
        """Take the next entry of the log."""
        frame = self.remember(entry)
        if entry.kind == "probe":
            return
        self._waiting.append((entry, frame))
        if self._due is None:
            self._due = self._loop.call_later(PAUSE_S, self.flush)

    def flush(self) -> None:
        """Write what waits, now: whoever comes or is told of a position must find everything up to there done."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        waiting, self._waiting = self._waiting, []
        together: list[tuple[Entry, bytes]] = []
        size = 0
        for entry, frame in waiting:
            if together and (size + len(frame) > MAX_TOGETHER_BYTES or not _go_together(together[0][0], entry)):
                self._write(together)
                together, size = [], 0
            together.append((entry, frame))
            size += len(frame)
        if together:
            self._write(together)

    def _write(self, told: list[tuple[Entry, bytes]]) -> None:
        """Write entries that concern the same sessions."""
        first = told[0][0]
        sessions = self._hub.concerned(first.audience)
        if first.is_same_for_all:
            frames = told[0][1] if len(told) == 1 else b"".join(frame for _, frame in told)
            for session in sessions:
                socket = session.socket
                socket.write(frames)
                if socket.is_pressed and socket.pending_bytes() > MAX_PENDING_BYTES:
                    _cut_off(session)
        else:
            for session in sessions:
                self._write_part(session, *told[0])
        for entry, _ in told:
            self._written(entry, sessions)

    def _write_part(self, session: EventsSession, entry: Entry, whole: bytes) -> None:
        payload = entry.payload_for(session.person)
        if payload is not None:
            session.socket.write(whole if payload is entry.payload else wire.entry(entry, payload))
            if session.socket.pending_bytes() > MAX_PENDING_BYTES:
                _cut_off(session)

    def _written(self, entry: Entry, sessions: list[EventsSession]) -> None:
        if entry.kind == "push":
            self._on_push(PushRecord.from_wire(entry.payload["push"]))
        if entry.kind == "alert":
            alert = entry.payload["alert"]
            if alert.get("state") in _OVER:
                self.undelivered.over(alert["id"])
            elif alert.get("priority") == 1:
                self.undelivered.sent(alert["id"], alert["revision"], sessions)
        if entry.is_same_for_all:
            # Not now: who waits for the next message comes first.
            self._loop.call_later(NOTE_AFTER_S, self._note, entry, sessions)

    def _note(self, entry: Entry, sessions: list[EventsSession]) -> None:
        """Note who was told of an item for the first time."""
        item = entry.payload[entry.kind]
        fresh = self.told.fresh(entry.kind, item["id"], item["revision"], [each for each in sessions if each.is_live])
        if fresh:
            self._on_sent(entry, fresh)

    def left(self, session: EventsSession) -> None:
        """A connection is gone."""
        self.undelivered.left(session)
        self.told.left(session)


def _as_of(entry: Entry, now_ms: int) -> Entry:
    """An entry that comes late must not bring a bulletin whose time has run out on its way."""
    if entry.kind != "bulletin" or not has_run_out(entry.payload["bulletin"], now_ms):
        return entry
    return replace(entry, payload={"bulletin": run_out(entry.payload["bulletin"])})


def _go_together(first: Entry, other: Entry) -> bool:
    # What a push allows is told right behind it.
    kinds = ("alert", "bulletin")
    return first.kind in kinds and other.kind in kinds and first.audience == other.audience


def _cut_off(session: EventsSession) -> None:
    session.socket.close(CloseCode.TOO_SLOW, "Too much waits to be read; resume from your position.")
