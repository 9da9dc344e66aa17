from typing import Any

import pytest

from server.core.alerts import AlertState
from server.core.commands import NAMES, OUTCOMES, PERMISSIONS, AlertCommand, RadioCommand, RadioWord
from server.core.receipts import Stage
from server.errors import RequestInvalid

BASE: dict[str, Any] = {"id": "command-1", "revision": 2}
RADIO: dict[str, Any] = {**BASE, "command": "radio", "person": "officer-12", "stage": "acknowledged"}


def command(name: str, **fields: Any) -> AlertCommand:
    return AlertCommand.parse({**BASE, "command": name, **fields})


def test_every_command_is_read() -> None:
    assert command("en_route", note=" Two minutes ") == AlertCommand("command-1", "en_route", 2, note="Two minutes")
    assert command("close", outcome="casings").outcome == "casings"
    assert command("cancel", reason="Fireworks").reason == "Fireworks"
    assert command("shelve", reason="Roadworks", minutes=30).minutes == 30
    assert command("update", priority=1, headline="").words == {"priority": 1, "headline": ""}
    word = RadioWord(2, "officer-12", Stage.ACKNOWLEDGED, AlertState.EN_ROUTE, "On it")
    assert AlertCommand.parse({**RADIO, "state": "en_route", "note": "On it"}).radio == word


def test_another_place_takes_its_radius_along() -> None:
    place = {"lat": 41.7, "lon": -72.6}
    assert command("update", point=place).words == {"point": place, "radius_m": None}
    assert command("update", point=place, radius_m=30).words == {"point": place, "radius_m": 30}
    assert command("update", point=None).words == {"point": None, "radius_m": None}


@pytest.mark.parametrize(
    ("name", "fields", "path"),
    [
        ("en_route", {"id": "with space"}, "id"),
        ("en_route", {"id": None}, "id"),
        ("en_route", {"revision": 0}, "revision"),
        ("en_route", {"revision": None}, "revision"),
        ("en_route", {"revision": True}, "revision"),
        ("en_route", {"note": "x" * 501}, "note"),
        ("run", {}, "command"),
        (["close"], {}, "command"),
        ("close", {}, "outcome"),
        ("close", {"outcome": "unicorn"}, "outcome"),
        ("close", {"outcome": ["casings"]}, "outcome"),
        ("reopen", {}, "reason"),
        ("cancel", {"reason": " "}, "reason"),
        ("shelve", {"reason": "x", "minutes": 0}, "minutes"),
        ("shelve", {"reason": "x", "minutes": 31}, "minutes"),
        ("shelve", {"reason": "x", "minutes": 1.5}, "minutes"),
        ("shelve", {"minutes": 5}, "reason"),
        ("update", {}, ""),
        ("update", {"event": ""}, "event"),
        ("update", {"headline": "x" * 201}, "headline"),
        ("update", {"headline": "\0"}, "headline"),
        ("update", {"priority": 0}, "priority"),
        ("update", {"priority": 5}, "priority"),
        ("update", {"status": "Real"}, "status"),
        ("update", {"point": {"lat": 999, "lon": 0}}, "point"),
        ("update", {"point": {"lat": "41", "lon": 0}}, "point.lat"),
        ("update", {"point": [41, -72]}, "point"),
        ("update", {"radius_m": -1}, "radius_m"),
        ("update", {"radius_m": float("nan")}, "radius_m"),
        ("radio", {"stage": "acknowledged"}, "person"),
        ("radio", {"person": "officer-12", "stage": "shown"}, "stage"),
        ("radio", {"person": "officer-12", "stage": "acknowledged", "state": "closed"}, "state"),
        ("radio", {"person": "officer-12", "stage": "declined", "state": "en_route"}, "state"),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_named(name: Any, fields: dict[str, Any], path: str) -> None:
    with pytest.raises(RequestInvalid) as refusal:
        command(name, **fields)
    assert refusal.value.path == path


def test_every_command_needs_a_permission() -> None:
    assert set(PERMISSIONS) == set(NAMES)
    assert len(OUTCOMES) == 12


def test_pushes_know_only_the_word_by_radio() -> None:
    assert RadioCommand.parse({**RADIO, "state": "en_route"}).word == RadioWord(2, "officer-12", Stage.ACKNOWLEDGED)
    with pytest.raises(RequestInvalid):
        RadioCommand.parse({**RADIO, "command": "close"})
