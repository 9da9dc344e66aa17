import argparse

import pytest

from clients.cli.commands.order import ORDERS


def parsed(name: str, *words: str) -> dict[str, object]:
    """The fields of the command that these words are."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    ORDERS[name].add_arguments(parser)
    return ORDERS[name].fields_of(parser.parse_args(words))


def test_what_is_said_is_sent_and_nothing_else() -> None:
    assert parsed("close", "17", "--outcome", "casings", "--note", "Three") == {"outcome": "casings", "note": "Three"}
    assert parsed("update", "bulletin:5", "--reason", "x", "--legal-basis", "y") == {"reason": "x", "legal_basis": "y"}
    assert parsed("shelve", "17", "--minutes", "5", "--reason", "x") == {"minutes": 5, "reason": "x"}
    assert parsed("renew", "5") == {}


@pytest.mark.parametrize(
    "words", [("close", "17"), ("cancel", "17"), ("clear", "5"), ("shelve", "17", "--minutes", "5")]
)
def test_what_is_needed_must_be_said(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises((SystemExit, argparse.ArgumentError)):
        parsed(*words)
    assert "Traceback" not in capsys.readouterr().err
