"""The checker of ladders: a good climb passes, and late, early, double, missing and endless ones are told apart."""

import pytest

from tests.chaos.card import Card, Mark
from tests.chaos.findings import Findings
from tests.chaos.history import Event, History, Power, Publish, Seen, Settled
from tests.chaos.ladder import check
from tests.chaos.policies import Policy, Rung

POLICY = Policy("P1", (Rung(0, ("7",)), Rung(2), Rung(4, everybody=True)), loop_s=15)
TOLERANCE_S = 1.0


def step(
    number: int,
    at_s: float,
    position: int,
    *,
    device: str = "observer-0",
    state: str = "new",
    fired_ms: int | None = None,
) -> Seen:
    fired_ms = position * 1000 if fired_ms is None else fired_ms
    card = Card("a-1", "shots-1", 1, 1, state=state, step=number, fired_ms=fired_ms, print=str(position))
    return Seen(at_s, device, position, "alert", (card,))


def acknowledged(at_s: float, position: int) -> Seen:
    return Seen(at_s, "console", position, "receipts", (), (Mark("a-1", 1, "officer-7", "tablet", "acknowledged"),))


def broken(*events: Event, state: str = "new", until_s: float = 6.0) -> list[str]:
    """The violations as promise and sentence."""
    seen = [card for event in events if isinstance(event, Seen) for card in event.cards]
    final = Card("a-1", "shots-1", 1, 1, state=state, step=max(card.step for card in seen))
    history = History([Publish(0.9, "shots-1", "invoke"), Publish(1.0, "shots-1", "ok", "a-1"), *events])
    history.note(Settled(until_s, 99, ()))
    found = check(history, Findings((final,), (final,), (), (), True), {1: POLICY}, tolerance_s=TOLERANCE_S)
    return [f"{one.promise} {one.sentence.split(': ')[-1]}" for one in found]


def test_a_ladder_that_climbs_on_time_passes() -> None:
    assert broken(step(1, 1.0, 5), step(2, 3.2, 7), step(3, 4.9, 9)) == []


def test_the_same_step_told_by_two_servers_and_again_with_another_state_is_one() -> None:
    later = Seen(3.5, "observer-0", 8, "alert", step(2, 3.2, 7).cards)
    assert broken(step(1, 1.0, 5), step(2, 3.2, 7), step(2, 3.9, 7, device="observer-1"), later, step(3, 5.0, 9)) == []


def test_what_links_delay_does_not_count() -> None:
    assert broken(step(1, 1.0, 5), step(2, 3.0, 7), step(2, 9.0, 7, device="tablet"), step(3, 5.0, 9)) == []


def test_a_late_step_is_found() -> None:
    assert broken(step(1, 1.0, 5), step(2, 4.5, 7), step(3, 5.1, 9)) == ["I5 step 2 came 1.5 s late."]


def test_an_early_step_is_found() -> None:
    assert broken(step(1, 1.0, 5), step(2, 1.1, 7), step(3, 5.0, 9)) == ["I5 step 2 came 1.8 s too early."]


def test_skipped_steps_may_come_early_together() -> None:
    assert broken(step(3, 1.0, 5)) == []


@pytest.mark.parametrize("part", ["database", "database-1", "harness", "server-0"])
def test_a_step_that_fell_due_in_an_outage_may_come_after_it(part: str) -> None:
    outage = (Power(2.0, part, False), Power(8.0, part, True))
    assert broken(step(1, 1.0, 5), *outage, step(2, 9.4, 7), step(3, 11.4, 9), until_s=12) == []


def test_a_step_that_comes_long_after_an_outage_is_found() -> None:
    outage = (Power(2.0, "database", False), Power(8.0, "database", True))
    found = broken(step(1, 1.0, 5), *outage, step(2, 9.6, 7), step(3, 11.6, 9), until_s=12)
    assert found == ["I5 step 2 came 6.6 s late."]


def test_one_server_of_two_that_is_down_is_no_outage() -> None:
    power = (Power(0.0, "server-0", True), Power(0.0, "server-1", True), Power(1.5, "server-1", False))
    assert broken(*power, step(1, 1.0, 5), step(2, 9.0, 7), step(3, 11, 9), until_s=12) == [
        "I5 step 2 came 6.0 s late."
    ]


def test_a_step_that_came_twice_is_found() -> None:
    found = broken(step(1, 1.0, 5), step(2, 3.0, 7), step(2, 3.1, 8), step(3, 5.0, 9))
    assert found == ["I5 step 2 came after step 2."]


def test_the_last_step_comes_again_in_its_loop() -> None:
    assert broken(step(1, 1.0, 5), step(2, 3.0, 7), step(3, 5.0, 9), step(3, 20.1, 11), until_s=30) == []


def test_a_late_turn_of_a_loop_does_not_move_the_next() -> None:
    outage = (Power(18.0, "database", False), Power(24.0, "database", True))
    turns = (step(3, 5.0, 9), *outage, step(3, 24.5, 11), step(3, 35.0, 12))
    assert broken(step(1, 1.0, 5), step(2, 3.0, 7), *turns, until_s=36) == []


def test_a_loop_that_turns_too_fast_is_found() -> None:
    found = broken(step(1, 1.0, 5), step(2, 3.0, 7), step(3, 5.0, 9), step(3, 12.0, 11), until_s=20)
    assert "I5 step 3 came twice within 7.0 s." in found


@pytest.mark.parametrize(("fired_ms", "is_found"), [(21_500, False), (17_000, True), (17_000 + 3_600_000, True)])
def test_a_turn_that_was_told_late_is_not_taken_for_a_loop_that_turns_too_fast(fired_ms: int, is_found: bool) -> None:
    hung = (Power(7.0, "database", False), Power(12.0, "database", True))
    turns = (*hung, step(3, 12.5, 9, fired_ms=10_000), step(3, 20.0, 11, fired_ms=fired_ms))
    found = broken(step(1, 1.0, 5, fired_ms=1_000), step(2, 3.0, 7, fired_ms=3_000), *turns, until_s=30)
    assert ("I5 step 3 came twice within 7.5 s." in [" ".join(one.split()) for one in found]) is is_found


def test_a_server_that_starts_with_a_wrong_clock_cannot_know_when_a_step_is_due() -> None:
    wrong = Power(1.5, "clocks", False)
    early = (step(1, 1.0, 5), step(2, 1.8, 7), step(3, 4.0, 9))
    assert len(broken(wrong, *early)) == 1
    assert broken(wrong, Power(1.7, "server-0", True), *early) == []


def test_a_ladder_that_ends_without_anybody_is_found() -> None:
    assert broken(step(1, 1.0, 5), step(2, 3.0, 7), until_s=20) == ["I5 nothing came after step 2, for 17.0 s."]


def test_a_ladder_stops_when_somebody_has_acknowledged() -> None:
    events = (step(1, 1.0, 5), acknowledged(2.9, 6), step(2, 3.0, 7, state="acknowledged"))
    assert broken(*events, state="acknowledged", until_s=60) == []


def test_a_ladder_that_climbs_on_though_somebody_has_acknowledged_is_found() -> None:
    events = (step(1, 1.0, 5), acknowledged(2.0, 6), step(2, 3.0, 7), step(3, 5.0, 8))
    assert broken(*events, state="acknowledged") == ["I4 shots-1 climbed 2 steps after it was acknowledged."]
