"""Silence: a source that says nothing for too long, and the alert about it (docs/wire.md §7)."""

from dataclasses import dataclass

from streams.alert import Alert

BEATS = 2.5
"""So many of its heartbeats may be missing."""


@dataclass(frozen=True, slots=True)
class SilentSource:
    name: str
    heartbeat_s: int

    @property
    def limit_ms(self) -> int:
        return round(1000 * BEATS * self.heartbeat_s)

    def alert(self, heard_ms: int) -> Alert:
        """One alert for each silence: its id holds when the source was heard last."""
        return Alert(
            source_id=f"silent:{self.name}:{heard_ms}",
            event="Source silent",
            category="Infra",
            urgency="Expected",
            severity="Severe",
            certainty="Observed",
            headline=f"Nothing is heard from {self.name}",
            description=f"{self.problem} What it would report now does not get here.",
            instruction="Call whoever runs it.",
            parameters={"source": self.name, "heartbeat_s": str(self.heartbeat_s)},
        )

    @property
    def problem(self) -> str:
        return f"The source {self.name} should be heard every {self.heartbeat_s} s and is silent."
