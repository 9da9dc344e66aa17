import pytest

from clients.cli.backoff import Backoff, may_return


def test_delays_double_from_half_a_second_to_fifteen() -> None:
    backoff = Backoff(lambda: 0.0)
    assert [backoff.delay_s() for _ in range(7)] == [0.5, 1, 2, 4, 8, 15, 15]


def test_jitter_shortens_by_up_to_a_half() -> None:
    backoff = Backoff(lambda: 0.999)
    assert 0.25 <= backoff.delay_s() < 0.26


def test_a_server_that_stops_is_left_at_once_but_not_again_and_again() -> None:
    backoff = Backoff(lambda: 0.0)
    assert backoff.delay_s(1001) == 0
    assert backoff.delay_s(1001) == 1


def test_a_connection_that_worked_makes_the_next_loss_the_first() -> None:
    backoff = Backoff(lambda: 0.0)
    backoff.delay_s()
    backoff.delay_s()
    backoff.reset()
    assert backoff.delay_s() == 0.5


def test_a_thousand_failures_do_not_overflow() -> None:
    backoff = Backoff(lambda: 0.0)
    assert [backoff.delay_s() for _ in range(1100)][-1] == 15


@pytest.mark.parametrize(
    ("code", "returns"),
    [
        *((code, True) for code in (1000, 1001, 1006, 1011, 4000, 4001, 4002, 4499)),
        *((code, False) for code in (1003, 1009, 4500, 4501, 4502, 4999)),
    ],
)
def test_the_close_code_says_whether_to_come_back(code: int, returns: bool) -> None:
    assert may_return(code) is returns
