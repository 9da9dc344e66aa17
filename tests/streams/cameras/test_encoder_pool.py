from hypothesis import given
from hypothesis import strategies as st

from streams.cameras.encoder_pool import EncoderPool
from streams.rendition import Rendition

P480, P240, STILLS = Rendition.P480, Rendition.P240, Rendition.STILLS


def test_what_is_wanted_is_encoded_while_there_is_room() -> None:
    pool = EncoderPool(2)
    pool.update({4: {P480, P240}, 5: {P240}}, 0)

    assert pool.encoded(4) == {P480, P240}
    assert pool.encoded(5) == frozenset()
    assert pool.refused(5) == {P240}
    assert pool.refused(4) == frozenset()
    assert pool.refusal.startswith("All 2 encoders of this machine are in use.")


def test_what_nobody_wants_lingers() -> None:
    pool = EncoderPool(2, linger_s=10)
    pool.update({4: {P480}}, 0)
    pool.update({}, 5)
    pool.update({}, 14.9)
    assert pool.encoded(4) == {P480}

    pool.update({}, 15)
    assert pool.encoded(4) == frozenset()


def test_who_comes_back_in_time_finds_it_running_and_it_lingers_anew() -> None:
    pool = EncoderPool(1, linger_s=10)
    pool.update({4: {P480}}, 0)
    pool.update({}, 5)
    pool.update({4: {P480}}, 14)
    pool.update({}, 20)
    pool.update({}, 29)

    assert pool.encoded(4) == {P480}


def test_what_lingers_makes_room_at_once_the_longest_unwanted_first() -> None:
    pool = EncoderPool(2, linger_s=10)
    pool.update({4: {P480}, 5: {P480}}, 0)
    pool.update({5: {P480}}, 1)
    pool.update({}, 2)
    pool.update({6: {P240}}, 3)

    assert pool.encoded(6) == {P240}
    assert pool.encoded(4) == frozenset()
    assert pool.encoded(5) == {P480}


def test_who_asked_first_gets_the_place_that_is_free() -> None:
    pool = EncoderPool(1)
    pool.update({9: {P480}}, 0)
    pool.update({9: {P480}, 5: {P480}}, 1)
    pool.update({9: {P480}, 4: {P480}, 5: {P480}}, 2)
    pool.update({4: {P480}, 5: {P480}}, 3)

    assert pool.encoded(5) == {P480}
    assert pool.refused(4) == {P480}


def test_a_machine_without_encoders_refuses_everything() -> None:
    pool = EncoderPool(0)
    pool.update({4: {STILLS}}, 0)

    assert pool.refused(4) == {STILLS}


@given(
    st.lists(
        st.dictionaries(st.integers(1, 4), st.frozensets(st.sampled_from([P480, P240, STILLS])), max_size=4),
        max_size=30,
    ),
    st.integers(0, 5),
)
def test_there_are_never_too_many_and_everybody_is_served_or_refused(
    steps: list[dict[int, frozenset[Rendition]]], most: int
) -> None:
    pool = EncoderPool(most, linger_s=3)
    before: set[tuple[int, Rendition]] = set()
    for now_s, wanted in enumerate(steps):
        pool.update(wanted, now_s)
        encoded = {(number, each) for number in range(5) for each in pool.encoded(number)}
        asked = {(number, each) for number, renditions in wanted.items() for each in renditions}
        refused = {(number, each) for number in range(5) for each in pool.refused(number)}

        assert len(encoded) <= most
        assert asked - encoded == refused
        assert before & asked <= encoded, "what is encoded and wanted goes on"
        assert not refused or encoded <= asked or most == 0, "nobody is refused while something lingers"
        before = encoded
