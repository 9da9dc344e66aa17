"""VapidKey: how push services know that it is us who ring (RFC 8292)."""

import base64
import time
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02, VapidException

from server import key_file
from streams.errors import ConfigError

FILE = "vapid.pem"
GOOD_FOR_S: Final = 12 * 3600
"""Half of what is allowed; Apple refuses more than a day."""
RENEW_S: Final = 3600


class VapidKey:
    """Browsers subscribe with the public half; with another key all of them have to subscribe anew."""

    def __init__(self, vapid: Vapid02, contact: str) -> None:
        self._vapid = vapid
        # Its own check refuses contacts that RFC 8292 allows; ours is that of the configuration.
        self._vapid.conf = {"no-strict": True}
        self._contact = contact
        self._made: dict[str, tuple[str, int]] = {}
        """Origin → header and its end."""

    @property
    def public(self) -> str:
        """As ``applicationServerKey`` of a browser: base64url without padding."""
        point = self._vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def authorization(self, origin: str, now_s: float | None = None) -> str:
        """The header for requests to this push service; made once for some hours."""
        now_s = time.time() if now_s is None else now_s
        header, ends_s = self._made.get(origin, ("", 0))
        if now_s + RENEW_S >= ends_s:
            ends_s = int(now_s) + GOOD_FOR_S
            claims = {"aud": origin, "exp": ends_s, "sub": self._contact}
            header = str(self._vapid.sign(claims)["Authorization"])
            self._made = {known: made for known, made in self._made.items() if made[1] > now_s} | {
                origin: (header, ends_s)
            }
        return header


def open_key(folder: Path, contact: str, given: str = "") -> VapidKey:
    """The key that the configuration gives, else that of the data folder; it is made once, whoever comes first.

    Raises:
        ConfigError: it can't be read, written or used.
    """
    if given:
        return VapidKey(_read(given, "notify.vapid_key"), contact)
    path = folder / FILE
    try:
        text = key_file.read_or_make(path, _make)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(f"data_folder: {path} can't be used as the key of Web Push: {why}") from None
    return VapidKey(_read(text, str(path)), contact)


def _make() -> bytes:
    vapid = Vapid02()
    vapid.generate_keys()
    made: bytes = vapid.private_pem()
    return made


def _read(text: str, where: str) -> Vapid02:
    """
    Raises:
        ConfigError: it is no private key of P-256.
    """
    text = text.strip()
    try:
        vapid = Vapid02.from_pem(text.encode()) if text.startswith("-----BEGIN") else Vapid02.from_string(text)
        if isinstance(vapid.private_key.curve, ec.SECP256R1):
            return vapid
    except (VapidException, ValueError, TypeError, AttributeError):
        pass  # the library has no error of its own for most of what can be wrong
    raise ConfigError(f"{where}: expected a private key of the curve P-256, in PEM or as 32 bytes in base64url")
