"""Body: reading the fields of a JSON object that a client sent, strictly."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from server.errors import RequestError, RequestInvalid

MAX_MS = 253_402_300_800_000
"""The year 10000."""
STATUSES = ("Actual", "Exercise", "Test")
_ID = re.compile(r"[A-Za-z0-9._~:-]{1,64}")
# NUL can't be stored by PostgreSQL, a lone surrogate (JSON "\\ud800") not even be encoded.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def text(
    body: Mapping[str, Any],
    key: str,
    *,
    max_characters: int,
    default: str | None = None,
    path: str = "",
    error: type[RequestError] = RequestInvalid,
) -> str:
    """The text under ``key``; without a ``default`` it must be there and not blank. ``path`` goes before the key.

    Raises:
        RequestInvalid: (or ``error``) missing, no text, too long, or with characters that can't be stored.
    """
    where = f"{path}.{key}" if path else key
    value = body.get(key)
    if value is None:
        if default is not None:
            return default
        raise error(f"'{where}' is missing.", path=where)
    return checked_text(value, where, max_characters=max_characters, may_be_blank=default is not None, error=error)


def checked_text(
    value: object,
    where: str,
    *,
    max_characters: int,
    may_be_blank: bool = False,
    error: type[RequestError] = RequestInvalid,
) -> str:
    if not isinstance(value, str):
        raise error(f"'{where}' must be text, not {json_kind(value)}.", path=where)
    if len(value) > max_characters:
        raise error(f"'{where}' has {len(value)} characters, at most {max_characters} fit.", path=where)
    if not value.strip() and not may_be_blank:
        raise error(f"'{where}' is empty.", path=where)
    if _UNSTORABLE.search(value):
        raise error(f"'{where}' holds a NUL or half a surrogate pair.", path=where)
    return value


def no_others(
    body: Mapping[str, Any], known: Sequence[str], path: str, *, error: type[RequestError] = RequestInvalid
) -> None:
    """Elsewhere, what nobody knows is ignored; where it is said who is told, somebody would be left out in silence.

    Raises:
        RequestInvalid: (or ``error``) a field that is not among the ``known``.
    """
    for key in body:
        if key not in known:
            where = f"{path}.{key[:40]}"
            raise error(f"'{where}' is not known here, expected one of {', '.join(known)}.", path=where)


def client_id(body: Mapping[str, Any], key: str) -> str:
    """An id made by the client: 1 to 64 of the letters, digits and ``._~:-``, so that it fits into an address.

    Raises:
        RequestInvalid: it is missing or something else.
    """
    value = text(body, key, max_characters=64)
    if not _ID.fullmatch(value):
        raise RequestInvalid(f"'{key}' must be 1 to 64 letters, digits or ._~:- (a UUID, for example).", path=key)
    return value


def texts(body: Mapping[str, Any], key: str, *, max_items: int, max_characters: int, path: str = "") -> tuple[str, ...]:
    """A list of texts, each once, in the order given; missing or null is empty.

    Raises:
        RequestInvalid: no list, too long, or an item is no text.
    """
    where = f"{path}.{key}" if path else key
    value = body.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise RequestInvalid(f"'{where}' must be a list, not {json_kind(value)}.", path=where)
    if len(value) > max_items:
        raise RequestInvalid(f"'{where}' has {len(value)} items, at most {max_items} fit.", path=where)
    items = (checked_text(item, f"{where}[{i}]", max_characters=max_characters) for i, item in enumerate(value))
    return tuple(dict.fromkeys(items))


def milliseconds(body: Mapping[str, Any], key: str, *, path: str = "") -> int:
    """Since the epoch, up to the year 10000.

    Raises:
        RequestInvalid: it is missing or something else.
    """
    where = f"{path}.{key}" if path else key
    value = body.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_MS:
        raise RequestInvalid(f"'{where}' must be a whole number of milliseconds since the epoch.", path=where)
    return value


def status(body: Mapping[str, Any]) -> str:
    """CAP's ``status`` of what people send; a drill runs on the live system. ``Actual`` when it is missing.

    Raises:
        RequestInvalid: none of ``STATUSES``.
    """
    value = text(body, "status", max_characters=20, default=STATUSES[0])
    if value not in STATUSES:
        raise RequestInvalid(f"'status' must be one of {', '.join(STATUSES)}.", path="status")
    return value


def json_kind(value: object) -> str:
    """What a person calls it: ``a number``, ``a list`` …"""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def storable(value: str) -> str:
    """The text with what no database or encoder takes replaced by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", value)
