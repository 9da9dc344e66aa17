"""Sign-in of the command line: a kept session, else name and password from the environment, else a question."""

import getpass
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from clients.cli.address import Address
from clients.cli.client import Session
from clients.cli.errors import SignInRequired
from clients.cli.session_file import KeptSession, SessionFile


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignIn:
    """How the person at this command line signs in. A password is never an argument: others could see it in the list
    of processes. Its functions may wait for the keyboard, so they are not for an event loop."""

    address: Address
    sessions: SessionFile
    username: str = ""
    """"" means: of the kept session, or ask."""
    password: str = field(default="", repr=False)
    """"" means: ask."""

    def kept_token(self) -> str:
        """The token of an earlier sign-in, "" when there is none that still holds."""
        kept = self.sessions.find(self.address, self.username, time.time_ns() // 1_000_000)
        return kept.token if kept else ""

    def credentials(self) -> Credentials:
        """Name and password, asked for where they are missing.

        Raises:
            SignInRequired: missing, and nobody can be asked.
        """
        if not (self.username and self.password) and not sys.stdin.isatty():
            raise SignInRequired("Set SIGHTLINE_USER and SIGHTLINE_PASSWORD: there is no terminal to ask for them.")
        username = self.username
        if not username:
            print("Name: ", end="", file=sys.stderr, flush=True)
            username = sys.stdin.readline().strip()
        password = self.password or getpass.getpass(f"Password of {username}: ", stream=sys.stderr)
        return Credentials(username, password)

    def keep(self, username: str, session: Session) -> None:
        self.sessions.keep(self.address, KeptSession(username, session.token, session.expires_ms))

    def forget(self) -> None:
        self.sessions.forget(self.address)


def of_environment(address: Address, username: str | None, environ: Mapping[str, str], sessions: SessionFile) -> SignIn:
    name = username or environ.get("SIGHTLINE_USER", "")
    return SignIn(address, sessions, name, environ.get("SIGHTLINE_PASSWORD", ""))
