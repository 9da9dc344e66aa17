"""Cameras that are shared out by what each process hears, on a clock of our own."""

import itertools
from collections.abc import Iterable, Sequence

import pytest

from streams.errors import FormatError
from streams.ownership import ECHO_WITHIN_S, SETTLE_S, SILENT_AFTER_S, Ownership, Sign

CAMERAS = frozenset(range(1, 1001))


def _sign(name: str, cameras: Iterable[int] = CAMERAS, *, life: str = "a") -> Sign:
    return Sign(f"{name}-{life}", name, frozenset(cameras))


def _owned(name: str, others: Sequence[Sign], cameras: Iterable[int] = CAMERAS) -> frozenset[int]:
    """What the process has when all are heard."""
    own = _sign(name, cameras)
    ownership = Ownership(own)
    for sign in (own, *others):
        ownership.hear(sign, 0.0)
    return ownership.owned(SETTLE_S)


def _city(*names: str) -> dict[str, frozenset[int]]:
    return {name: _owned(name, [_sign(other) for other in names if other != name]) for name in names}


class _Heard:
    """A process on a bus that works until somebody says otherwise."""

    def __init__(self, name: str, *others: str) -> None:
        self.own = _sign(name)
        self.ownership = Ownership(self.own)
        self.others = [_sign(other) for other in others]
        self.now = 0.0

    def goes_on(self, seconds: int, *, without: Sequence[str] = ()) -> frozenset[int]:
        for _ in range(seconds):
            for sign in (self.own, *self.others):
                if sign.name not in without:
                    self.ownership.hear(sign, self.now)
            self.now += 1.0
            self.ownership.owned(self.now)
        return self.ownership.owned(self.now)


def test_each_camera_has_one_owner_and_each_process_its_fair_share() -> None:
    city = _city("one", "two", "three", "four")
    assert sorted(itertools.chain(*city.values())) == sorted(CAMERAS)
    assert all(200 <= len(owned) <= 300 for owned in city.values())


def test_of_one_who_dies_only_his_cameras_move() -> None:
    before, after = _city("one", "two", "three"), _city("one", "two")
    assert all(after[name] > before[name] for name in after)
    moved = (after["one"] - before["one"]) | (after["two"] - before["two"])
    assert moved == before["three"]


def test_one_who_is_started_again_in_his_place_has_the_cameras_that_he_had() -> None:
    others = [_sign("two"), _sign("three")]
    again = Ownership(Sign("another", "one", CAMERAS))
    for sign in (Sign("another", "one", CAMERAS), *others):
        again.hear(sign, 0.0)
    assert again.owned(SETTLE_S) == _owned("one", others)


def test_a_camera_is_shared_only_among_those_who_know_it() -> None:
    assert _owned("one", [_sign("two", {3, 4})], {1, 2}) == {1, 2}
    alone, shared = frozenset(range(1, 101)), frozenset(range(101, 201))
    owned = _owned("one", [_sign("two", shared)], alone | shared)
    assert alone < owned < alone | shared


def test_nothing_is_ours_before_we_have_heard_ourselves_and_then_the_others() -> None:
    own, other = _sign("one"), _sign("two")
    ownership = Ownership(own)
    ownership.hear(other, 0.0)
    assert ownership.owned(60.0) == frozenset()
    ownership.hear(own, 60.0)
    assert ownership.owned(60.0) == frozenset()
    assert ownership.next_look_s(60.0) == pytest.approx(SETTLE_S)
    ownership.hear(other, 60.1)
    assert ownership.owned(60.0 + SETTLE_S) == _owned("one", [other])


def test_who_is_silent_for_long_loses_his_cameras_and_not_before() -> None:
    heard = _Heard("one", "two")
    shared = heard.goes_on(10)
    silent_s = int(SILENT_AFTER_S)
    # He was heard a second ago when the silence begins.
    assert heard.goes_on(silent_s - 2, without=["two"]) is shared
    assert heard.ownership.next_look_s(heard.now) == pytest.approx(1.0)
    assert heard.goes_on(1, without=["two"]) == CAMERAS
    assert heard.goes_on(1) == shared


def test_without_a_bus_nobody_takes_over_anything_nor_when_it_is_back_before_the_others_are() -> None:
    heard = _Heard("one", "two", "three")
    shared = heard.goes_on(10)
    heard.now += 600.0
    assert heard.ownership.owned(heard.now) is shared
    assert heard.goes_on(int(SILENT_AFTER_S) - 1, without=["two", "three"]) is shared
    assert heard.goes_on(3, without=["two"]) == _owned("one", [_sign("three")])


def test_a_short_hole_does_not_make_a_dead_one_live_longer() -> None:
    heard = _Heard("one", "two")
    heard.goes_on(10)
    heard.now += ECHO_WITHIN_S - 1.0
    assert heard.goes_on(int(SILENT_AFTER_S - ECHO_WITHIN_S), without=["two"]) == CAMERAS


def test_one_who_comes_is_to_be_answered_once_in_each_of_his_lives() -> None:
    own, other = _sign("one"), _sign("two")
    ownership = Ownership(own)
    assert not ownership.hear(own, 0.0)
    assert [ownership.hear(other, 0.0), ownership.hear(other, 1.0)] == [True, False]
    assert ownership.hear(_sign("two", life="b"), 2.0)


def test_the_farewell_of_an_earlier_life_is_not_that_of_this_one() -> None:
    own = _sign("one")
    ownership = Ownership(own)
    for sign in (own, _sign("two", life="b"), Sign("two-a", "two", CAMERAS, is_gone=True)):
        ownership.hear(sign, 0.0)
    assert ownership.owned(1.0) == _owned("one", [_sign("two")])
    ownership.hear(Sign("two-b", "two", CAMERAS, is_gone=True), 1.0)
    assert ownership.owned(1.0) == CAMERAS


def test_a_sign_of_life_comes_out_as_it_went_in() -> None:
    for sign in (_sign("one", {1, 2, 3, 7, 9, 10}), _sign("none", ()), Sign("s", "n", CAMERAS, is_gone=True)):
        assert Sign.from_json(sign.to_json().encode()) == sign
    assert len(_sign("one", range(1, 65536)).to_json()) < 100


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"streams": "a", "name": "b", "cameras": [1]}', b"\xff"])
def test_something_else_is_no_sign_of_life(payload: bytes) -> None:
    with pytest.raises(FormatError):
        Sign.from_json(payload)
