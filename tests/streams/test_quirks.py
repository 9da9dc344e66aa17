"""docs/cameras.md promises tests by name; a promise without its test is a defect."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "cameras.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \|(.*)\|(.*)\|(.*)\|$", TABLE, re.MULTILINE)


def test_each_of_the_36_ways_to_misbehave_has_its_row() -> None:
    assert sorted(int(number) for number, *_ in ROWS) == list(range(1, 37))


def test_every_row_names_a_test_or_says_that_it_is_open() -> None:
    for number, _, handling, tests in ROWS:
        assert "`test_" in tests or "open" in handling.lower(), f"quirk {number}"


def test_every_test_that_is_named_is_there() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)\(", sources))
    named = set(re.findall(r"`(test_\w+)`", TABLE))
    assert len(named) > 40
    assert named <= there, named - there
