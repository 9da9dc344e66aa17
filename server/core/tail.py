"""Tail: the end of the log with its messages ready to be written, for those who were away for a moment.

When a server dies thousands of devices come back at once, each with its own position, and what they missed is a few
entries: those are here, and cost neither SQL nor JSON. What lies further back is read from the log.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from server.core import wire
from server.core.audience import Audience
from server.core.bulletins import BulletinState, run_out
from server.core.entry import Entry
from server.core.people import Person

MAX_ENTRIES = 2_000
MAX_BYTES = 8 * 1024 * 1024
_PERSON_BYTES = 100
"""About what one person in an audience costs us."""
_TRIM = 100
"""Entries that are let go at once: each time the rest is moved."""
_REPLACED_BY_NEWER = frozenset({"push", "bulletin"})
"""Kinds of which a replay tells how they stand: what was recalled or has ended must not leave the server again."""


@dataclass(frozen=True, slots=True)
class _Kept:
    entry: Entry
    frame: bytes
    """For everybody of the audience when it is the same for all, else for the staff."""
    item_id: str
    """Of a kind that is replaced; else empty."""


class Piece(NamedTuple):
    """Some of what a person missed, ready to be written."""

    frames: bytes
    position: int
    """The last entry that was looked at."""


class Tail:
    def __init__(self, position: int) -> None:
        """
        Args:
            position: what lies behind is added, entry by entry.
        """
        self.position = position
        """The newest entry."""
        self._covered = position
        """Everything behind this position is here."""
        self._positions: list[int] = []
        self._kept: list[_Kept] = []
        self._bytes = 0
        self._audiences: dict[Audience, tuple[Audience, int]] = {}
        """Equal audiences are kept once, with the number of entries that have them."""
        self._running: dict[str, tuple[int, Mapping[str, Any]]] = {}
        """Of each active bulletin, when its time runs out and what is left of it then."""

    def covers(self, position: int) -> bool:
        """Whether everything behind the position is here."""
        return position >= self._covered

    def add(self, entry: Entry, frame: bytes) -> None:
        """Take the next entry of the log.

        Args:
            frame: its message with the whole payload.
        """
        self.position = entry.position
        if entry.kind == "probe":
            return  # nobody is told
        kind, item_id = entry.kind, ""
        if kind in _REPLACED_BY_NEWER:
            item_id = str(entry.payload[kind]["id"])
            self._replace_older(kind, item_id, entry.payload)
        if kind == "bulletin":
            self._watch(item_id, entry.payload[kind])
        # Of what is the same for all the message is enough.
        payload = {} if entry.is_same_for_all else entry.payload
        audience = self._share(entry.audience)
        self._positions.append(entry.position)
        self._kept.append(_Kept(replace(entry, payload=payload, audience=audience), frame, item_id))
        self._bytes += len(frame)
        if len(self._kept) >= MAX_ENTRIES + _TRIM or self._bytes > MAX_BYTES:
            self._let_go()

    def after(self, position: int, person: Person, *, max_bytes: int, now_ms: int) -> Piece:
        """What concerns a person of the entries behind a position that is covered.

        Args:
            now_ms: of bulletins whose time has run out by then only what is left is told, whether or not somebody has
                written that down yet.
            max_bytes: after which nothing more is added; the piece ends before our own position then.
        """
        self._let_run_out(now_ms)
        frames: list[bytes] = []
        size = 0
        for kept in self._kept[bisect_right(self._positions, position) :]:
            if size >= max_bytes:
                return Piece(b"".join(frames), kept.entry.position - 1)
            frame = _frame_for(kept, person)
            if frame is not None:
                frames.append(frame)
                size += len(frame)
        return Piece(b"".join(frames), max(position, self.position))

    def _replace_older(self, kind: str, item_id: str, payload: Mapping[str, Any]) -> None:
        for at, kept in enumerate(self._kept):
            if kept.item_id == item_id and kept.entry.kind == kind:
                frame = wire.entry(kept.entry, payload)
                self._bytes += len(frame) - len(kept.frame)
                self._kept[at] = replace(kept, frame=frame)

    def _watch(self, bulletin_id: str, wire_form: Mapping[str, Any]) -> None:
        if wire_form.get("state") == BulletinState.ACTIVE:
            self._running[bulletin_id] = wire_form["expires_ms"], run_out(wire_form)
        else:
            self._running.pop(bulletin_id, None)

    def _let_run_out(self, now_ms: int) -> None:
        for bulletin_id in [each for each, (expires_ms, _) in self._running.items() if expires_ms <= now_ms]:
            _, left = self._running.pop(bulletin_id)
            self._replace_older("bulletin", bulletin_id, {"bulletin": left})

    def _share(self, audience: Audience) -> Audience:
        known, count = self._audiences.get(audience, (audience, 0))
        self._audiences[known] = known, count + 1
        if not count:
            self._bytes += _PERSON_BYTES * len(audience.people)
        return known

    def _let_go(self) -> None:
        """Of the oldest, as many as to be within the limits again."""
        gone = max(0, len(self._kept) - MAX_ENTRIES)
        for kept in self._kept[:gone]:
            self._forget(kept)
        while self._bytes > MAX_BYTES and gone < len(self._kept):
            self._forget(self._kept[gone])
            gone += 1
        self._covered = self._positions[gone - 1]
        del self._positions[:gone], self._kept[:gone]

    def _forget(self, kept: _Kept) -> None:
        self._bytes -= len(kept.frame)
        audience, count = self._audiences.pop(kept.entry.audience)
        if count > 1:
            self._audiences[audience] = audience, count - 1
        else:
            self._bytes -= _PERSON_BYTES * len(audience.people)


def _frame_for(kept: _Kept, person: Person) -> bytes | None:
    entry = kept.entry
    if entry.is_same_for_all:
        return kept.frame if entry.audience.concerns(person) else None
    payload = entry.payload_for(person)
    return None if payload is None else kept.frame if payload is entry.payload else wire.entry(entry, payload)
