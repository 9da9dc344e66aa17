"""Where a reader of events was, kept in a file across runs (docs/wire.md §4)."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from clients.cli.errors import ClientError


@dataclass(frozen=True, slots=True)
class Position:
    installation: str
    """A position is good only with the log it came from."""
    number: int


def load(file: Path) -> Position | None:
    """The kept position; None when there is no file yet.

    Raises:
        ClientError: the file holds something else.
    """
    try:
        text = file.read_text()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ClientError(f"The position file {file} cannot be read: {error.strerror}.") from error
    try:
        content = json.loads(text)
        return Position(str(content["installation"]), int(content["position"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ClientError(f"{file} is no position file; give another name, or remove it to start anew.") from error


def save(file: Path, position: Position) -> None:
    """Replace the file whole: a crash leaves the old one or the new one.

    Raises:
        ClientError: it cannot be written.
    """
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    content = {"installation": position.installation, "position": position.number}
    try:
        temporary.write_text(json.dumps(content) + "\n")
        temporary.replace(file)
    except OSError as error:
        raise ClientError(f"The position file {file} cannot be written: {error.strerror}.") from error
