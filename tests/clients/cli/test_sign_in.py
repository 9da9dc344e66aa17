import io
from pathlib import Path

import pytest

from clients.cli import sign_in
from clients.cli.address import Address
from clients.cli.client import Session
from clients.cli.errors import SignInRequired
from clients.cli.session_file import SessionFile
from clients.cli.sign_in import Credentials, SignIn

HERE = Address("http://127.0.0.1:8080")
LATER_MS = 4_000_000_000_000


@pytest.fixture
def sessions(tmp_path: Path) -> SessionFile:
    return SessionFile(tmp_path / "sessions.json")


def of(sessions: SessionFile, user: str | None = None, **environ: str) -> SignIn:
    return sign_in.of_environment(HERE, user, environ, sessions)


def test_name_and_password_come_from_the_environment(sessions: SessionFile) -> None:
    signs_in = of(sessions, SIGHTLINE_USER="operator", SIGHTLINE_PASSWORD="correct horse")
    assert signs_in.credentials() == Credentials("operator", "correct horse")


def test_the_command_line_names_another_person(sessions: SessionFile) -> None:
    signs_in = of(sessions, "admin", SIGHTLINE_USER="operator", SIGHTLINE_PASSWORD="correct horse")
    assert signs_in.credentials().username == "admin"


def test_a_session_is_kept_until_it_is_forgotten(sessions: SessionFile) -> None:
    of(sessions).keep("operator", Session("the-token", {}, LATER_MS))
    assert of(sessions).kept_token() == "the-token"
    assert of(sessions, "operator").kept_token() == "the-token"
    assert of(sessions, "admin").kept_token() == ""
    of(sessions).forget()
    assert of(sessions).kept_token() == ""


def test_where_nobody_can_be_asked_it_says_what_to_set(sessions: SessionFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("operator\n"))
    with pytest.raises(SignInRequired, match="SIGHTLINE_PASSWORD"):
        of(sessions, SIGHTLINE_USER="operator").credentials()


def test_a_password_does_not_show_in_a_repr(sessions: SessionFile) -> None:
    signs_in = of(sessions, SIGHTLINE_USER="operator", SIGHTLINE_PASSWORD="correct horse")
    assert "correct horse" not in repr(signs_in) + repr(signs_in.credentials())
