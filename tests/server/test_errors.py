import inspect
import json

import pytest

from server import errors
from server.errors import Conflict, ConflictRevision, PushUnknownRecipient, ServerError

ALL = [value for _, value in inspect.getmembers(errors, inspect.isclass) if issubclass(value, ServerError)]
LEAVES = [error for error in ALL if not error.__subclasses__()]


@pytest.mark.parametrize("error", ALL)
def test_the_docstring_draws_every_error(error: type[ServerError]) -> None:
    assert errors.__doc__ is not None
    assert f" {error.__name__} " in errors.__doc__.replace("\n", " ") + " "
    assert error not in LEAVES or f" {error.code} " in errors.__doc__.replace("\n", " ") + " "


def test_every_code_means_one_thing() -> None:
    codes = [error.code for error in ALL]
    assert len(codes) == len(set(codes))


def test_an_error_names_the_field_to_blame() -> None:
    error = PushUnknownRecipient("There is no unit '99'.", path="to.units[0]")
    assert error.to_wire() == {
        "error": {"code": "push.unknown_recipient", "message": "There is no unit '99'.", "path": "to.units[0]"}
    }
    assert "path" not in PushUnknownRecipient("There is no unit '99'.").to_wire()["error"]


def test_half_a_surrogate_pair_that_came_in_can_be_answered() -> None:
    error = PushUnknownRecipient("There is no unit '\ud800'.", path="to.\udfff")
    assert json.dumps(error.to_wire(), ensure_ascii=False).encode()
    assert (error.message, error.path) == ("There is no unit '?'.", "to.?")


def test_a_conflict_shows_the_present_state() -> None:
    error: Conflict = ConflictRevision("It has changed.", item="alert", present={"id": "a-1", "revision": 2})
    assert error.to_wire() == {
        "error": {"code": "conflict.revision", "message": "It has changed."},
        "alert": {"id": "a-1", "revision": 2},
    }
