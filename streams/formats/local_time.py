"""Times as sources write them: RFC 3339, American dates, seconds since the epoch; with or without an offset."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_WRITTEN = re.compile(
    r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?\s*([ap])?\.?(?:m\.?)?",
    re.IGNORECASE,
)


def epoch_of(text: str, *, timezone: str, what: str, problems: list[str]) -> float | None:
    """Seconds since the epoch, UTC; None when there is no text, or (named in ``problems``) when it can't be read.

    Args:
        timezone: IANA name, for times without an offset. In the hour that happens twice in autumn the first is taken,
            in the hour that does not exist in spring the offset of before; both are named in ``problems``.
        what: ``time of sending`` for example, for the sentence.
    """
    text = text.strip()
    if not text:
        return None
    moment = _read(text)
    if moment is None:
        problems.append(f"the {what} '{text[:40]}' could not be read; it was left out")
        return None
    if moment.tzinfo is None:
        zone = ZoneInfo(timezone)
        moment, later = moment.replace(tzinfo=zone, fold=0), moment.replace(tzinfo=zone, fold=1)
        if moment.utcoffset() != later.utcoffset():
            happened = "happened twice" if moment.timestamp() < later.timestamp() else "did not happen"
            problems.append(f"the {what} '{text[:40]}' {happened} in {timezone} (clock change)")
    try:
        return moment.timestamp()
    except (OverflowError, ValueError):
        problems.append(f"the {what} '{text[:40]}' is out of range; it was left out")
        return None


def _read(text: str) -> datetime | None:
    try:
        if re.fullmatch(r"\d{9,10}(\.\d+)?", text):
            return datetime.fromtimestamp(float(text), UTC)
        if re.fullmatch(r"\d{12,13}", text):
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        found = _WRITTEN.fullmatch(text)
        return _of_parts(found) if found else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None


def _of_parts(found: re.Match[str]) -> datetime:
    a, _, b, c, hour, minute, second, fraction, half = found.groups()
    # A year in front is ISO order; else it is the American one, month first.
    year, month, day = (a, b, c) if len(a) == 4 else (c, a, b)
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(f"hour {hours} with am or pm")
        hours = hours % 12 + (12 if half.lower() == "p" else 0)
    micros = round(float(fraction) * 1_000_000) % 1_000_000 if fraction else 0
    years = int(year) + (2000 if len(year) <= 2 else 0)
    return datetime(years, int(month), int(day), hours, int(minute), int(second or 0), micros)  # noqa: DTZ001 - local
