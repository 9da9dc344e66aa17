"""The soak itself, for half a minute: that it finds nothing on a good day, and does what it says."""

from pathlib import Path

from tests.soak.run import Wish, run


def test_a_short_soak_finds_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    found = run(Wish("short", 0, cameras=4, viewers=8, cycle_s=20, calm_s=1), tmp_path, said.append)
    assert found.violations == [], said
    assert found.counts["pictures"] > 0
    assert found.counts["leave"] == found.counts["join"] > 0
    (sample,) = found.samples
    assert sample.processes >= 3
    assert sample.descriptors > 0
    assert sample.tasks > 0
