import pytest

from server.core.hub import Hub
from server.lanes.events_session import EventsSession
from server.lanes.online import OnlineBoard
from streams.bus.wakeups import Wakeups


@pytest.fixture
def board() -> OnlineBoard:
    return OnlineBoard(Hub[EventsSession](), Wakeups("unix:///nowhere/valkey.sock"), server_id="here")


async def test_who_another_server_names_is_online_for_a_while(board: OnlineBoard) -> None:
    board.on_online(b'{"server": "there", "people": ["officer-12"], "ttl_s": 25}')
    assert board.people() == {"officer-12"}
    board.on_online(b'{"server": "there", "people": ["officer-12"], "ttl_s": 0}')
    assert board.people() == frozenset()


async def test_what_we_said_ourselves_is_no_news(board: OnlineBoard) -> None:
    board.on_online(b'{"server": "here", "people": ["officer-12"], "ttl_s": 25}')
    assert board.people() == frozenset()


@pytest.mark.parametrize("garbage", [b"", b"[]", b"{}", b'{"server": "x", "people": 3, "ttl_s": 1}', b"\xff"])
async def test_what_is_not_understood_is_left_alone(board: OnlineBoard, garbage: bytes) -> None:
    board.on_online(garbage)
    assert board.people() == frozenset()


async def test_it_is_the_same_object_until_somebody_comes_or_goes(board: OnlineBoard) -> None:
    """What is made of it is not made anew for each alert."""
    board.on_online(b'{"server": "there", "people": ["officer-12"], "ttl_s": 25}')
    people = board.people()
    board.on_online(b'{"server": "there", "people": ["officer-12"], "ttl_s": 25}')
    assert board.people() is people
    board.on_online(b'{"server": "there", "people": ["officer-12", "officer-7"], "ttl_s": 25}')
    assert board.people() == {"officer-12", "officer-7"}
