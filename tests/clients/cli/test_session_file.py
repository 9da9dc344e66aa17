import stat
from pathlib import Path

import pytest

from clients.cli.address import Address
from clients.cli.errors import ClientError
from clients.cli.session_file import KeptSession, SessionFile, default_file

HERE, THERE = Address("http://127.0.0.1:8080"), Address("https://rtcc.example")
SESSION = KeptSession("operator", "secret-token", 2_000)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "sightline" / "sessions.json"


def test_a_kept_session_is_found_at_its_server_only(file: Path) -> None:
    SessionFile(file).keep(HERE, SESSION)
    assert SessionFile(file).find(HERE, "", 1_000) == SESSION
    assert SessionFile(file).find(THERE, "", 1_000) is None


def test_only_the_user_can_read_the_file_and_its_folder(file: Path) -> None:
    SessionFile(file).keep(HERE, SESSION)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_an_expired_session_is_not_used(file: Path) -> None:
    SessionFile(file).keep(HERE, SESSION)
    assert SessionFile(file).find(HERE, "", 2_000) is None


def test_another_person_does_not_get_the_session(file: Path) -> None:
    SessionFile(file).keep(HERE, SESSION)
    assert SessionFile(file).find(HERE, "dispatcher", 1_000) is None
    assert SessionFile(file).find(HERE, "operator", 1_000) == SESSION


def test_a_forgotten_session_is_gone_and_others_stay(file: Path) -> None:
    sessions = SessionFile(file)
    sessions.keep(HERE, SESSION)
    sessions.keep(THERE, SESSION)
    sessions.forget(HERE)
    assert sessions.find(HERE, "", 1_000) is None
    assert sessions.find(THERE, "", 1_000) == SESSION


def test_a_file_that_others_can_read_is_refused(file: Path) -> None:
    SessionFile(file).keep(HERE, SESSION)
    file.chmod(0o644)
    with pytest.raises(ClientError, match="0644"):
        SessionFile(file).find(HERE, "", 1_000)


@pytest.mark.parametrize("content", ["{", '{"http://127.0.0.1:8080": {"token": "x"}}'])
def test_a_broken_file_is_said(file: Path, content: str) -> None:
    file.parent.mkdir(parents=True)
    file.touch(mode=0o600)
    file.write_text(content)
    with pytest.raises(ClientError, match="sign in again"):
        SessionFile(file).find(HERE, "", 1_000)


def test_the_file_is_where_the_desktop_keeps_configuration(tmp_path: Path) -> None:
    assert default_file({"XDG_CONFIG_HOME": str(tmp_path)}) == tmp_path / "sightline" / "sessions.json"
    assert default_file({}) == Path.home() / ".config" / "sightline" / "sessions.json"


def test_a_token_does_not_show_in_a_repr() -> None:
    assert "secret-token" not in repr(SESSION)
