"""UptimeTable: a report of up-time as comma-separated values (RFC 4180), a row for each camera."""

import csv
import io
from collections.abc import Mapping
from typing import Any

CONTENT_TYPE = "text/csv"
_COLUMNS = (
    "id",
    "number",
    "name",
    "district",
    "up",
    "stalled",
    "down",
    "unknown",
    "asked_ms",
    "up_ms",
    "stalled_ms",
    "down_ms",
    "unknown_ms",
    "idle_ms",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(report: Mapping[str, Any]) -> str:
    """Cameras first; then the districts, and all, with an empty id."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, restval="", extrasaction="ignore")
    writer.writeheader()
    rows = [*report["cameras"], *report["districts"], report["all"] | {"name": "all"}]
    for row in rows:
        writer.writerow({key: _cell(value) for key, value in row.items()})
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Spreadsheets would run a text that looks like a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
