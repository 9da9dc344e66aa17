"""When one who has fallen behind is cut off, over real TCP and on a clock of our own."""

from collections.abc import AsyncIterator

import pytest

from server.core.people import Actor, Person, Role
from server.lanes.metered_socket import CLEARED_S
from server.lanes.video_session import VideoSession
from tests.server.lanes.tablet import Ends, connected

OPERATOR = Actor(Person("operator", "", Role.OPERATOR))


@pytest.fixture
async def ends() -> AsyncIterator[tuple[Ends, VideoSession]]:
    async with connected() as tablet:
        found: list[Ends] = []
        session = VideoSession(OPERATOR, tablet.socket, lambda: found[0].now if found else 0.0, on_room=lambda _: None)
        found.append(Ends(session.socket, tablet))
        yield found[0], session


def talk(ends: Ends, session: VideoSession, seconds: float) -> None:
    """Acknowledge, as clients do all the time."""
    for _ in range(round(seconds * 2)):
        ends.now += 0.5
        session.heard(ends.now)


async def test_whoever_talks_and_does_not_get_what_is_on_the_way_has_a_slow_link(
    ends: tuple[Ends, VideoSession],
) -> None:
    link, session = ends
    await link.widen()
    talk(link, session, 10)
    assert not session.is_stuck(link.now), "nobody is who keeps up"
    session.socket.narrow()
    talk(link, session, CLEARED_S)
    assert not session.is_stuck(link.now)
    talk(link, session, 0.5)
    assert session.is_stuck(link.now)


async def test_whoever_is_silent_for_a_while_keeps_his_connection_and_goes_on_when_he_is_back(
    ends: tuple[Ends, VideoSession],
) -> None:
    link, session = ends
    await link.widen()
    talk(link, session, 10)
    session.socket.narrow()
    for _ in range(20):
        link.now += 0.5
        assert not session.is_stuck(link.now)
        assert not session.is_stalled(link.now)
    assert session.socket.pending_bytes() > 0, "he is given nothing meanwhile"
    talk(link, session, 0.5)
    assert not session.is_stuck(link.now), "his first word comes before his answer to our ping"
    while not link.tablet.pings:
        await link.tablet.read_some()
    link.tablet.answer()
    assert session.socket.pending_bytes() == 0
    talk(link, session, 2 * CLEARED_S)
    assert not session.is_stuck(link.now)


async def test_whoever_is_back_and_still_gets_nothing_has_a_slow_link(ends: tuple[Ends, VideoSession]) -> None:
    link, session = ends
    await link.widen()
    session.socket.narrow()
    link.now += 10
    talk(link, session, CLEARED_S)
    assert not session.is_stuck(link.now)
    talk(link, session, 1)
    assert session.is_stuck(link.now)
