"""Manifest: what a clip is, in a form that can be signed and be checked by anybody who has the key.

    {"manifest": {…}, "signature": {"algorithm": "Ed25519", "public_key": HEX, "value": HEX}}

What is signed is the ``manifest`` as RFC 8785 (JSON Canonicalization Scheme) writes it, in a part of JSON on which all
implementations agree: names in ASCII and sorted, no blanks, text in UTF-8 with only what must be escaped (shortest
escapes, else ``\\u00xx``), whole numbers up to 2**53 - 1, no other numbers, no half of a surrogate pair.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from server.core.clips import ClipRecord, Film

VERSION = 1
ALGORITHM = "Ed25519"
MAX_NUMBER = 2**53 - 1


class ManifestInvalid(ValueError):
    """The text is no manifest; the message says why."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What is known of the clock that the capture times are of."""

    behind_at_most_ms: int | None
    """The newest picture was never younger than this by the server's clock: way and difference of the clocks
    together. Negative: the reader's clock is ahead. None: no picture came while it was live."""
    is_synchronized: bool | None
    """Whether the system of the server says that its clock follows a time server; None: it does not say."""
    max_error_ms: int | None
    """By how much it may be off, as the system reckons."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A manifest with its signature, as it was read."""

    manifest: Mapping[str, Any]
    public_key: bytes
    signature: bytes

    def is_signed_by(self, public_key: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self.signature, canonical(self.manifest))
        except (InvalidSignature, ValueError):
            return False
        return True


def of_clip(clip: ClipRecord, film: Film, clock: Clock, *, installation: str, software: str) -> dict[str, Any]:
    """What is to be signed of a clip that is kept."""
    return {
        "version": VERSION,
        "clip": {"id": clip.id, "number": clip.number, "installation": installation},
        "file": {"sha256": film.sha256, "bytes": film.bytes, "codec": film.codec, "pictures": film.pictures},
        "camera": asdict(clip.camera),
        "masks_burnt_in": clip.camera.masks > 0,
        "asked": {
            "by": clip.asked_by,
            "at_ms": clip.asked_ms,
            "why": clip.why,
            "alert": clip.alert_id,
            "from_ms": clip.from_ms,
            "to_ms": clip.to_ms,
        },
        "first_ms": clip.first_ms,
        "last_ms": clip.last_ms,
        "pieces": [asdict(piece) for piece in film.pieces],
        "holes": [asdict(hole) for hole in clip.holes],
        "clock": asdict(clock),
        # Masks are drawn into the picture, which has to be encoded again for it.
        "encoded_again": clip.camera.masks > 0,
        "software": software,
        "made_ms": clip.made_ms,
    }


def sign(manifest: Mapping[str, Any], key: Ed25519PrivateKey) -> str:
    """The text of the whole, for a file."""
    signature = {
        "algorithm": ALGORITHM,
        "public_key": key.public_key().public_bytes_raw().hex(),
        "value": key.sign(canonical(manifest)).hex(),
    }
    return json.dumps({"manifest": manifest, "signature": signature}, ensure_ascii=False, indent=2) + "\n"


def read(text: str | bytes) -> Signed:
    """
    Raises:
        ManifestInvalid: it is none; nothing is said of who signed it.
    """
    try:
        whole = json.loads(text, object_pairs_hook=_no_doubles, parse_float=_no_float, parse_constant=_no_float)
        manifest, signature = whole["manifest"], whole["signature"]
        if signature["algorithm"] != ALGORITHM:
            raise ManifestInvalid(f"it is signed by {signature['algorithm']!r}, expected {ALGORITHM}")
        if not isinstance(manifest, dict) or manifest.get("version") != VERSION:
            raise ManifestInvalid(f"it is not of version {VERSION}")
        canonical(manifest)
        return Signed(manifest, bytes.fromhex(signature["public_key"]), bytes.fromhex(signature["value"]))
    except ManifestInvalid:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ManifestInvalid(f"it is no signed manifest ({type(error).__name__}: {error})") from error


def canonical(value: Any) -> bytes:
    """
    Raises:
        ManifestInvalid: it holds what the module says can't be signed.
    """
    _check(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def fingerprint(public_key: bytes) -> str:
    """For people to compare: SHA-256 of the 32 bytes, by fours."""
    digest = hashlib.sha256(public_key).hexdigest()[:32]
    return " ".join(digest[i : i + 4] for i in range(0, 32, 4))


def _check(value: Any) -> None:
    match value:
        case None | bool():
            return
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise ManifestInvalid("it holds half a surrogate pair") from None
        case int():
            if abs(value) > MAX_NUMBER:
                raise ManifestInvalid(f"it holds the number {value}, beyond 2**53 - 1")
        case list() | tuple():
            for item in value:
                _check(item)
        case dict():
            for name, item in value.items():
                if not isinstance(name, str) or not name.isascii():
                    raise ManifestInvalid(f"it holds the name {name!r}, expected ASCII")
                _check(item)
        case _:
            raise ManifestInvalid(f"it holds a {type(value).__name__}, which can't be signed")


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ManifestInvalid("it says something twice")
    return found


def _no_float(text: str) -> Any:
    raise ManifestInvalid(f"it holds the number {text}, expected whole ones")
