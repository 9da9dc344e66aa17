"""The commands that the README tells people to type are understood."""

import shlex
from pathlib import Path

from clients.cli.__main__ import parser

README = Path(__file__).resolve().parents[2] / "README.md"


def test_every_client_command_of_the_readme_is_understood() -> None:
    lines = [shlex.split(line, comments=True) for line in README.read_text().splitlines() if line.startswith("    ")]
    commands = [words[1:] for words in lines if words[:1] == ["sightline-client"]]
    assert len(commands) >= 4
    for command in commands:
        parser().parse_args(command)
