from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_public_key

from server.media.clip_key import FILE, open_key, public_pem
from streams.errors import ConfigError
from tests.server.filmed import KEY

PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_it_is_made_once_and_stays(tmp_path: Path) -> None:
    first, again = open_key(tmp_path), open_key(tmp_path)
    assert first.private_bytes_raw() == again.private_bytes_raw()
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_given_one_comes_first(tmp_path: Path) -> None:
    assert open_key(tmp_path, PEM).private_bytes_raw() == KEY.private_bytes_raw()
    assert not (tmp_path / FILE).exists()


def test_its_public_half_is_pem() -> None:
    assert load_pem_public_key(public_pem(KEY).encode()) == KEY.public_key()


def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    text = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for wrong in (text, "no key", "é"):
        with pytest.raises(ConfigError, match=r"clips\.signing_key: expected a private key of Ed25519"):
            open_key(tmp_path, wrong)


def test_a_file_that_can_not_be_used_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(ConfigError, match=r"clips\.pem can't be used as the key of clips: Is a directory"):
        open_key(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / FILE).write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="it is no text"):
        open_key(tmp_path / "other")
