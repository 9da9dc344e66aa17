"""The command `sightline verify`: whether a clip is what its manifest says. Needs two files, the key, and no server."""

import hashlib
import json
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from server.core.verdict import Verdict, judge
from streams.errors import ConfigError

MAX_MANIFEST_BYTES = 16 * 1024 * 1024


def verify(clip: Path, manifest: Path, key: Path | None) -> Verdict:
    """
    Raises:
        ConfigError: a file can't be read, or the key is none.
    """
    try:
        public = None if key is None else _public_key(key)
        with manifest.open("rb") as file:
            text = file.read(MAX_MANIFEST_BYTES)
        with clip.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            size = file.tell()
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from None
    return judge(text, sha256=digest.hexdigest(), size=size, key=public)


def _public_key(path: Path) -> bytes:
    """PEM, or what ``GET /api/clips/key`` answers."""
    text = path.read_bytes()
    try:
        if text.lstrip().startswith(b"{"):
            text = str(json.loads(text)["pem"]).encode()
        key = load_pem_public_key(text)
        if isinstance(key, Ed25519PublicKey):
            return key.public_bytes_raw()
    except (ValueError, KeyError, TypeError, UnsupportedAlgorithm):
        pass
    raise ConfigError(f"{path}: expected a public key of Ed25519 in PEM, or the answer of GET /api/clips/key")
