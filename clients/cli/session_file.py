"""Tokens of past sign-ins, kept in the user's configuration folder where only the user can read them."""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clients.cli.address import Address
from clients.cli.errors import ClientError


@dataclass(frozen=True, slots=True)
class KeptSession:
    username: str
    token: str
    expires_ms: int

    def __repr__(self) -> str:
        return f"KeptSession(username={self.username!r}, token='…')"


def default_file(environ: Mapping[str, str]) -> Path:
    """``sightline/sessions.json`` in ``$XDG_CONFIG_HOME``, which is ``~/.config`` unless set."""
    base = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "sightline" / "sessions.json"


class SessionFile:
    """One session a server."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def find(self, address: Address, username: str, now_ms: int) -> KeptSession | None:
        """The session at this server, if it has not expired; of this person, when ``username`` is given.

        Raises:
            ClientError: the file can be read by others, or is broken.
        """
        kept = self._load().get(address.origin)
        if not isinstance(kept, dict):
            return None
        try:
            session = KeptSession(str(kept["username"]), str(kept["token"]), int(kept["expires_ms"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ClientError(f"{self._file} is broken; remove it and sign in again.") from error
        if session.expires_ms <= now_ms or (username and username != session.username):
            return None
        return session

    def keep(self, address: Address, session: KeptSession) -> None:
        content = self._load()
        content[address.origin] = {
            "username": session.username,
            "token": session.token,
            "expires_ms": session.expires_ms,
        }
        self._save(content)

    def forget(self, address: Address) -> None:
        content = self._load()
        if content.pop(address.origin, None) is not None:
            self._save(content)

    def _load(self) -> dict[str, Any]:
        try:
            with self._file.open() as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                if mode & 0o077:
                    raise ClientError(
                        f"{self._file} holds sign-ins and has mode {mode:04o}: others may have read it. "
                        "Remove it and sign in again."
                    )
                content = json.load(file)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ClientError(f"{self._file} cannot be read: {error}. Remove it and sign in again.") from error
        return content if isinstance(content, dict) else {}

    def _save(self, content: dict[str, Any]) -> None:
        temporary = self._file.with_name(f"{self._file.name}.{os.getpid()}.tmp")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.unlink(missing_ok=True)
            # Never readable by others, not even for the moment before a chmod.
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(content, file, indent=1)
            temporary.replace(self._file)
        except OSError as error:
            raise ClientError(f"The sign-in cannot be kept in {self._file}: {error.strerror}.") from error
