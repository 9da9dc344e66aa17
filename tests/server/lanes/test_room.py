"""One camera's viewers: who gets what, when sockets are slow. (Real sockets: tests/server/web/test_video_socket.py.)"""

import asyncio
import json
from typing import Any, cast

import pytest

from server.core.viewer import MAX_PENDING_BYTES
from server.lanes.looks import Look
from server.lanes.metered_socket import MeteredSocket
from server.lanes.room import Room
from server.lanes.watch import Watch
from streams.fragment import HEADER, Flag, Fragment, Kind, pack
from streams.rendition import Rendition
from tests.server.samples import AT_THE_DESK
from tests.streams.until import until


class SlowSocket:
    """On a wide link; takes frames and never sends them until it is told to."""

    is_wide = True
    descriptor = -1

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.waiting = 0
        self.is_stuck = False
        self.is_open = True
        self.times_narrowed = 0

    def write(self, frame: bytes) -> None:
        self.taken.append(frame)
        if self.is_stuck:
            self.waiting += len(frame)

    def pending_bytes(self) -> int:
        return self.waiting

    def narrow(self) -> None:
        """What happens then: test_metered_socket.py."""
        self.times_narrowed += 1

    def drain(self) -> None:
        self.waiting, self.is_stuck = 0, False

    def said(self) -> list[Any]:
        """Texts as JSON, pictures as their sequence."""
        words: list[Any] = []
        for frame in self.taken:
            while frame:
                head = 2 if frame[1] < 126 else 4 if frame[1] == 126 else 10
                size = frame[1] if head == 2 else int.from_bytes(frame[2:head])
                body, rest = frame[head : head + size], frame[head + size :]
                words.append(json.loads(body) if frame[0] == 0x81 else HEADER.unpack_from(body)[3])
                frame = rest  # noqa: PLW2901 - text and init segment come in one piece
        return words


@pytest.fixture
async def room() -> Room:
    return Room(4, asyncio.get_running_loop().time)


def enter(room: Room) -> tuple[Watch, SlowSocket]:
    socket = SlowSocket()
    watch = Watch(cast("MeteredSocket", socket), Look("look", AT_THE_DESK, "main-4th", "wall", 0))
    room.join(watch)
    return watch, socket


def frame(sequence: int, *, key: bool = False, size: int = 10) -> Fragment:
    flags = Flag.KEY if key else Flag.NONE
    return pack(Kind.FRAME, flags, camera_number=4, sequence=sequence, captured_ms=sequence, dts=0, body=bytes(size))


def init(sequence: int) -> Fragment:
    return pack(
        Kind.INIT, Flag.NONE, camera_number=4, sequence=sequence, captured_ms=sequence, dts=0, body=b"%d" % sequence
    )


async def test_a_viewer_who_keeps_up_gets_everything_and_new_init_segments_with_their_text(room: Room) -> None:
    for each in (init(0), frame(1, key=True)):
        room.relay(each)
    _, socket = enter(room)
    for each in (frame(2), init(3), frame(4, key=True), frame(5)):
        room.relay(each)
    texts = [word for word in socket.said() if isinstance(word, dict)]
    assert [text["type"] for text in texts] == ["init", "burst", "init"]
    assert [word for word in socket.said() if isinstance(word, int)] == [0, 1, 2, 3, 4, 5]


async def test_who_waits_for_a_camera_is_given_the_group_that_comes_for_him_as_one_burst(room: Room) -> None:
    _, socket = enter(room)
    for each in (init(0), frame(1, key=True), frame(2), frame(3)):
        room.relay(each)
    await until(lambda: bool(socket.said()))
    assert [word for word in socket.said() if isinstance(word, int)] == [0, 1, 2, 3]
    assert socket.said()[1] == {"type": "burst", "camera_number": 4, "frames": 3}
    room.relay(frame(4))
    assert socket.said()[-1] == 4


