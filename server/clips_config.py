"""How long clips are kept, and what vouches for them: the part ``[clips]`` of the configuration."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from streams.table import Table

MAX_DAYS = 36_500
MAX_GIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ClipsConfig:
    keep_days: int = 30
    keep_days_of_alerts: int = 365
    """Of clips that belong to an alert."""
    record_alerts: bool = True
    """Whether alerts keep clips by themselves."""
    keep_free_gib: int = 5
    """On the disk of the data folder: with less, no clip is begun."""
    signing_key: str = field(default="", repr=False)
    """A private key of Ed25519, PEM; "" takes that of ``clips.pem`` in the data folder."""
    bucket: str = ""
    """Of an S3-compatible store, with its name in the path; "" keeps clips in the data folder."""
    region: str = "us-east-1"
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)


def read(table: Table) -> ClipsConfig:
    """
    Raises:
        ConfigError: a key is wrong.
    """
    usual = ClipsConfig()
    clips = ClipsConfig(
        keep_days=table.integer("keep_days", usual.keep_days, 1, MAX_DAYS),
        keep_days_of_alerts=table.integer("keep_days_of_alerts", usual.keep_days_of_alerts, 1, MAX_DAYS),
        record_alerts=table.flag("record_alerts", usual.record_alerts),
        keep_free_gib=table.integer("keep_free_gib", usual.keep_free_gib, 0, MAX_GIB),
        signing_key=table.secret("signing_key"),
        bucket=_bucket(table),
        region=table.text("region", usual.region),
        access_key=table.secret("access_key"),
        secret_key=table.secret("secret_key"),
    )
    table.done()
    for key in ("access_key", "secret_key"):
        if bool(getattr(clips, key)) != bool(clips.bucket):
            raise table.error(f"{key}_env", "and bucket go together, and the other key")
    return clips


def _bucket(table: Table) -> str:
    address = table.text("bucket", "")
    if not address:
        return ""
    parts = urlsplit(address)
    is_plain = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not is_plain:
        raise table.error("bucket", f"{address!r} must begin with https://, because pictures go through it")
    if parts.username is not None or parts.query or parts.fragment or not parts.hostname or not parts.path.strip("/"):
        raise table.error("bucket", "expected an address with the name of the bucket: https://s3.example/clips")
    return address
