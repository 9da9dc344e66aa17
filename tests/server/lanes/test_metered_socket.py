"""What a link that is not wide is given, over real TCP; the other end reads and answers when it is told to."""

from collections.abc import AsyncIterator

import pytest

from server.core.window import START_BYTES, WIDE_BYTES
from server.core.wire import text_frame
from server.lanes.metered_socket import CLEARED_S, MeteredSocket
from tests.server.lanes.tablet import Ends, connected


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    async with connected() as tablet:
        found: list[Ends] = []
        metered = MeteredSocket(
            tablet.socket,
            lambda: found[0].now if found else 0.0,
            lambda: found[0].changes.append(found[0].ours.is_wide),
            lambda: setattr(found[0], "rooms", found[0].rooms + 1),
        )
        found.append(Ends(metered, tablet))
        yield found[0]


async def test_no_more_is_on_the_way_than_is_answered_and_the_message_arrives_whole(ends: Ends) -> None:
    ends.ours.measure()
    await ends.tablet.read_some()
    ends.now += 0.05
    ends.tablet.answer()
    payload = ends.write(60_000)
    assert ends.ours.pending_bytes() > 60_000 - START_BYTES - 100, "the rest waits here"
    most = 0
    while not ends.tablet.messages:
        before = ends.tablet.came
        await ends.tablet.read_some()
        most = max(most, ends.tablet.came - before)
        ends.now += 0.5
        ends.tablet.answer()
    assert ends.tablet.messages == [payload]
    assert most <= 10_000
    assert ends.rooms > 0, "and the next may come"
    assert not ends.ours.is_wide


async def test_texts_stay_in_order_with_pictures_that_wait(ends: Ends) -> None:
    picture = ends.write(30_000)
    drop = text_frame({"type": "drop"})
    ends.tablet.awaited.append(len(drop) - 2)
    ends.ours.write(drop)
    small = ends.write(100)
    while len(ends.tablet.messages) < 3:
        await ends.tablet.read_some()
        ends.now += 0.3
        ends.tablet.answer()
    assert ends.tablet.messages == [picture, drop[2:], small]


async def test_a_link_that_proves_fast_becomes_wide_and_is_not_asked_any_more(ends: Ends) -> None:
    await ends.widen()
    assert ends.changes == [True]
    ends.tablet.pings.clear()
    payload = ends.write(WIDE_BYTES)
    while ends.tablet.awaited:
        await ends.tablet.read_some()
    assert ends.tablet.messages[-1] == payload
    assert ends.tablet.pings == []


async def test_one_who_falls_behind_is_given_nothing_until_what_was_on_the_way_has_arrived(ends: Ends) -> None:
    await ends.widen()
    ends.tablet.pings.clear()
    ends.ours.narrow()
    ends.ours.narrow()
    assert ends.changes == [True, False]
    assert ends.ours.pending_bytes() > 0
    payload = ends.write(100)
    while not ends.tablet.pings:
        await ends.tablet.read_some()
    assert ends.tablet.awaited, "the picture waits here"
    assert not ends.ours.is_stuck(ends.now + CLEARED_S)
    assert ends.ours.is_stuck(ends.now + CLEARED_S + 0.1)
    ends.tablet.answer()
    while ends.tablet.awaited:
        await ends.tablet.read_some()
    assert ends.tablet.messages[-1] == payload
    assert not ends.ours.is_stuck(ends.now + 60)


async def test_answers_to_what_was_not_asked_open_nothing(ends: Ends) -> None:
    ends.write(60_000)
    waiting = ends.ours.pending_bytes()
    for strange in (b"", b"\xff" * 125, (50_000).to_bytes(8), (0).to_bytes(8)):
        on_pong = ends.tablet.socket.on_pong
        assert on_pong is not None
        on_pong(strange)
    assert ends.ours.pending_bytes() == waiting
