"""The rung that a link carries: down soon, up slowly, and never swinging."""

from collections.abc import Callable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from server.core.quality import DROPS, DROPS_WITHIN_S, GOOD_S, MAX_PATIENCE_S, RUNGS, TRIED_S, Quality
from streams.rendition import Rendition

SOURCE, P480, P240, STILLS = RUNGS


def lower(quality: Quality, now: float) -> None:
    """Drop until it goes down."""
    for n in range(DROPS):
        assert not quality.down(now + n)
        quality.dropped(quality.rung, now + n)
    assert quality.down(now + DROPS - 1)


def test_it_begins_with_the_best() -> None:
    quality = Quality(100)
    assert quality.rung is SOURCE
    assert not quality.up(1000)
    assert not quality.down(1000)


def test_three_drops_in_half_a_minute_are_one_rung_down() -> None:
    quality = Quality(0)
    for at in (0, 10, 10 + DROPS_WITHIN_S):
        quality.dropped(SOURCE, at)
        assert not quality.down(at)
    quality.dropped(SOURCE, 39)
    assert quality.down(39.5), "drops at 10, 40 and 39: within half a minute"
    assert quality.rung is P480
    assert not quality.down(40), "what was dropped above is forgotten"


def test_a_while_without_a_drop_is_one_rung_up() -> None:
    quality = Quality(0)
    lower(quality, 0)
    lower(quality, 5)
    assert quality.rung is P240
    quality.dropped(P240, 20)
    assert not quality.up(20 + GOOD_S - 0.1)
    assert quality.up(20 + GOOD_S)
    assert quality.rung is P480
    assert not quality.up(20 + GOOD_S)
    assert quality.up(20 + 2 * GOOD_S)
    assert quality.rung is SOURCE


def test_nothing_is_below_stills() -> None:
    quality = Quality(0)
    for n in range(3):
        lower(quality, 10.0 * n)
    assert quality.rung is STILLS
    for n in range(10):
        quality.dropped(STILLS, 40 + n)
        assert not quality.down(40 + n)


def test_each_try_that_fails_makes_the_next_one_come_later() -> None:
    quality, now = Quality(0), 0.0
    lower(quality, now)
    waits = []
    for _ in range(8):
        began = now = now + DROPS
        while not quality.up(now):
            now += 1
        waits.append(now - began)
        lower(quality, now + 1)
        now += 1
    assert waits[0] >= GOOD_S - DROPS
    assert all(after > 1.5 * before for before, after in pairwise(waits[:5])), waits
    assert max(waits) <= MAX_PATIENCE_S


def test_a_try_that_held_is_forgotten() -> None:
    quality = Quality(0)
    lower(quality, 0)
    assert quality.up(30)
    lower(quality, 40)
    assert not quality.up(45 + GOOD_S), "failed once"
    assert quality.up(45 + 2 * GOOD_S)
    later = 46 + 2 * GOOD_S + TRIED_S
    lower(quality, later)
    assert quality.up(later + DROPS + GOOD_S), "the last one had held"


def test_what_is_dropped_before_the_new_rendition_comes_is_no_step_further() -> None:
    quality = Quality(0)
    lower(quality, 0)
    for at in range(5, 20):
        quality.dropped(SOURCE, at)
        assert not quality.down(at)
    assert not quality.up(19 + GOOD_S - 1), "but the link is not good"
    assert quality.up(19 + GOOD_S)


def test_what_a_client_can_not_show_is_no_rung() -> None:
    quality = Quality(0)
    quality.allow((P480, P240, STILLS))
    assert quality.rung is P480
    assert not quality.up(1000)
    quality.allow(RUNGS)
    assert quality.rung is SOURCE, "it had not gone down for its link"
    lower(quality, 1000)
    quality.allow((STILLS,))
    assert quality.rung is STILLS


def test_a_rung_that_is_no_more_is_followed_by_the_next_one() -> None:
    quality = Quality(0)
    lower(quality, 0)
    quality.allow((SOURCE, P240))
    assert quality.rung is P240
    quality.allow((SOURCE, P480))
    assert quality.rung is P480, "the lowest that is left"
    quality.allow(RUNGS)
    assert quality.rung is P480, "up only after a while"


@given(st.lists(st.floats(0, 40), min_size=1, max_size=300), st.integers(0, 3))
def test_on_a_link_of_any_width_it_settles(pauses: list[float], carried: int) -> None:
    """Drops come every few seconds on each rung that the link does not carry, and on no other."""
    quality, now = Quality(0), 0.0
    changes: list[tuple[float, Rendition]] = []
    for pause in pauses:
        now += pause
        if quality.rung < RUNGS[carried]:
            for n in range(DROPS):
                quality.dropped(quality.rung, now + n)
            now += DROPS
        if quality.down(now) or quality.up(now):
            changes.append((now, quality.rung))
    ups = [(at, rung) for (_, before), (at, rung) in pairwise([(0.0, SOURCE), *changes]) if rung < before]
    assert all(rung >= RUNGS[carried] - 1 for _, rung in ups)
    # After the n-th failed try at least 2^n · GOOD_S pass.
    failed = [at for at, rung in ups if rung < RUNGS[carried]]
    for n, (before, after) in enumerate(pairwise(failed)):
        assert after - before >= min(GOOD_S * 2**n, MAX_PATIENCE_S)


def test_a_simulated_minute_by_minute_link() -> None:
    """Good, then bad for five minutes, then good again: at most a handful of changes, and the best in the end."""
    carried = good_then(bad_from=60, bad_until=360)
    quality, rungs = Quality(0), [SOURCE]
    for second in range(1200):
        if quality.rung < carried(second) and second % 4 == 0:
            quality.dropped(quality.rung, second)
        quality.down(second)
        quality.up(second)
        if rungs[-1] is not quality.rung:
            rungs.append(quality.rung)
    assert rungs[-1] is SOURCE
    assert len(rungs) < 16, rungs


def good_then(*, bad_from: int, bad_until: int) -> Callable[[int], Rendition]:
    return lambda second: P240 if bad_from <= second < bad_until else SOURCE


def test_who_shares_a_link_with_one_that_failed_waits_as_long() -> None:
    quality, other = Quality(0), Quality(0)
    for each in (quality, other):
        lower(each, 0)
    assert quality.up(30)
    lower(quality, 40)
    other.wait_like(quality, 42)
    assert not other.up(42 + 2 * GOOD_S - 1)
    assert other.up(42 + 2 * GOOD_S)


def test_who_gets_no_picture_at_all_goes_down_without_waiting_for_drops() -> None:
    quality = Quality(0)
    quality.starved(20)
    assert quality.down(20)
    assert quality.rung is P480
    assert not quality.down(21)


def test_what_a_link_carries_is_known_only_of_one_who_has_gone_down_for_it() -> None:
    quality = Quality(0)
    quality.allow((P480, P240, STILLS))
    assert (quality.rung, quality.carried) == (P480, SOURCE)
    lower(quality, 0)
    assert quality.carried is P240
    assert Quality(0, P240).carried is P240
