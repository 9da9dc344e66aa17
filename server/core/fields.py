"""Fields: what a source has sent in an object of JSON, read as far as it can be used."""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from server.core.body import json_kind
from server.errors import AlertInvalid

# A source that follows CAP's XML writes camel case; one that follows our own answers, snake case.
_ALIASES = {"msgType": "msg_type", "areaDesc": "area_desc"}


class Fields:
    """Known ones are taken out one by one; what is left in ``rest`` at the end is unknown."""

    def __init__(self, body: Mapping[str, object]) -> None:
        self.rest = renamed(body)
        self.problems: list[str] = []
        """What could not be used, in sentences."""

    def required(self, name: str, *, default: str = "") -> str:
        value = self.rest.pop(name, None)
        # A number is a good enough identifier.
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if value is None or (isinstance(value, str) and not value.strip()):
            value = default
        if not isinstance(value, str):
            raise AlertInvalid(f"'{name}' must be text, not {json_kind(value)}.", path=name)
        if not value:
            raise AlertInvalid(f"An alert needs '{name}'.", path=name)
        return value.strip()

    def text(self, name: str) -> str:
        return self.text_of(self.rest.pop(name, None), name)

    def text_of(self, value: object, name: str) -> str:
        match value:
            case None:
                return ""
            case str():
                return value
            case bool() | int() | float():
                return as_text(value)
            case _:
                self.left_out(name, f"must be text, not {json_kind(value)}")
                return ""

    def word(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """One of CAP's words, however it is capitalised."""
        value = self.rest.pop(name, None)
        # CAP allows several categories; we show the first.
        if isinstance(value, list) and value:
            value, others = value[0], value[1:]
            if others:
                self.rest[name] = others
        if value is None:
            return None
        for word in allowed:
            if isinstance(value, str) and value.strip().lower() == word.lower():
                return word
        self.left_out(name, f"{quoted(value)} is not one of {', '.join(allowed)}")
        return None

    def time(self, name: str) -> float | None:
        """Seconds since the epoch of an RFC 3339 time."""
        value = self.rest.pop(name, None)
        if value is None:
            return None
        if not isinstance(value, str):
            self.left_out(name, f"must be an RFC 3339 time as text, not {json_kind(value)}")
            return None
        try:
            moment = datetime.fromisoformat(value.strip().upper())
            if moment.tzinfo is None:
                self.left_out(name, f"{quoted(value)} has no offset from UTC")
                return None
            return moment.timestamp()
        except (ValueError, OverflowError):
            self.left_out(name, f"{quoted(value)} is not an RFC 3339 time")
            return None

    def left_out(self, name: str, reason: str) -> None:
        """Note what could not be used, and why."""
        self.problems.append(f"{name}: {reason}; it is left out.")


def renamed(body: Mapping[str, object]) -> dict[str, Any]:
    return {_ALIASES.get(str(key), str(key)): value for key, value in body.items()}


def finite(value: object) -> float | None:
    """A finite number, also one written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply)"


def quoted(value: object) -> str:
    text = as_text(value)
    return f'"{text[:60]}{"…" if text[60:] else ""}"'
