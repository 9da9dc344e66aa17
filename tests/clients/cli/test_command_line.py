"""What the command line makes of its words; what the commands do is told elsewhere."""

import pytest

from clients.cli.__main__ import parser


@pytest.mark.parametrize(
    "words",
    [
        ["--server", "https://rtcc.example", "--json", "listen"],
        ["listen", "--server", "https://rtcc.example", "--json"],
        ["--json", "listen", "--server", "https://rtcc.example"],
    ],
)
def test_what_all_commands_share_may_stand_before_and_behind_them(words: list[str]) -> None:
    arguments = parser().parse_args(words)
    assert (arguments.server, arguments.json, arguments.user, arguments.verbose) == (
        "https://rtcc.example",
        True,
        None,
        False,
    )


@pytest.mark.parametrize(
    "words", [["listen", "--count", "-3"], ["watch", "x", "--seconds", "0"], ["watch", "x", "--seconds", "-1"]]
)
def test_less_than_can_be_is_a_wrong_command_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words)
    assert ended.value.code == 2
    assert f"argument {words[-2]}: invalid" in capsys.readouterr().err
