"""Signature: who sends an alert, by Standard Webhooks 1.0."""

import binascii
from collections.abc import Iterable, Mapping

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from server.config import SourceConfig
from server.errors import SignatureStale, SignatureWrong

TOLERANCE_S = 5 * 60
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def source_of(
    sources: Iterable[SourceConfig], headers: Mapping[str, str], body: bytes, *, now_s: float
) -> SourceConfig:
    """The source whose secret fits.

    Args:
        body: as it came, byte for byte.

    Raises:
        SignatureStale: the time stamp is more than 5 minutes off.
        SignatureWrong: a header is missing or garbled, or no secret fits.
    """
    given = {name: headers.get(name, "") for name in HEADERS}
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise SignatureWrong(f"The header {missing[0]} is missing; sign the request as Standard Webhooks has it.")
    if not given["webhook-timestamp"].isdecimal():
        raise SignatureWrong("webhook-timestamp must be whole seconds since the epoch.")
    off_s = int(given["webhook-timestamp"][:15]) - now_s
    if abs(off_s) > TOLERANCE_S:
        direction = "in the future" if off_s > 0 else "old"
        raise SignatureStale(
            f"webhook-timestamp is {abs(off_s):.0f} s {direction}, at most {TOLERANCE_S} s are allowed."
        )
    for source in sources:
        if source.secret and _fits(source.secret, given, body):
            return source
    raise SignatureWrong("No source has a secret that this signature fits.")


def _fits(secret: str, headers: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError, binascii.Error):
        # ValueError: a body that is not UTF-8, or a signature without a comma.
        return False
    return True
