from server.core.hub import Hub
from server.lanes.events_session import EventsSession
from server.lanes.problems import ProblemBoard
from tests.server.samples import NOW_MS


async def test_it_is_well_again_when_nothing_is_wrong_any_more() -> None:
    times = iter(range(NOW_MS, NOW_MS + 100))
    board = ProblemBoard(Hub[EventsSession](), now_ms=lambda: next(times))
    assert board.problems() == []
    board.say("probe", "It did not come back.")
    board.say("source:gunshot", "It is silent.")
    board.say("probe", "It did not come back.")
    assert board.problems() == ["It did not come back.", "It is silent."]
    board.say("probe", None)
    board.say("probe", None)
    assert board.problems() == ["It is silent."]
    board.say("source:gunshot", None)
    assert board.problems() == []
    assert next(times) == NOW_MS + 3, "asked for the time when it changed from well to not, or back"


async def test_what_a_part_says_of_itself_is_told_while_it_says_so() -> None:
    board = ProblemBoard(Hub[EventsSession](), now_ms=lambda: NOW_MS)
    said = ["Our key was refused.", "Bells were left out."]
    board.watch("bell", lambda: said)
    board.look()
    assert board.problems() == ["Our key was refused. Bells were left out."]
    said.clear()
    board.look()
    assert board.problems() == []
