"""ClipKey: what manifests of clips are signed with (Ed25519, RFC 8032)."""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from server import key_file
from streams.errors import ConfigError

FILE = "clips.pem"


def open_key(folder: Path, given: str = "") -> Ed25519PrivateKey:
    """The key that the configuration gives, else that of the data folder; it is made once, whoever comes first.

    Raises:
        ConfigError: it can't be read, written or used.
    """
    if given:
        return _read(given, "clips.signing_key")
    path = folder / FILE
    try:
        text = key_file.read_or_make(path, _make)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(f"data_folder: {path} can't be used as the key of clips: {why}") from None
    return _read(text, str(path))


def public_pem(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _make() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _read(text: str, where: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(text.encode(), password=None)
        if isinstance(key, Ed25519PrivateKey):
            return key
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass
    raise ConfigError(f"{where}: expected a private key of Ed25519 in PEM, without a password")
