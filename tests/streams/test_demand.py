"""Leases: who wants what, who needs a burst, what lingers."""

import pytest

from streams.demand import MAX_TTL_S, Demand, Leases
from streams.errors import FormatError
from streams.rendition import Rendition


def _demand(server: str, *cameras: int, join: tuple[int, ...] = (), ttl_s: float = 6) -> Demand:
    return Demand(server, frozenset(cameras), ttl_s=ttl_s, join=frozenset(join))


def test_a_camera_is_wanted_while_its_lease_is_repeated_and_lingers_after_it() -> None:
    leases = Leases(linger_s=10)
    leases.take(_demand("a", 1, 2), now=0)
    leases.take(_demand("a", 1, 2), now=5)
    assert leases.leased(now=10.9) == {1, 2}
    assert leases.leased(now=11) == set()
    assert leases.wanted(now=20.9) == {1, 2}
    assert leases.wanted(now=21) == set()


def test_a_camera_is_wanted_for_any_of_its_streams() -> None:
    small, unmasked = Rendition.P240.stream(4), Rendition.UNMASKED.stream(4)
    leases = Leases(linger_s=10)
    assert leases.take(_demand("a", 4), now=0) == {4}
    assert leases.take(_demand("a", small, unmasked, 5), now=1) == {small, unmasked, 5}
    assert leases.renditions(now=1) == {4: {Rendition.P240, Rendition.UNMASKED}, 5: {Rendition.SOURCE}}
    assert leases.servers_of(small, now=1) == ["a"]
    assert leases.servers_of(4, now=1) == []
    leases.take(_demand("a"), now=5)
    assert leases.renditions(now=5) == {}
    assert leases.wanted(now=10.9) == {4, 5}
    assert leases.wanted(now=15) == set()


def test_streams_that_there_can_not_be_are_left_out() -> None:
    demand = Demand.from_json(b'{"server": "a", "cameras": [4, 65540, 589828, -1, 0], "ttl_s": 6, "join": [4, -70000]}')
    assert demand.cameras == {4, Rendition.P480.stream(4)}
    assert demand.join == {4}


def test_a_camera_that_is_given_back_lingers_from_then_on() -> None:
    leases = Leases(linger_s=10)
    leases.take(_demand("a", 1, 2), now=0)
    leases.take(_demand("a", 2), now=3)
    assert leases.leased(now=3) == {2}
    assert leases.wanted(now=5) == {1, 2}
    leases.take(_demand("a"), now=5)
    assert leases.wanted(now=13) == {2}
    assert leases.wanted(now=15) == set()


def test_a_camera_is_wanted_until_its_last_server_leaves() -> None:
    leases = Leases(linger_s=10)
    leases.take(_demand("a", 1), now=0)
    leases.take(_demand("b", 1), now=0)
    leases.take(_demand("a"), now=1)
    assert leases.leased(now=1) == {1}
    assert leases.servers_of(1, now=1) == ["b"]
    assert leases.wanted(now=15.9) == {1}
    assert leases.wanted(now=16) == set()


def test_a_burst_is_due_to_a_server_that_wants_a_camera_anew() -> None:
    leases = Leases()
    assert leases.take(_demand("a", 1), now=0) == {1}
    assert leases.take(_demand("a", 1), now=2) == set()
    assert leases.take(_demand("a", 1, 2), now=3) == {2}
    assert leases.take(_demand("b", 1), now=3) == {1}
    assert leases.take(_demand("a", 2), now=4) == set()
    assert leases.take(_demand("a", 1, 2), now=5) == {1}


def test_a_burst_is_due_to_a_server_that_was_silent_for_too_long() -> None:
    leases = Leases()
    leases.take(_demand("a", 1), now=0)
    assert leases.take(_demand("a", 1), now=6) == {1}


def test_a_burst_is_due_to_a_server_that_asks_for_it() -> None:
    leases = Leases()
    leases.take(_demand("a", 1, 2, 3), now=0)
    assert leases.take(_demand("a", 1, 2, join=(2, 9)), now=1) == {2}


def test_a_demand_survives_the_bus() -> None:
    for demand in (_demand("a", 3, 1), _demand("b"), _demand("c", 1, 2, join=(2,))):
        assert Demand.from_json(demand.to_json().encode()) == demand
    assert _demand("a", 3, 1).to_json() == '{"server": "a", "cameras": [1, 3], "ttl_s": 6}'


def test_a_lease_is_never_good_for_long() -> None:
    assert Demand.from_json(b'{"server": "a", "cameras": [1], "ttl_s": 1e9}').ttl_s == MAX_TTL_S


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"server": "a", "cameras": 1, "ttl_s": 6}',
        b'{"server": "a", "cameras": ["main"], "ttl_s": 6}',
        b'{"server": "a", "cameras": [1], "ttl_s": null}',
        b'{"server": "a", "cameras": [1], "ttl_s": NaN}',
        b'{"server": "a", "cameras": [1], "ttl_s": -1}',
    ],
)
def test_what_is_no_demand_is_refused(payload: bytes) -> None:
    with pytest.raises(FormatError, match="not a demand"):
        Demand.from_json(payload)