async def test_a_joining_viewer_with_a_slow_socket_gets_no_more_than_it_takes(room: Room) -> None:
    room.relay(frame(0, key=True, size=50_000))
    for sequence in range(1, 20):
        room.relay(frame(sequence, size=20_000))
    watch, socket = enter(room)
    room.leave(watch)
    assert socket.said()[1:] == list(range(20)), "at once when it takes it"

    socket = SlowSocket()
    socket.is_stuck = True
    room.join(Watch(cast("MeteredSocket", socket), watch.look))
    assert socket.said() == [{"type": "burst", "camera_number": 4, "frames": 20}, 0, 1]
    assert socket.waiting < 2 * MAX_PENDING_BYTES
    socket.drain()
    await until(lambda: socket.said()[1:] == list(range(20)))
    room.relay(frame(20))
    assert socket.said()[-1] == 20


async def test_nobody_is_polled_when_nobody_is_behind(room: Room) -> None:
    room.relay(frame(0, key=True))
    watch, socket = enter(room)
    assert not is_polling(room)
    socket.is_stuck, socket.waiting = True, MAX_PENDING_BYTES
    room.relay(frame(1))
    assert is_polling(room)
    room.leave(watch)
    await until(lambda: not is_polling(room))
    room.close()


def is_polling(room: Room) -> bool:
    return room._poll is not None


async def test_the_link_of_one_whose_acknowledgements_are_late_is_measured_anew() -> None:
    now = 0.0
    room = Room(4, lambda: now)
    room.relay(frame(0, key=True))
    watch, socket = enter(room)
    room.acknowledged(watch, 0)
    room.relay(frame(1))
    now = 0.9
    room.relay(frame(2))
    assert socket.times_narrowed == 0
    now = 1.0
    room.relay(frame(3))
    assert socket.times_narrowed == 1
    assert socket.said()[-1] == 2
    room.acknowledged(watch, 2)
    assert socket.said()[-1] == 3
    room.close()


async def test_a_hole_is_noticed_and_what_is_known_is_none(room: Room) -> None:
    room.relay(frame(0, key=True))
    holes = []
    for each in (frame(0, key=True), frame(2), frame(1)):
        room.relay(each)
        holes.append(room.has_hole)
    assert holes == [False, True, False]


async def test_after_a_loss_nobody_joins_with_old_pictures(room: Room) -> None:
    room.relay(frame(0, key=True))
    room.lost()
    _, socket = enter(room)
    assert socket.said() == []
    room.relay(frame(7, key=True))
    await until(lambda: socket.said()[-1:] == [7])


async def test_a_codec_is_told_before_anybody_is_given_anything_of_it() -> None:
    told: list[tuple[int, str]] = []

    def learn(stream: int, codec: str) -> None:
        told.append((stream, codec))
        for watch in list(stills.watches):
            stills.leave(watch)

    stills = Room(Rendition.STILLS.stream(4), asyncio.get_running_loop().time, learn)
    _, socket = enter(stills)
    for sequence in range(2):
        stills.relay(pack(Kind.JPEG, Flag.KEY, camera_number=4, sequence=sequence, captured_ms=1, dts=0, body=b"jpeg"))
    assert told == [(Rendition.STILLS.stream(4), "jpeg")], "once"
    assert socket.said() == [], "those who were taken out got nothing"


async def test_every_jump_is_told_before_it_is_written(room: Room) -> None:
    jumps: list[tuple[int | None, int]] = []
    socket = SlowSocket()
    watch = Watch(
        cast("MeteredSocket", socket),
        Look("look", AT_THE_DESK, "main-4th", "wall", 0),
        lambda jump: jumps.append((jump.skipped, len(socket.taken))),
    )
    room.join(watch)
    room.relay(frame(0, key=True))
    await until(lambda: bool(jumps))
    assert jumps == [(None, 0)]
    socket.waiting = MAX_PENDING_BYTES
    for each in (frame(1), frame(2), frame(3, key=True)):
        room.relay(each)
    before = len(socket.taken)
    socket.drain()
    await until(lambda: len(jumps) == 2)
    assert jumps[1] == (2, before)
    room.close()
