import sys

import pytest

from server.lanes.system_clock import system_clock


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="adjtimex(2) is of Linux")
def test_linux_says_whether_its_clock_follows_a_time_server() -> None:
    clock = system_clock()
    assert clock is not None
    # The kernel counts up to 16 s.
    assert 0 <= clock.max_error_ms <= 16_000
    assert isinstance(clock.is_synchronized, bool)


def test_elsewhere_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert system_clock() is None
