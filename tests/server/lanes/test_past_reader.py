"""PastReader: what it is told by a real streams process, by several, by none, and by one that breaks off."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path

import pytest

from server.errors import PastUnavailable
from server.lanes import past_reader
from server.lanes.past_reader import PastReader
from streams.bus import channels
from streams.bus.past_messages import PastAsk, PastCredit, PastEnd, PastHead, read_request
from streams.bus.wakeups import Wakeups
from streams.fragment import Flag, Fragment, Kind, pack
from streams.valkey import EmbeddedValkey
from tests.fakes.past_keeper import open_past_keeper
from tests.streams.filming import START_S, film, fragments
from tests.streams.until import until

CAMERA = 4
START_MS = int(START_S * 1000)
EVER = (0, 2**42)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_reader, "REPEAT_S", 0.1)
    monkeypatch.setattr(past_reader, "SILENT_AFTER_S", 0.5)


@pytest.fixture
async def reader(valkey: EmbeddedValkey) -> AsyncIterator[PastReader]:
    wakeups = Wakeups(valkey.url)
    yield PastReader(wakeups, bus_url=valkey.url)
    await wakeups.close()


async def _read(reader: PastReader, from_ms: int, to_ms: int) -> list[Fragment]:
    async with asyncio.timeout(20):
        return [fragment async for fragment in reader.read(CAMERA, from_ms, to_ms)]


def _large(count: int) -> list[Fragment]:
    """200 kB each, the tenth of them a key frame."""
    return [
        pack(
            Kind.FRAME,
            Flag.NONE if n % 10 else Flag.KEY,
            camera_number=CAMERA,
            sequence=n,
            captured_ms=START_MS + 40.0 * n,
            dts=3600 * n,
            body=n.to_bytes(4, "big") * 50_000,
        )
        for n in range(count)
    ]


async def test_an_init_segment_comes_first_then_whole_groups_as_they_were_sent(
    valkey: EmbeddedValkey, reader: PastReader
) -> None:
    async with open_past_keeper(valkey.url) as keeper:
        sent = keeper.keep(fragments(film()))
        # 25 pictures a second, groups of 10; the init segment is the first of what was sent.
        got = await _read(reader, START_MS + 500, START_MS + 900)
        assert got == [sent[0], *sent[11:31]]
        async with reader.open(CAMERA, START_MS + 500, START_MS + 900) as answer:
            assert (answer.from_ms, answer.to_ms) == (START_MS + 400, START_MS + 1160)


async def test_what_has_not_happened_yet_is_not_waited_for(valkey: EmbeddedValkey, reader: PastReader) -> None:
    async with open_past_keeper(valkey.url) as keeper:
        sent = keeper.keep(fragments(film()))
        assert await _read(reader, START_MS, START_MS + 3_600_000) == sent


async def test_gaps_are_told(valkey: EmbeddedValkey, reader: PastReader) -> None:
    async with open_past_keeper(valkey.url) as keeper:
        sent = fragments(film())
        gap = pack(Kind.GAP, Flag.NONE, camera_number=CAMERA, sequence=99, captured_ms=START_MS + 2_000, dts=180_000)
        keeper.keep([*sent, gap])
        assert (await _read(reader, *EVER))[-1] == gap


async def test_a_slow_reader_gets_everything_and_no_more_than_a_window_is_on_its_way(
    valkey: EmbeddedValkey, reader: PastReader
) -> None:
    async with open_past_keeper(valkey.url) as keeper:
        sent = keeper.keep(_large(30))
        got, waiting = [], []
        async with asyncio.timeout(20), reader.open(CAMERA, *EVER) as answer:
            async for fragment in answer.fragments():
                got.append(fragment)
                # Until nothing more comes, or as much as may.
                with suppress(TimeoutError):
                    await until(lambda: len(answer._follower._waiting) >= 5, 0.02)
                waiting.append(sum(map(len, answer._follower._waiting)))
        assert got == sent
        assert max(waiting) <= past_reader.WINDOW_BYTES + len(sent[0].message)


async def test_who_leaves_in_the_middle_leaves_nothing_behind(valkey: EmbeddedValkey, reader: PastReader) -> None:
    async with open_past_keeper(valkey.url) as keeper:
        keeper.keep(_large(100))
        async with asyncio.timeout(20), aclosing(reader.read(CAMERA, *EVER)) as parts:
            assert (await anext(parts)).sequence == 0
            assert keeper.is_telling
        await until(lambda: not keeper.is_telling)


async def test_who_is_cancelled_in_the_middle_leaves_nothing_behind(valkey: EmbeddedValkey, reader: PastReader) -> None:
    async def dawdle() -> None:
        async for _ in reader.read(CAMERA, *EVER):
            begun.set()
            await asyncio.Event().wait()

    begun = asyncio.Event()
    async with asyncio.timeout(20), open_past_keeper(valkey.url) as keeper:
        keeper.keep(_large(100))
        task = asyncio.create_task(dawdle())
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])
        await until(lambda: not keeper.is_telling)


async def test_several_are_read_at_a_time(valkey: EmbeddedValkey, reader: PastReader) -> None:
    async with open_past_keeper(valkey.url) as keeper:
        sent = keeper.keep(_large(60))
        spans = [(START_MS + 400 * n, START_MS + 400 * n + 300) for n in range(6)]
        assert await asyncio.gather(*(_read(reader, *span) for span in spans)) == [
            sent[10 * n : 10 * n + 10] for n in range(6)
        ]


async def test_nothing_kept_is_said_in_words(valkey: EmbeddedValkey, reader: PastReader) -> None:
    async with open_past_keeper(valkey.url) as keeper:
        keeper.has(CAMERA)
        with pytest.raises(PastUnavailable, match="it has shown nothing in the last 60 s"):
            await _read(reader, *EVER)
        keeper.keep(fragments(film()))
        with pytest.raises(PastUnavailable, match=r"from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d UTC, nothing of what"):
            await _read(reader, START_MS + 60_000, START_MS + 70_000)


async def test_a_camera_that_nobody_reads_is_said_in_words(
    valkey: EmbeddedValkey, reader: PastReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_reader, "HEAD_TIMEOUT_S", 0.3)
    async with open_past_keeper(valkey.url):
        with pytest.raises(PastUnavailable, match="No reader of the camera has answered"):
            await _read(reader, *EVER)


async def test_a_bus_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    url = f"unix://{tmp_path}/nobody.sock"
    wakeups = Wakeups(url)
    with pytest.raises(PastUnavailable, match="can't be asked at this moment"):
        await _read(PastReader(wakeups, bus_url=url), *EVER)
    await wakeups.close()


async def test_a_camera_that_has_moved_is_told_of_by_who_had_it(valkey: EmbeddedValkey, reader: PastReader) -> None:
    async with (
        open_past_keeper(valkey.url, "streams-1") as before,
        open_past_keeper(valkey.url, "streams-2") as now,
        open_past_keeper(valkey.url, "streams-3") as other,
    ):
        sent = before.keep(fragments(film()))
        now.has(CAMERA)
        other.has(CAMERA)
        assert await _read(reader, *EVER) == sent


async def test_what_two_have_of_a_camera_that_was_given_over_is_joined(
    valkey: EmbeddedValkey, reader: PastReader
) -> None:
    async with (
        open_past_keeper(valkey.url, "streams-1") as before,
        open_past_keeper(valkey.url, "streams-2") as now,
    ):
        before.owned_s, now.owned_s = None, 1.0
        sent = fragments(film())
        before.keep(sent[:31])
        # For a moment both have read it: ten pictures are there twice.
        now.keep([sent[0], *sent[21:]])
        assert await _read(reader, *EVER) == [*sent[:31], sent[0], *sent[31:]]
        await until(lambda: not before.is_telling and not now.is_telling)


async def test_on_one_timeline_it_is_that_of_who_has_most(valkey: EmbeddedValkey, reader: PastReader) -> None:
    async with (
        open_past_keeper(valkey.url, "streams-1") as before,
        open_past_keeper(valkey.url, "streams-2") as now,
    ):
        before.owned_s, now.owned_s = None, 1.0
        sent = fragments(film())
        before.keep(sent[:21])
        now.keep([sent[0], *sent[21:]])
        async with reader.open(CAMERA, *EVER) as answer:
            assert [fragment async for fragment in answer.fragments()] == [sent[0], *sent[21:]]
        await until(lambda: not before.is_telling and not now.is_telling)


async def test_who_took_a_camera_over_and_has_nothing_says_for_how_long_it_was_his(
    valkey: EmbeddedValkey, reader: PastReader
) -> None:
    async with (
        open_past_keeper(valkey.url, "streams-1") as now,
        open_past_keeper(valkey.url, "streams-2") as other,
    ):
        now.owned_s, other.owned_s = 3.0, None
        now.has(CAMERA)
        other.has(CAMERA)
        with pytest.raises(PastUnavailable, match="its reader has had it for 3 s, and no picture yet"):
            await _read(reader, *EVER)


async def _take_all(parts: AsyncIterator[Fragment], got: list[Fragment]) -> None:
    async for fragment in parts:
        got.append(fragment)  # noqa: PERF401 - what came before it broke off counts


async def test_a_process_that_dies_in_the_middle_is_noticed(valkey: EmbeddedValkey, reader: PastReader) -> None:
    got: list[Fragment] = []
    async with open_past_keeper(valkey.url) as keeper:
        keeper.keep(_large(100))
        parts = reader.read(CAMERA, *EVER)
        got.append(await anext(parts))
    async with asyncio.timeout(20), aclosing(parts):
        with pytest.raises(PastUnavailable, match=r"Of 100 parts .* only \d+ came"):
            await _take_all(parts, got)
    assert [fragment.sequence for fragment in got] == list(range(len(got)))


@asynccontextmanager
async def _scripted(url: str, on_credit: Callable[[int], Sequence[bytes]], *, messages: int) -> AsyncIterator[None]:
    """A streams process that says what it has to every ask, and to the n-th credit what the test wants."""

    async def say(payloads: Sequence[bytes], ask_id: str) -> None:
        for payload in payloads:
            await wakeups.publish(channels.past(ask_id), payload)

    credits_heard = 0

    def hear(payload: bytes) -> None:
        nonlocal credits_heard
        match read_request(payload):
            case PastAsk(ask_id):
                tasks.append(asyncio.create_task(say([PastHead("streams-1", messages, 1, 2).to_json()], ask_id)))
            case PastCredit(ask_id):
                credits_heard += 1
                tasks.append(asyncio.create_task(say(on_credit(credits_heard), ask_id)))

    wakeups, tasks = Wakeups(url), list[asyncio.Task[None]]()
    hearing = asyncio.create_task(wakeups.run({channels.PAST: hear}))
    try:
        await wakeups.subscribed.wait()
        yield
    finally:
        for task in (hearing, *tasks):
            task.cancel()
        await asyncio.gather(hearing, *tasks, return_exceptions=True)
        await wakeups.close()


async def test_a_hole_is_noticed(valkey: EmbeddedValkey, reader: PastReader) -> None:
    sent = [fragment.message for fragment in _large(3)]
    answer = [sent[0], sent[2], PastEnd("streams-1", 3).to_json()]
    async with _scripted(valkey.url, lambda n: answer if n == 1 else [], messages=3):
        with pytest.raises(PastUnavailable, match="Of 3 parts of what the camera has shown only 2 came"):
            await _read(reader, *EVER)


async def test_what_is_no_message_is_noticed(valkey: EmbeddedValkey, reader: PastReader) -> None:
    async with _scripted(valkey.url, lambda n: [b"\x82\x05abc"] if n == 1 else [], messages=3):
        with pytest.raises(PastUnavailable, match="only 0 came"):
            await _read(reader, *EVER)


async def test_credit_that_is_lost_is_given_again(valkey: EmbeddedValkey, reader: PastReader) -> None:
    sent = _large(2)
    answer = [*(fragment.message for fragment in sent), PastEnd("streams-1", 2).to_json()]
    async with _scripted(valkey.url, lambda n: answer if n == 2 else [], messages=2):
        assert await _read(reader, *EVER) == sent


async def test_who_is_one_too_many_is_told_to_come_again(valkey: EmbeddedValkey) -> None:
    wakeups = Wakeups(valkey.url)
    reader = PastReader(wakeups, bus_url=valkey.url, at_most=1)
    async with open_past_keeper(valkey.url) as keeper:
        sent = keeper.keep(fragments(film()))
        async with reader.open(CAMERA, *EVER):
            with pytest.raises(PastUnavailable, match="Try again in a moment"):
                await _read(reader, *EVER)
        assert await _read(reader, *EVER) == sent
    await wakeups.close()
