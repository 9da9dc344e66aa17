from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos import nemeses
from tests.chaos.plan import NEMESES, TRACKS, plan, rounds

COUNTS = st.dictionaries(st.sampled_from(NEMESES), st.integers(0, 50))


@given(st.text(), COUNTS)
def test_a_plan_holds_each_nemesis_as_often_as_wished_on_a_track_of_its_own(seed: str, counts: dict[str, int]) -> None:
    planned = plan(seed, counts, length_s=60)
    assert Counter(strike.nemesis for track in planned.values() for strike in track) == Counter(counts)
    assert all(strike.nemesis in TRACKS[track] for track, strikes in planned.items() for strike in strikes)
    assert all(sum(strike.pause_s for strike in strikes) <= 1.4 * 60 for strikes in planned.values())


@given(st.text(), COUNTS)
def test_the_same_seed_makes_the_same_plan(seed: str, counts: dict[str, int]) -> None:
    assert plan(seed, counts, length_s=60) == plan(seed, counts, length_s=60)


@given(COUNTS, st.integers(1, 20))
def test_rounds_share_everything_out_evenly(counts: dict[str, int], number: int) -> None:
    shares = rounds(counts, number)
    assert len(shares) == number
    for name, count in counts.items():
        each = [share[name] for share in shares]
        assert sum(each) == count
        assert max(each) - min(each) <= 1


def test_there_is_a_nemesis_for_every_name() -> None:
    assert set(nemeses.BY_NAME) == set(NEMESES)
