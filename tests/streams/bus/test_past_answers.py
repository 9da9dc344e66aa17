"""Answers about the past, over a real bus: credit, order, several at a time, and those who ask and go."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf

import pytest

from streams.bus import channels, past_answers
from streams.bus.past_answers import PastAnswers
from streams.bus.past_follower import PastFollower
from streams.bus.past_messages import PastAsk, PastCredit, PastEnd, PastHead, read_answer
from streams.bus.publisher import FragmentPublisher
from streams.bus.wakeups import Wakeups
from streams.fragment import Flag, Fragment, Kind, pack, unpack
from streams.past import Past
from streams.pasts import Pasts
from streams.valkey import EmbeddedValkey
from tests.streams.until import until

CAMERA = 4
WAIT_S = 10.0


class Bus:
    """A streams process that keeps a past, and whoever asks it."""

    def __init__(self, url: str, *, past_s: float = 60) -> None:
        self.url = url
        self.pasts = Pasts(past_s=past_s, past_bytes=1 << 25, total_bytes=inf)
        self.answers = PastAnswers(url, self.pasts, streams_id="streams-1")
        self.wakeups = Wakeups(url)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Bus"]:
        try:
            async with asyncio.timeout(60), asyncio.TaskGroup() as group:
                task = group.create_task(self.answers.run())
                await self.answers.listens.wait()
                yield self
                task.cancel()
        finally:
            await self.wakeups.close()

    @asynccontextmanager
    async def asked(self, ask_id: str, *, from_ms: int = 0, to_ms: int = 10**13) -> AsyncIterator[PastFollower]:
        follower = PastFollower(self.url, ask_id)
        try:
            await follower.open()
            await self.wakeups.publish(channels.PAST, PastAsk(ask_id, CAMERA, from_ms, to_ms).to_json())
            yield follower
        finally:
            follower.close()

    async def credit(self, ask_id: str, credit_bytes: int, streams: str = "streams-1") -> None:
        await self.wakeups.publish(channels.PAST, PastCredit(ask_id, streams, credit_bytes).to_json())

    def past(self) -> Past:
        past = self.pasts.of(CAMERA)
        assert past is not None
        return past


def _pictures(count: int, size: int = 1000) -> list[Fragment]:
    return [
        pack(
            Kind.FRAME,
            Flag.NONE if n % 10 else Flag.KEY,
            camera_number=CAMERA,
            sequence=n,
            captured_ms=1000.0 * n,
            dts=90_000 * n,
            body=n.to_bytes(4, "big") * (size // 4),
        )
        for n in range(count)
    ]


async def _head(follower: PastFollower) -> PastHead:
    head = read_answer(await follower.next(WAIT_S))
    assert isinstance(head, PastHead)
    return head


async def _rest(follower: PastFollower) -> tuple[list[bytes], PastEnd]:
    messages = []
    while (payload := await follower.next(WAIT_S)).startswith(b"\x82"):
        messages.append(payload)
    end = read_answer(payload)
    assert isinstance(end, PastEnd)
    return messages, end


async def test_an_answer_says_what_comes_then_every_message_as_it_was_then_how_many_there_were(
    valkey: EmbeddedValkey,
) -> None:
    async with Bus(valkey.url).running() as bus:
        sent = _pictures(40)
        for fragment in sent:
            bus.past().append(fragment)
        async with bus.asked("a", from_ms=12_000, to_ms=25_000) as follower:
            assert await _head(follower) == PastHead("streams-1", 20, 10_000, 29_000, ((10_000, 900_000),), is_all=True)
            await bus.credit("a", 1 << 20)
            messages, end = await _rest(follower)
        assert messages == [fragment.message for fragment in sent[10:30]]
        assert end == PastEnd("streams-1", 20)


async def test_nobody_is_sent_more_than_he_has_asked_for(valkey: EmbeddedValkey) -> None:
    async with Bus(valkey.url).running() as bus:
        for fragment in _pictures(100, size=10_000):
            bus.past().append(fragment)
        async with bus.asked("a") as follower:
            await _head(follower)
            with pytest.raises(TimeoutError):
                await follower.next(0.2)
            await bus.credit("a", 25_000)
            assert [unpack(await follower.next(WAIT_S)).sequence for _ in range(3)] == [0, 1, 2]
            with pytest.raises(TimeoutError):
                await follower.next(0.2)
            # Of which the first was lost, or comes late.
            await bus.credit("a", 35_000)
            await bus.credit("a", 25_000)
            assert unpack(await follower.next(WAIT_S)).sequence == 3
            await bus.credit("a", 1 << 21)
            messages, end = await _rest(follower)
            assert [unpack(message).sequence for message in messages] == list(range(4, 100))
            assert end.sent == 100


async def test_credit_for_another_process_is_not_taken(valkey: EmbeddedValkey) -> None:
    async with Bus(valkey.url).running() as bus:
        for fragment in _pictures(10):
            bus.past().append(fragment)
        async with bus.asked("a") as follower:
            await _head(follower)
            await bus.credit("a", 1 << 20, streams="streams-2")
            with pytest.raises(TimeoutError):
                await follower.next(0.2)


async def test_what_is_being_told_stays_though_the_past_lets_go_of_it(valkey: EmbeddedValkey) -> None:
    async with Bus(valkey.url).running() as bus:
        for fragment in _pictures(20):
            bus.past().append(fragment)
        async with bus.asked("a") as follower:
            await _head(follower)
            while bus.past().reach():
                bus.past().forget_oldest()
            await bus.credit("a", 1 << 20)
            messages, end = await _rest(follower)
            assert len(messages) == end.sent == 20


async def test_many_ask_at_a_time_and_each_gets_its_own(valkey: EmbeddedValkey) -> None:
    async def ask(bus: Bus, number: int) -> list[int]:
        ask_id = f"ask-{number}"
        async with bus.asked(ask_id, from_ms=10_000 * number, to_ms=10_000 * number + 5_000) as follower:
            await _head(follower)
            await bus.credit(ask_id, 1 << 20)
            messages, _ = await _rest(follower)
            return [unpack(message).sequence for message in messages]

    async with Bus(valkey.url).running() as bus:
        for fragment in _pictures(200):
            bus.past().append(fragment)
        got = await asyncio.gather(*(ask(bus, number) for number in range(20)))
        assert got == [list(range(10 * number, 10 * number + 10)) for number in range(20)]


async def test_who_asks_when_too_many_are_being_told_is_told_so(
    valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_answers, "MAX_ANSWERS", 1)
    async with Bus(valkey.url).running() as bus:
        for fragment in _pictures(10):
            bus.past().append(fragment)
        async with bus.asked("a") as first, bus.asked("b") as second:
            assert (await _head(first)).messages == 10
            head = await _head(second)
            assert head.messages == 0
            assert "Try again" in head.reason
            await bus.credit("a", 0)
        await until(lambda: not bus.answers._credits)  # "a" wants no more, so there is a place again
        async with bus.asked("c") as third:
            assert (await _head(third)).messages == 10


async def test_who_asks_and_goes_is_forgotten(valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_answers, "TIRED_AFTER_S", 0.2)
    async with Bus(valkey.url).running() as bus:
        for fragment in _pictures(10):
            bus.past().append(fragment)
        async with bus.asked("a") as follower:
            await _head(follower)
        await until(lambda: not bus.answers._credits)


@pytest.mark.parametrize(
    ("past_s", "pictures", "reason"),
    [
        (0, 0, "Nothing of what cameras have shown is kept here: past_s of [streams] is 0."),
        (60, 0, "Nothing of the camera is kept: it has shown nothing in the last 60 s."),
        (60, 30, "Kept is what the camera has shown from 00:00:00 to 00:00:29 UTC, nothing of what is asked for."),
    ],
)
async def test_who_asks_for_what_is_not_kept_is_told_why(
    valkey: EmbeddedValkey, past_s: float, pictures: int, reason: str
) -> None:
    async with Bus(valkey.url, past_s=past_s).running() as bus:
        bus.pasts.of(CAMERA)
        for fragment in _pictures(pictures):
            bus.past().append(fragment)
        async with bus.asked("a", from_ms=100_000, to_ms=200_000) as follower:
            assert await _head(follower) == PastHead("streams-1", 0, reason=reason)


async def test_a_camera_of_another_process_is_not_answered_for(valkey: EmbeddedValkey) -> None:
    async with Bus(valkey.url).running() as bus, bus.asked("a") as follower:
        with pytest.raises(TimeoutError):
            await follower.next(0.3)


async def test_what_is_no_ask_is_passed_over(valkey: EmbeddedValkey) -> None:
    async with Bus(valkey.url).running() as bus:
        bus.pasts.of(CAMERA)
        for payload in (b"", b"7", b"{}", b'{"ask": 1}', b'{"credit_bytes": []}', b"\xff"):
            await bus.wakeups.publish(channels.PAST, payload)
        async with bus.asked("a") as follower:
            assert (await _head(follower)).reason


async def test_a_bus_that_dies_in_the_middle_ends_the_answer_and_the_next_is_given(
    valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.bus.past_publisher.REPLY_TIMEOUT_S", 0.5)
    async with Bus(valkey.url).running() as bus:
        for fragment in _pictures(100, size=10_000):
            bus.past().append(fragment)
        async with bus.asked("a") as follower:
            await _head(follower)
            await bus.credit("a", 100_000)
            await follower.next(WAIT_S)
            assert valkey.pid is not None
            os.kill(valkey.pid, signal.SIGKILL)
            await until(lambda: not bus.answers.listens.is_set())
        await until(bus.answers.listens.is_set)
        async with bus.asked("b") as follower:
            assert (await _head(follower)).messages == 100


async def test_live_pictures_go_on_while_a_past_is_told(valkey: EmbeddedValkey) -> None:
    """Not how late, which tests/bench would say, but that none is lost and none waits for the end of it."""
    async with Bus(valkey.url).running() as bus:
        for fragment in _pictures(2_000, size=10_000):
            bus.past().append(fragment)
        live = FragmentPublisher(bus.url)
        await live.connect()
        async with bus.asked("a") as follower:
            await _head(follower)
            await bus.credit("a", 1 << 26)
            taking = asyncio.create_task(_rest(follower))
            published = 0
            while not taking.done():
                live.publish(_pictures(1)[0])
                published += 1
                await asyncio.sleep(0.001)
            messages, _ = await taking
        live.close()
        assert len(messages) == 2_000
        assert live.dropped == 0
        assert published > 5
