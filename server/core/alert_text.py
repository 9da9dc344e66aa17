"""Alert text: what of an alert's texts, parameters and times is kept, and what is odd about them, in sentences."""

from collections.abc import Iterable, Mapping
from typing import Any

from server.core.body import storable
from streams.alert import Alert

MAX_PARAMETERS = 100
MAX_PARAMETER_NAME_CHARACTERS = 100
MAX_PARAMETER_CHARACTERS = 1000
MAX_PROBLEMS = 50
MAX_PROBLEM_CHARACTERS = 500
MAX_CHARACTERS: Mapping[str, int] = {
    "event": 200,
    "headline": 200,
    "description": 4000,
    "instruction": 4000,
    "area_desc": 500,
}
FUTURE_TOLERANCE_MS = 5 * 60 * 1000
"""Clocks of sensors are never quite right."""
OLD_MS = 24 * 3600 * 1000


def said_in(alert: Alert, now_ms: int) -> dict[str, Any]:
    """Texts, parameters, times and problems of an alert, as fields of an ``AlertRecord``.

    Texts that are too long are cut and times that are odd are kept; ``problems`` says so.
    """
    problems = list(alert.problems)
    texts = {name: cut(name, getattr(alert, name), problems) for name in MAX_CHARACTERS}
    parameters = _parameters(alert.parameters, problems)
    times = {name: _ms(getattr(alert, name)) for name in ("sent_at", "onset_at", "expires_at")}
    problems.extend(_odd_times(times, now_ms))
    return {
        **texts,
        "parameters": parameters,
        "sent_ms": times["sent_at"],
        "onset_ms": times["onset_at"],
        "expires_ms": times["expires_at"],
        "problems": _problems(problems),
    }


def cut(name: str, value: str, problems: list[str]) -> str:
    """What fits of the text ``name``; ``problems`` is told when something does not."""
    clean = storable(value)
    if clean != value:
        problems.append(f"{name} held characters that can't be stored; they were replaced.")
    limit = MAX_CHARACTERS[name]
    if len(clean) <= limit:
        return clean
    problems.append(f"{name} has {len(clean)} characters; the first {limit} are shown.")
    return clean[: limit - 1] + "…"


def _parameters(given: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    cut = []
    for name, value in list(given.items())[:MAX_PARAMETERS]:
        short_name, short = storable(name[:MAX_PARAMETER_NAME_CHARACTERS]), storable(value[:MAX_PARAMETER_CHARACTERS])
        if len(name) > len(short_name) or len(value) > len(short):
            cut.append(short_name)
        kept[short_name] = short
    if cut:
        problems.append(f"Parameters that were too long are cut: {', '.join(cut[:5])}{' …' if cut[5:] else ''}.")
    if len(given) > MAX_PARAMETERS:
        problems.append(f"{len(given)} parameters were sent; the first {MAX_PARAMETERS} are shown.")
    return kept


def _problems(problems: Iterable[str]) -> tuple[str, ...]:
    return tuple(storable(problem[:MAX_PROBLEM_CHARACTERS]) for problem in dict.fromkeys(problems))[:MAX_PROBLEMS]


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _odd_times(times: Mapping[str, int | None], now_ms: int) -> Iterable[str]:
    for name, word in (("sent_at", "sent"), ("onset_at", "onset")):
        at_ms = times[name]
        if at_ms is not None and at_ms > now_ms + FUTURE_TOLERANCE_MS:
            yield f"{word} is {_span(at_ms - now_ms)} in the future; the clock of the source may be wrong."
        elif at_ms is not None and at_ms < now_ms - OLD_MS:
            yield f"{word} is {_span(now_ms - at_ms)} ago."
    expires_ms = times["expires_at"]
    if expires_ms is not None and expires_ms < now_ms:
        yield f"expires was {_span(now_ms - expires_ms)} ago, before the alert came in."


def _span(ms: int) -> str:
    minutes = ms // 60_000
    if minutes < 120:
        return f"{minutes} minutes"
    if minutes < 48 * 60:
        return f"{minutes // 60} hours"
    return f"{minutes // 1440} days"
