import argparse
from pathlib import Path

import pytest

from clients.cli.__main__ import parser
from clients.cli.commands.raise_alert import body_of
from clients.cli.errors import Refused


def arguments(*words: str) -> argparse.Namespace:
    return parser().parse_args(["raise", *words])


def test_the_command_line_becomes_the_body_of_the_protocol() -> None:
    line = arguments(
        *("Multiple gunshots", "--headline", "4 rounds", "--urgency", "Immediate", "--priority", "1"),
        *("--at", "41.76", "-72.67", "--radius-m", "25", "--area", "Main St", "--set", "rounds=4", "--set", "a=b=c"),
    )
    assert body_of(line, {}) == {
        "event": "Multiple gunshots",
        "headline": "4 rounds",
        "urgency": "Immediate",
        "priority": 1,
        "area": {"areaDesc": "Main St", "point": {"lat": 41.76, "lon": -72.67}, "radius_m": 25.0},
        "parameters": {"rounds": "4", "a": "b=c"},
    }


def test_only_what_was_said_is_sent() -> None:
    assert body_of(arguments("Fire"), {}) == {"event": "Fire"}


def test_the_command_line_wins_over_the_file() -> None:
    file = {"event": "Fire", "headline": "Smoke", "area": {"areaDesc": "Park"}, "parameters": {"floor": "2"}}
    line = arguments("--body", "alert.json", "--headline", "Flames", "--set", "rooms=3", "--radius-m", "5")
    assert line.body == Path("alert.json")
    assert body_of(line, file) == {
        "event": "Fire",
        "headline": "Flames",
        "area": {"areaDesc": "Park", "radius_m": 5.0},
        "parameters": {"floor": "2", "rooms": "3"},
    }
    assert file["headline"] == "Smoke"


@pytest.mark.parametrize("pair", ["rounds", "=4"])
def test_a_parameter_without_name_or_value_is_refused(pair: str) -> None:
    with pytest.raises(Refused, match="NAME=VALUE"):
        body_of(arguments("Fire", "--set", pair), {})


@pytest.mark.parametrize("place", [("141", "-72"), ("41.76", "-181"), ("nan", "0")])
def test_a_place_that_is_nowhere_is_refused(place: tuple[str, str]) -> None:
    with pytest.raises(Refused, match="wrong way round"):
        body_of(arguments("Fire", "--at", *place), {})
