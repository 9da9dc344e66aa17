"""Words for people: one line of text for each thing that happens."""

import time
from collections.abc import Sequence
from typing import Any

from clients.cli.line import Lost

Json = dict[str, Any]

_REASONS = {
    "idle": "nobody watches it, so it is not connected",
    "stalled": "connected, but no pictures come",
    "unknown": "nothing is heard of its reader",
}
_WHY = {
    "link": "the link carries no more",
    "codec": "this client can't show another one",
    "encoders": "another one can't be had now",
}


def clean(text: object) -> str:
    """Without control characters: what comes over the network must not command a terminal."""
    return "".join(character if character.isprintable() else " " for character in str(text)).strip()


def clock(ms: float) -> str:
    """Local time of day."""
    return time.strftime("%H:%M:%S", time.localtime(ms / 1000))


def alert(item: Json) -> str:
    status = "" if item.get("status") == "Actual" else f" {item.get('status')}"
    revision = item.get("revision", 1)
    change = {"Cancel": " cancelled", "Update": " updated"}.get(str(item.get("msg_type")), "")
    change = change or (f" revision {revision}" if revision != 1 else "")
    name = f"ALERT {item.get('number')}{status}{change}{state(item)}"
    parts = [
        f"{name}, priority {item.get('priority')}: {item.get('event')}",
        str(item.get("headline") or ""),
        place(item),
    ]
    return clean(" · ".join(part for part in parts if part))


def state(item: Json) -> str:
    """What became of an alert; "" for a new one."""
    now, shelved = str(item.get("state", "new")), item.get("shelved")
    said = "" if now == "new" or item.get("msg_type") == "Cancel" else ", " + now.replace("_", " ")
    found = f" ({str(item['outcome']).replace('_', ' ')})" if item.get("outcome") else ""
    silent = f", silent until {clock(shelved['until_ms'])}" if isinstance(shelved, dict) else ""
    return said + found + silent


def place(item: Json) -> str:
    words = str(item.get("area_desc") or "")
    point = item.get("point")
    if isinstance(point, dict):
        radius_m = item.get("radius_m")
        within = f" ± {radius_m:.0f} m" if isinstance(radius_m, int | float) else ""
        words = f"{words} ({point.get('lat')}, {point.get('lon')}{within})".strip()
    return words


def push(item: Json) -> str:
    cameras = ", ".join(str(camera.get("name") or camera.get("id")) for camera in item.get("cameras", ()))
    recipients = ", ".join(map(str, item.get("recipients", ())))
    if item.get("recalled_ms") is not None:
        return clean(f"PUSH {item.get('number')} recalled by {item.get('recalled_by')}")
    status = "" if item.get("status", "Actual") == "Actual" else f" {item.get('status')}"
    count = len(item.get("media", ()))
    photos = f"{count} photo{'s' if count > 1 else ''}" if count else ""
    what = ", ".join(part for part in (recipients, cameras, photos) if part)
    note = f": {item['note']}" if item.get("note") else ""
    return clean(f"PUSH {item.get('number')}{status} from {item.get('sent_by')} to {what}{note}")


def bulletin(item: Json) -> str:
    name = f"WANTED {item.get('number')}"
    if item.get("state") != "active":
        reason = f": {item['reason']}" if item.get("reason") else ""
        return clean(f"{name} is {item.get('state')}{reason}; it must not be used any more")
    status = "" if item.get("status", "Actual") == "Actual" else f" {item.get('status')}"
    revision = item.get("revision", 1)
    change = f" revision {revision}" if revision != 1 else ""
    parts = [
        f"{name}{status}{change}: {item.get('name')}, {item.get('why')}",
        f"caution: {item.get('caution')}",
        f"verify: {item.get('verify')}",
        *(f"NOT this person: {one.get('note')}" for one in item.get("cleared", ())),
    ]
    return clean(" · ".join(parts))


def item(kind: str, value: Json) -> str:
    """An alert, push or bulletin."""
    return {"alert": alert, "push": push, "bulletin": bulletin}[kind](value)


def receipt(item: Json, number: int | None) -> str:
    """``number``: of the item, None when it is not known."""
    name = f"{item.get('item')} {number if number is not None else item.get('item_id')}"
    where = f"by radio, says {item.get('by')}" if item.get("via") == "radio" else f"on {item.get('device')}"
    return clean(f"{name} {item.get('stage')} by {item.get('person')} {where}")


def camera_state(name: str, state: Json) -> str:
    word = str(state.get("state"))
    reason = str(state.get("reason") or _REASONS.get(word, ""))
    return clean(f"camera {name} is {word}" + (f": {reason}" if reason else ""))


def rendition(name: str, shown: Json) -> str:
    why = str(shown.get("message") or _WHY.get(str(shown.get("why")), ""))
    return clean(f"camera {name} is shown in {shown.get('rendition')}" + (f": {why}" if why else ""))


def online(people: Sequence[object]) -> str:
    return clean(f"online: {', '.join(map(str, people)) or 'nobody'}")


def lost(event: Lost) -> str:
    again = "at once" if event.retry_in_s == 0 else f"in {event.retry_in_s:.1f} s"
    return clean(f"disconnected ({event.reason}); trying again {again}")
