from dataclasses import replace

import pytest

from server.core.people import Account, Actor, Right, SignIn
from server.errors import RequestInvalid
from tests.server.samples import AT_THE_DESK, OPERATOR, REYES, SENSOR


def test_the_wire_form_names_the_device_only_to_the_person_himself() -> None:
    assert REYES.to_wire() == {"id": "officer-12", "name": "A. Reyes", "role": "officer", "unit": "12"}
    assert REYES.to_wire(device="tablet-1")["device"] == "tablet-1"


def test_rights_are_named_where_there_are_any_and_words_of_a_newer_program_are_left_out() -> None:
    rights = frozenset({Right.LIFT_MASKS})
    assert replace(REYES, rights=rights).to_wire()["rights"] == ["lift_masks"]
    assert Right.read(f"{Right.write(rights)} fly") == rights
    assert Right.read("") == frozenset()


def test_an_actor_is_a_person_a_source_or_the_server() -> None:
    assert (AT_THE_DESK.id, SENSOR.id, Actor().id) == ("operator", "source:gunshot", "server")


def test_a_sign_in_is_read_and_hides_its_password() -> None:
    wanted = SignIn.parse({"username": "operator", "password": " secret word ", "device": " console-3 "})
    assert (wanted.username, wanted.password, wanted.device) == ("operator", " secret word ", "console-3")
    assert "secret" not in repr(wanted)
    assert "secret" not in repr(Account(OPERATOR, "secret word"))


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "username"),
        ({"username": "operator"}, "password"),
        ({"username": "operator", "password": ""}, "password"),
        ({"username": "operator", "password": 5}, "password"),
        ({"username": "operator", "password": "x" * 1025}, "password"),
        ({"username": ["operator"], "password": "x"}, "username"),
        ({"username": "a\0", "password": "x"}, "username"),
        ({"username": "operator", "password": "x", "device": "x" * 65}, "device"),
        ({"username": "operator", "password": "x", "device": "a\nb"}, "device"),
        ({"username": "operator", "password": "x", "device": {}}, "device"),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_named(body: dict[str, object], path: str) -> None:
    with pytest.raises(RequestInvalid) as refusal:
        SignIn.parse(body)
    assert refusal.value.path == path
