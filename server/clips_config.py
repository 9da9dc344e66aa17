"""How long clips are kept, and what vouches for them: the part ``[clips]`` of the configuration."""

from dataclasses import dataclass, field

from streams.table import Table

MAX_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class ClipsConfig:
    keep_days: int = 30
    keep_days_of_alerts: int = 365
    """Of clips that belong to an alert."""
    record_alerts: bool = True
    """Whether alerts keep clips by themselves."""
    signing_key: str = field(default="", repr=False)
    """A private key of Ed25519, PEM; "" takes that of ``clips.pem`` in the data folder."""


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
        signing_key=table.secret("signing_key"),
    )
    table.done()
    return clips
