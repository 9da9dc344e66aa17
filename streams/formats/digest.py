"""Signing in to a camera: HTTP Digest (RFC 7616, RFC 2617, RFC 2069) and Basic (RFC 7617), both sides.

No randomness here: nonces are given by the caller. Header values are Latin-1 strings of the bytes on the wire, as
``formats.rtsp`` gives them; names and passwords are sent as UTF-8.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_ALGORITHMS = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
_PREFERENCE = ("SHA-256", "SHA-256-SESS", "MD5", "MD5-SESS")

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'[\s,;]*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^\s,;"]*))')
_SCHEME = re.compile(rf"[\s,;]*({_WORD})(?=\s|,|$)")


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a server asks for (``WWW-Authenticate``)."""

    scheme: str
    """Lower case: ``digest``, ``basic``, or something else."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case: realm, nonce, algorithm, qop, opaque, stale."""

    @property
    def algorithm(self) -> str:
        """Upper case; MD5 when the server does not say (RFC 7616 §3.3)."""
        return self.parameters.get("algorithm", "").upper() or "MD5"

    @property
    def is_stale(self) -> bool:
        """Only the nonce was too old; the password was not refused."""
        return self.parameters.get("stale", "").lower() == "true"


def parse_challenges(values: Iterable[str]) -> list[Challenge]:
    """Every challenge in the ``WWW-Authenticate`` fields, one or several to a field; unreadable ones are left out."""
    challenges: list[Challenge] = []
    for value in values:
        position = 0
        while scheme := _SCHEME.match(value, position):
            parameters, position = _parse_parameters(value, scheme.end())
            challenges.append(Challenge(scheme[1].lower(), parameters))
    return challenges


def choose(challenges: Iterable[Challenge]) -> Challenge | None:
    """The strongest that can be answered: Digest with SHA-256, with MD5, Basic; None when there is none."""
    best: Challenge | None = None
    best_rank = len(_PREFERENCE) + 1
    for challenge in challenges:
        if challenge.scheme == "basic":
            rank = len(_PREFERENCE)
        elif challenge.scheme == "digest" and challenge.algorithm in _PREFERENCE and "nonce" in challenge.parameters:
            qops = _qops(challenge)
            if qops and "auth" not in qops:
                continue
            rank = _PREFERENCE.index(challenge.algorithm)
        else:
            continue
        if rank < best_rank:
            best, best_rank = challenge, rank
    return best


def authorize(
    challenge: Challenge, credentials: Credentials, *, method: str, uri: str, cnonce: str, nonce_count: int = 1
) -> str:
    """The value of ``Authorization`` for one request.

    Args:
        challenge: as ``choose`` gave it.
        uri: as in the request line.
        cnonce: fresh and random, without quotes; used only when the server asks for qop.
        nonce_count: 1 for the first request with this nonce, then 2, 3 …
    """
    username = _wire(credentials.username)
    if challenge.scheme == "basic":
        pair = f"{credentials.username}:{credentials.password}".encode()
        return "Basic " + base64.b64encode(pair).decode("ascii")
    asked = challenge.parameters
    fields = {
        "username": username,
        "realm": asked.get("realm", ""),
        "nonce": asked["nonce"],
        "uri": uri,
    }
    if _qops(challenge):
        fields |= {"qop": "auth", "nc": f"{nonce_count:08x}", "cnonce": cnonce}
    elif challenge.algorithm.endswith("-SESS"):
        fields |= {"cnonce": cnonce}
    # As it was said: cameras compare it letter by letter. Left out where it was left out (RFC 2069).
    if "algorithm" in asked:
        fields["algorithm"] = asked["algorithm"]
    if "opaque" in asked:
        fields["opaque"] = asked["opaque"]
    fields["response"] = _response(challenge.algorithm, fields, _wire(credentials.password), method)
    bare = {"qop", "nc", "algorithm"}
    return "Digest " + ", ".join(
        f"{name}={value}" if name in bare else f'{name}="{_quote(value)}"' for name, value in fields.items()
    )


def verify(authorization: str, credentials: Credentials, *, method: str, challenges: Iterable[Challenge]) -> bool:
    """Whether an ``Authorization`` value answers one of the challenges with these credentials.

    The URI that was signed is not compared with that of the request: clients put the stream's or the track's.
    """
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() == "basic":
        if not any(challenge.scheme == "basic" for challenge in challenges):
            return False
        expected = f"{credentials.username}:{credentials.password}".encode()
        try:
            return hmac.compare_digest(base64.b64decode(rest.strip(), validate=True), expected)
        except (binascii.Error, ValueError):
            return False
    if scheme.lower() != "digest":
        return False
    fields, _ = _parse_parameters(rest, 0)
    for challenge in challenges:
        asked = challenge.parameters
        if (
            challenge.scheme == "digest"
            and challenge.algorithm in _PREFERENCE
            and fields.get("nonce") == asked.get("nonce")
            and fields.get("realm") == asked.get("realm", "")
            and fields.get("username") == _wire(credentials.username)
            and (fields.get("algorithm", "").upper() or "MD5") == challenge.algorithm
            and (fields.get("qop", "auth") == "auth")
            and "uri" in fields
        ):
            expected_response = _response(challenge.algorithm, fields, _wire(credentials.password), method)
            given = fields.get("response", "").lower()
            return hmac.compare_digest(given.encode(), expected_response.encode())
    return False


def _response(algorithm: str, fields: Mapping[str, str], password: str, method: str) -> str:
    """RFC 7616 §3.4.1; without qop RFC 2069."""
    name, _, session = algorithm.partition("-SESS")[0], None, algorithm.endswith("-SESS")
    new = _ALGORITHMS[name]

    def digest(*parts: str) -> str:
        return new(":".join(parts).encode("latin-1")).hexdigest()

    secret = digest(fields["username"], fields["realm"], password)
    if session:
        secret = digest(secret, fields["nonce"], fields.get("cnonce", ""))
    request = digest(method, fields["uri"])
    if fields.get("qop"):
        return digest(secret, fields["nonce"], fields.get("nc", ""), fields.get("cnonce", ""), fields["qop"], request)
    return digest(secret, fields["nonce"], request)


def _parse_parameters(value: str, position: int) -> tuple[dict[str, str], int]:
    parameters: dict[str, str] = {}
    while match := _PARAMETER.match(value, position):
        quoted, bare = match[2], match[3]
        content = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare
        parameters.setdefault(match[1].lower(), content)
        position = match.end()
    return parameters, position


def _qops(challenge: Challenge) -> list[str]:
    return [qop.strip().lower() for qop in challenge.parameters.get("qop", "").split(",") if qop.strip()]


def _quote(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _wire(text: str) -> str:
    """The UTF-8 bytes of ``text`` as Latin-1 characters."""
    return text.encode().decode("latin-1")
