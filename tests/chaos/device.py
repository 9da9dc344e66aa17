"""Device: a tablet or console as docs/wire.md wants it: resumes, stores, reports, acknowledges, comes back."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from tests.chaos.card import Card, Mark, cards_of
from tests.chaos.crew import PASSWORD, Member
from tests.chaos.door import Door, Unknown
from tests.chaos.history import Asked, Displacement, History, Lost, Opened, Seen, Shown, Whole
from tests.chaos.memory import Memory
from tests.chaos.outbox import Outbox
from tests.chaos.web_socket import Closed, Displaced, NotSignedIn, WebSocket

SHOWN_AFTER_S = 0.3
"""A real one draws a card for a second before it says so."""
ACKNOWLEDGED_AFTER_S = 3.0
QUIET = "quiet"
"""Nobody acknowledges an alert with this in its source id."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """A way to a server."""

    server: str
    port: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a device behaves."""

    reports: bool = True
    acknowledges: float = 0.3
    """Share of the alerts that are not quiet."""
    backoff_s: tuple[float, float] = (0.3, 4.0)


class Device:
    def __init__(
        self, member: Member, entrances: Sequence[Entrance], door: Door, history: History, seed: str, manner: Manner
    ) -> None:
        self.member = member
        self.memory = Memory()
        self.told = -1
        """The position that the server said last that we have everything up to."""
        self.is_stalled = False
        """It does not read what comes."""
        self.pauses_until = 0.0
        """Monotonic seconds: it stays away until then."""
        self._replayed_to = -1
        self._planned = 0
        """What it will still do by itself."""
        self._entrances = entrances
        self._door = door
        self._history = history
        self._random = random.Random(seed)
        self._manner = manner
        self._outbox = Outbox(member.device, history, self._random)
        self._socket: WebSocket | None = None
        self._token = ""

    @property
    def name(self) -> str:
        return self.member.device

    @property
    def is_idle(self) -> bool:
        """Everything that it had to say was answered."""
        return not self._planned and self._outbox.is_empty

    def drop(self) -> None:
        """Lose the connection as when a car drives into a tunnel."""
        if self._socket is not None:
            self._socket.drop()

    @property
    def is_connected(self) -> bool:
        return self._socket is not None and self._socket.is_open

    @contextmanager
    def stalled(self) -> Iterator[Callable[[], bool]]:
        """It stops reading, but not beating; inside one can ask whether it was cut off."""
        socket = self._socket
        assert socket is not None, "it is connected"
        self.is_stalled = True
        socket.stop_reading()
        socket.heartbeat_s = 2.0  # it would not see that the server wants to hear it more often
        try:
            yield lambda: not socket.is_open
        finally:
            self.is_stalled = False
            socket.go_on_reading()

    def ask(self) -> None:
        """Let the server say now, and not with the next tick, up to where we have everything."""
        if self._socket is not None:
            self._history.note(Asked(time.monotonic(), self.name, self.memory.position))
            self._resume(self._socket)

    async def run(self) -> None:
        """Until cancelled."""
        first, most = self._manner.backoff_s
        delay_s = first
        while True:
            entrance = self._random.choice(self._entrances)
            opened_at = time.monotonic()
            try:
                await self._serve(entrance)
            except NotSignedIn:
                self._token = ""
            except Displaced:
                self._history.note(Displacement(time.monotonic(), self.name, entrance.server))
            except (Closed, Unknown) as error:
                self._history.note(Lost(time.monotonic(), self.name, f"{entrance.server}: {error}"))
            delay_s = first if time.monotonic() - opened_at > most else min(2 * delay_s, most)
            away_s = max(self.pauses_until - time.monotonic(), 0.0)
            await asyncio.sleep(away_s + delay_s * self._random.uniform(0.5, 1.0))

    async def _serve(self, entrance: Entrance) -> None:
        port = entrance.port()
        if not self._token:
            self._token = await self._door.sign_in(port, self.member.person, PASSWORD, self.name)
        socket = await WebSocket.open(port, self._token)
        beats = None
        try:
            async for message in socket.messages():
                socket.heartbeat_s = float(message.get("heartbeat_s", socket.heartbeat_s))
                if message["type"] == "hello":
                    beats = asyncio.create_task(self._beat(socket))
                    self._greet(socket, message, entrance.server)
                else:
                    self._take(message)
        finally:
            self._socket = None
            self._outbox.close()
            socket.drop()
            if beats is not None:
                beats.cancel()
                with suppress(asyncio.CancelledError):
                    await beats

    async def _beat(self, socket: WebSocket) -> None:
        """Looks every second: the server may want to hear us more often from now on."""
        beaten_at = time.monotonic()
        while True:
            await asyncio.sleep(1.0)
            if time.monotonic() - beaten_at >= socket.heartbeat_s - 1.0:
                beaten_at = time.monotonic()
                socket.send({"type": "heartbeat", "position": max(self.memory.position, 0)})

    def _greet(self, socket: WebSocket, hello: dict[str, Any], server: str) -> None:
        memory = self.memory
        self._history.note(Opened(time.monotonic(), self.name, server, memory.position))
        if memory.position < 0:
            socket.send({"type": "snapshot"})
        else:
            self._resume(socket)
        memory.installation = hello["installation"]
        self._socket = socket
        self._outbox.open(socket.send)

    def _resume(self, socket: WebSocket) -> None:
        memory = self.memory
        socket.send({"type": "resume", "installation": memory.installation, "position": memory.position})

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "entry":
                self._entry(message)
            case "snapshot":
                self._snapshot(message)
            case "replay":
                self._replayed_to = message["to"]
            case "cameras" if message["full"]:  # comes when the past was told
                self._has_all_to(self._replayed_to)
            case "tick":
                self._has_all_to(message["position"])
            case "receipt":
                self._outbox.answered(message)
            case "reported":
                self._outbox.reported(message)
            case _:
                pass  # nothing that is kept

    def _has_all_to(self, position: int) -> None:
        self.told = max(self.told, position)
        self.memory.position = max(self.memory.position, position)

    def _entry(self, message: dict[str, Any]) -> None:
        position, kind = message["position"], message["kind"]
        content: Any = message.get(kind)
        cards = (Card.of(kind, content),) if kind in {"alert", "push", "bulletin"} else ()
        marks = tuple(Mark.of(one) for one in content) if kind == "receipts" else ()
        self._history.note(Seen(time.monotonic(), self.name, position, kind, cards, marks))
        if position <= self.memory.position:
            return
        self.memory.position = position
        for card in cards:
            self._store(card)

    def _snapshot(self, message: dict[str, Any]) -> None:
        cards = cards_of(message)
        marks = tuple(Mark.of(one) for one in message["receipts"])
        at_s, position = time.monotonic(), message["position"]
        self._history.note(Whole(at_s, self.name, position, message["reason"], cards, marks))
        self.memory.position = position
        self.memory.cards.clear()
        for card in cards:
            self._store(card)

    def _store(self, card: Card) -> None:
        if not self.memory.take(card) or not self._manner.reports:
            return
        self._outbox.report(card, "delivered")
        self._later(SHOWN_AFTER_S, self._show, card)
        if QUIET not in card.source_id and self._random.random() < self._manner.acknowledges:
            delay_s = SHOWN_AFTER_S + self._random.uniform(0, ACKNOWLEDGED_AFTER_S)
            self._later(delay_s, self._acknowledge, card)

    def _later(self, delay_s: float, act: Callable[[Card], None], card: Card) -> None:
        def now() -> None:
            self._planned -= 1
            act(card)

        self._planned += 1
        asyncio.get_running_loop().call_later(delay_s, now)

    def _show(self, card: Card) -> None:
        present = self.memory.cards.get(card.item_id)
        if present is None or present.revision > card.revision:
            return  # it has changed before it was drawn
        if present.is_over or (present.expires_ms is not None and present.expires_ms <= time.time() * 1000):
            return
        self._history.note(Shown(time.monotonic(), self.name, card.item_id, card.revision))
        self._outbox.report(card, "shown")

    def _acknowledge(self, card: Card) -> None:
        if (present := self.memory.cards.get(card.item_id)) is not None:
            self._outbox.say(present, "acknowledged")
