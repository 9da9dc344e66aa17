"""A tile that is turned from one rendition to another, whatever comes in between."""

import asyncio
import json
from collections.abc import Iterator
from itertools import count
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from server.core.client_messages import Subscribe
from server.core.renditions import Choice, Why
from server.core.viewer import MAX_PENDING_BYTES
from server.lanes.looks import Look
from server.lanes.metered_socket import MeteredSocket
from server.lanes.rooms import Rooms
from server.lanes.tile import Tile
from streams.bus.wakeups import Wakeups
from streams.fragment import Flag, Fragment, Kind, pack, unpack
from streams.rendition import Rendition
from tests.server.lanes.test_room import SlowSocket
from tests.server.running import CAMERAS
from tests.server.samples import AT_THE_DESK

CAMERA = CAMERAS[0]
NOBODY = "unix:///nowhere"
"""A bus that nobody ever connects to: what comes over it is said here."""
RENDITIONS = st.sampled_from([Rendition.SOURCE, Rendition.P480, Rendition.UNMASKED])
DEEDS = st.one_of(
    st.tuples(st.just("comes"), RENDITIONS, st.sampled_from(["init", "key", "delta", "gap"])),
    st.tuples(st.just("soon"), RENDITIONS, st.sampled_from(["key", "delta"])),
    st.tuples(st.just("turn"), RENDITIONS, st.none() | RENDITIONS),
    st.tuples(st.sampled_from(["clog", "drain", "look"])),
)


class Set:
    """One viewer, and all the streams of his camera."""

    def __init__(self) -> None:
        self.socket = SlowSocket()
        self.rooms = Rooms(Wakeups(NOBODY), bus_url=NOBODY, server_id="one")
        look = Look("look", AT_THE_DESK, CAMERA.id, "wall", 0)
        wish, socket = Subscribe(CAMERA.id, "wall"), cast("MeteredSocket", self.socket)
        self.drops = 0
        self.tile = Tile(CAMERA, wish, look, socket, self.rooms, lambda: 0.0, self._on_drop)
        self._sequences = {rendition: count() for rendition in Rendition}

    def comes(self, rendition: Rendition, kind: str) -> None:
        sequence = next(self._sequences[rendition])
        fragment = pack(
            {"init": Kind.INIT, "gap": Kind.GAP}.get(kind, Kind.FRAME),
            Flag.KEY if kind == "key" else Flag.NONE,
            camera_number=CAMERA.number,
            sequence=sequence,
            captured_ms=sequence,
            dts=0,
            body=b"%d" % sequence,
            rendition=rendition,
        )
        self.rooms._on_message(fragment.message)

    def soon(self, rendition: Rendition, kind: str) -> None:
        self.comes(rendition, kind)
        self.look()

    def turn(self, rendition: Rendition, instead: Rendition | None) -> None:
        refusal = "" if instead is None or instead is rendition else "No encoder is free."
        self.tile.turn_to(Choice(rendition, Why.ASKED, "", refusal, instead if refusal else None))

    def clog(self) -> None:
        self.socket.is_stuck, self.socket.waiting = True, MAX_PENDING_BYTES

    def drain(self) -> None:
        self.socket.drain()
        self.look()

    def look(self) -> None:
        """What is done every 20 ms for those who are behind."""
        for room in list(self.rooms._rooms.values()):
            room._on_poll()

    def heard(self) -> Iterator[dict[str, Any] | Fragment]:
        for taken in self.socket.taken:
            frame = taken
            while frame:
                head = 2 if frame[1] < 126 else 4
                size = frame[1] if head == 2 else int.from_bytes(frame[2:head])
                one, frame = frame[: head + size], frame[head + size :]
                yield json.loads(one[head:]) if one[0] == 0x81 else unpack(one)

    def _on_drop(self, tile: Tile) -> None:
        self.drops += 1


@settings(deadline=None)
@given(st.tuples(RENDITIONS, st.none() | RENDITIONS), st.lists(DEEDS, min_size=10, max_size=60))
def test_whatever_comes_each_picture_is_of_the_rendition_that_was_announced_and_decodes(
    opening: tuple[Rendition, Rendition | None], deeds: list[tuple[Any, ...]]
) -> None:
    asyncio.run(_play(opening, deeds))


async def _play(opening: tuple[Rendition, Rendition | None], deeds: list[tuple[Any, ...]]) -> None:
    stage = Set()
    stage.turn(*opening)
    stage.soon(Rendition.SOURCE, "key")
    for name, *words in deeds:
        getattr(stage, name)(*words)
    announced: Rendition | None = None
    last: int | None = None
    shown = 0
    for each in stage.heard():
        if isinstance(each, dict):
            if each["type"] == "rendition":
                announced = Rendition.of(each["rendition"])
            elif each["type"] in {"burst", "drop"}:
                last = None
            continue
        assert each.flags.rendition is announced
        if each.kind is Kind.FRAME:
            shown += 1
            assert each.is_key or (last is not None and each.sequence == last + 1)
        if each.kind is Kind.FRAME or last is not None:
            last = each.sequence
    assert stage.tile.frames == shown
    entered = {number for number, room in stage.rooms._rooms.items() if room.watches}
    assert len(entered) <= 2, "what is shown and what is to be shown"
    stage.tile.close()
    assert not stage.rooms._rooms


async def test_what_is_shown_goes_on_while_another_one_is_waited_for() -> None:
    stage = Set()
    stage.turn(Rendition.SOURCE, None)
    stage.comes(Rendition.SOURCE, "key")
    stage.look()
    stage.turn(Rendition.P480, None)
    stage.comes(Rendition.SOURCE, "delta")
    stage.comes(Rendition.P480, "delta")
    assert (stage.tile.shown, stage.tile.frames) == (Rendition.SOURCE, 2)
    stage.comes(Rendition.P480, "key")
    stage.look()
    stage.comes(Rendition.SOURCE, "delta")
    assert (stage.tile.shown, stage.tile.frames) == (Rendition.P480, 3)


async def test_of_what_is_shown_drops_are_told_and_of_nothing_else() -> None:
    stage = Set()
    stage.turn(Rendition.SOURCE, None)
    stage.comes(Rendition.SOURCE, "key")
    stage.look()
    stage.clog()
    for _ in range(3):
        stage.comes(Rendition.SOURCE, "key")
    assert stage.drops == 0
    stage.drain()
    assert stage.drops == 1
