"""Resuming, as a machine: devices come, go, and come back to any server, at any moment; each ends with exactly what
concerns it, each entry once, in order.

The servers are made of the pure parts of the lane (session, hub, tail); the log is a list, the network a list that is
lost with its connection.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from server.core import session as sessions
from server.core import tail as tails
from server.core import wire
from server.core.audience import EVERYBODY, NOBODY, STAFF, Audience
from server.core.client_messages import AskSnapshot, Resume
from server.core.entry import Entry, Kind
from server.core.hub import Hub
from server.core.people import Actor
from server.core.session import Replay, Session, opening
from server.core.tail import Tail
from tests.server.samples import OKAFOR, OPERATOR, REYES

HERE = "this-installation"
CHUNK = 3
PIECE_BYTES = 300
PEOPLE = (REYES, OKAFOR, OPERATOR)


class Line(Session):
    """A connection, and what is on its way to the device."""

    def __init__(self, actor: Actor) -> None:
        super().__init__(actor, 0)
        self.on_the_way: list[dict[str, Any]] = []
        self.told: int | None = None
        """How far the past was told; None when it need not be."""

    def write(self, frames: bytes) -> None:
        self.on_the_way += messages(frames)


class Server:
    def __init__(self) -> None:
        self.hub = Hub[Line]()
        self.tail = Tail(0)

    def take(self, entry: Entry) -> None:
        """The next entry has come through the lane."""
        frame = wire.entry(entry, entry.payload)
        self.tail.add(entry, frame)
        for line in self.hub.concerned(entry.audience):
            payload = entry.payload_for(line.person)
            if payload is not None:
                line.write(frame if payload is entry.payload else wire.entry(entry, payload))


@dataclass
class Device:
    actor: Actor
    position: int = 0
    installation: str = ""
    has: list[int] = field(default_factory=list)
    """Positions of the entries that it holds, in the order in which they came."""
    is_astray: bool = False
    """Its position is not one of this log: what it holds counts only after the next snapshot."""
    line: Line | None = None
    server: Server | None = None

    def read(self, message: dict[str, Any]) -> None:
        """What docs/wire.md asks of a client."""
        match message["type"]:
            case "snapshot":
                self.has, self.position, self.installation = message["all"], message["position"], HERE
                self.is_astray = False
            case "entry" if message["position"] > self.position:
                self.has.append(message["position"])
                self.position = message["position"]
            case "tick":
                self.position = max(self.position, message["position"])
            case _:
                pass


@settings(max_examples=60, stateful_step_count=60, deadline=None)
class Resuming(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(tails, "MAX_ENTRIES", 6)
        self.patch.setattr(tails, "_TRIM", 2)
        self.patch.setattr(sessions, "MAX_REPLAY", 15)
        self.log: list[Entry] = []
        self.servers = [Server(), Server()]
        self.devices = [Device(Actor(person, f"{person.id}-{n}")) for person in PEOPLE for n in range(2)]

    def teardown(self) -> None:
        self.patch.undo()

    # --- what happens

    @rule(
        kind=st.sampled_from(["alert", "alert", "receipts", "probe"]),
        names=st.frozensets(st.sampled_from(["officer-12", "officer-7", "away"])),
        whom=st.sampled_from(["all", "staff", "some"]),
        times=st.integers(1, 6),
    )
    def something_is_committed(self, kind: Kind, names: frozenset[str], whom: str, times: int) -> None:
        for _ in range(times):
            position = len(self.log) + 1
            if kind == "receipts":
                payload: dict[str, Any] = {"receipts": [{"person": name} for name in names]}
                audience = Audience.of_people(names)
            elif kind == "probe":
                payload, audience = {"probe": {}}, NOBODY
            else:
                payload = {"alert": {"id": str(position)}}
                audience = {"all": EVERYBODY, "staff": STAFF, "some": Audience.of_people(names)}[whom]
            self.log.append(Entry(position, 0, kind, payload, audience))

    @rule(server=st.integers(0, 1), count=st.integers(1, 8))
    def a_server_is_told(self, server: int, count: int) -> None:
        here = self.servers[server]
        for entry in self.log[here.tail.position : here.tail.position + count]:
            here.take(entry)

    @rule(server=st.integers(0, 1))
    def a_server_ticks(self, server: int) -> None:
        here = self.servers[server]
        for line in here.hub.concerned(EVERYBODY):
            line.on_the_way.append({"type": "tick", "position": here.tail.position})

    @rule(server=st.integers(0, 1))
    def a_server_is_killed_and_starts_again(self, server: int) -> None:
        for device in self.devices:
            if device.server is self.servers[server]:
                device.line = device.server = None
        self.servers[server] = Server()
        # It begins with the end of the log as it finds it.
        self.servers[server].tail = Tail(max(0, len(self.log) - tails.MAX_ENTRIES))
        self.catch_up(self.servers[server])

    @rule(device=st.integers(0, 5), server=st.integers(0, 1), asks=st.booleans())
    def a_device_comes(self, device: int, server: int, asks: bool) -> None:
        one, here = self.devices[device], self.servers[server]
        self.hang_up(one)
        one.line, one.server = Line(one.actor), here
        here.hub.join(one.line)
        self.begin(one, asks=asks)

    @rule(device=st.integers(0, 5), asks=st.booleans())
    def a_device_begins_anew_on_its_line(self, device: int, asks: bool) -> None:
        if self.devices[device].line is not None:
            self.begin(self.devices[device], asks=asks)

    @rule(device=st.integers(0, 5))
    def the_past_goes_on(self, device: int) -> None:
        self.tell_some(self.devices[device])

    @rule(device=st.integers(0, 5), count=st.integers(1, 8))
    def a_device_reads(self, device: int, count: int) -> None:
        one = self.devices[device]
        if one.line is not None:
            for message in one.line.on_the_way[:count]:
                one.read(message)
            del one.line.on_the_way[:count]

    @rule(device=st.integers(0, 5))
    def a_link_breaks(self, device: int) -> None:
        self.hang_up(self.devices[device])

    @rule(device=st.integers(0, 5), far=st.sampled_from(["ahead", "negative", "elsewhere"]))
    def a_device_was_somewhere_else(self, device: int, far: str) -> None:
        one = self.devices[device]
        self.hang_up(one)
        one.is_astray, one.installation = True, "another" if far == "elsewhere" else HERE
        one.position = {"ahead": len(self.log) + 1000, "negative": -1, "elsewhere": len(self.log)}[far]
        one.has = [3, 1, 2]

    # --- what must hold

    @invariant()
    def everybody_has_exactly_what_concerns_him_up_to_his_position(self) -> None:
        for one in self.devices:
            if not one.is_astray and one.installation:
                assert one.has == self.concerning(one, one.position)

    @precondition(lambda self: self.log)
    @rule(server=st.integers(0, 1))
    def in_the_end_everybody_has_everything(self, server: int) -> None:
        here = self.servers[server]
        for one in self.devices:
            if one.server is not here:
                self.hang_up(one)
                one.line, one.server = Line(one.actor), here
                here.hub.join(one.line)
                self.begin(one, asks=False)
        self.catch_up(here)
        for one in self.devices:
            assert one.line is not None
            while one.line.told is not None:
                self.tell_some(one)
            for message in one.line.on_the_way:
                one.read(message)
            one.line.on_the_way.clear()
            assert one.has == self.concerning(one, len(self.log))

    # --- what a server does (lanes/alerts.py)

    def begin(self, one: Device, *, asks: bool) -> None:
        line, here = one.line, one.server
        assert line is not None
        assert here is not None
        here.hub.rest(line)
        message = AskSnapshot() if asks else Resume(one.installation, one.position)
        if isinstance(message, Resume) and message.position > here.tail.position:
            self.catch_up(here)
        answer = opening(message, installation=HERE, head=here.tail.position)
        assert isinstance(answer, Replay) or asks or one.is_astray or not one.installation or answer.reason == "too_old"
        if isinstance(answer, Replay):
            line.told = answer.first - 1
            return
        # It is read from the log, which may be ahead of the server.
        position = len(self.log)
        line.on_the_way.append({"type": "snapshot", "position": position, "all": self.concerning(one, position)})
        line.told = position

    def tell_some(self, one: Device) -> None:
        line, here = one.line, one.server
        if line is None or here is None or line.told is None:
            return
        if line.told > here.tail.position:
            self.catch_up(here)
        if here.tail.covers(line.told):
            piece = here.tail.after(line.told, line.person, max_bytes=PIECE_BYTES, now_ms=0)
            line.write(piece.frames)
            line.told = piece.position
            if piece.position == here.tail.position:
                line.told = None
                here.hub.go_live(line)
            return
        for entry in self.log[line.told : min(line.told + CHUNK, here.tail.position)]:
            payload = entry.payload_for(line.person)
            if payload is not None:
                line.write(wire.entry(entry, payload))
            line.told = entry.position

    def catch_up(self, here: Server) -> None:
        for entry in self.log[here.tail.position :]:
            here.take(entry)

    def hang_up(self, one: Device) -> None:
        if one.line is not None and one.server is not None:
            one.server.hub.leave(one.line)
        one.line = one.server = None

    def concerning(self, one: Device, position: int) -> list[int]:
        assert one.actor.person is not None
        person = one.actor.person
        return [entry.position for entry in self.log[:position] if entry.payload_for(person) is not None]


TestResuming = Resuming.TestCase


def messages(frames: bytes) -> Iterator[dict[str, Any]]:
    """Of unmasked text frames (RFC 6455 §5.2)."""
    while frames:
        size, start = frames[1], 2
        if size == 126:
            size, start = int.from_bytes(frames[2:4]), 4
        yield json.loads(frames[start : start + size])
        frames = frames[start + size :]
