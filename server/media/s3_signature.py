"""Signature of requests to an S3-compatible store (AWS Signature Version 4, as headers). Pure: has no clock."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

NOTHING = hashlib.sha256(b"").hexdigest()
"""Of a request without a body."""
_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class S3Key:
    access_key: str
    secret_key: str = field(repr=False)
    region: str


def quoted(path: str) -> str:
    """A path as it is sent and signed: all but letters, digits and ``-._~/`` as %XX."""
    return quote(path, safe="/-._~")


def signed(
    key: S3Key, method: str, path: str, headers: Mapping[str, str], *, body_sha256: str, now_ms: int
) -> dict[str, str]:
    """The headers with those that make the request one of the key's owner.

    Args:
        path: quoted; no query.
        headers: with ``Host``. All of them are signed, so what is sent besides must not matter.
        body_sha256: in hex.
    """
    at = datetime.fromtimestamp(now_ms // 1000, UTC)
    moment, day = f"{at:%Y%m%dT%H%M%SZ}", f"{at:%Y%m%d}"
    all_headers = {**headers, "x-amz-content-sha256": body_sha256, "x-amz-date": moment}
    lines = sorted((name.lower(), " ".join(value.split())) for name, value in all_headers.items())
    names = ";".join(name for name, _ in lines)
    canonical = "\n".join((method, path, "", *(f"{name}:{value}" for name, value in lines), "", names, body_sha256))
    scope = f"{day}/{key.region}/s3/aws4_request"
    to_sign = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    secret = f"AWS4{key.secret_key}".encode()
    for part in (day, key.region, "s3", "aws4_request"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    signature = hmac.digest(secret, to_sign.encode(), "sha256").hex()
    credential = f"Credential={key.access_key}/{scope}"
    return {**all_headers, "Authorization": f"{_ALGORITHM} {credential},SignedHeaders={names},Signature={signature}"}
