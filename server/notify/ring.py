"""Ring: what a bell says, and for whom (RFC 8030; Declarative Web Push of the Push API)."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.core.alerts import INTERNAL_STATUSES
from server.core.audience import Audience
from server.core.entry import Entry
from server.core.receipts import Item
from server.store.standings import Named

MAX_PAYLOAD_BYTES = 3900
"""Push services take 4,096 bytes encrypted (RFC 8291 §4): 3,993 plain."""
MAX_TEXT_CHARACTERS = 300
LIFETIME_MS = 3600 * 1000
DECLARATIVE = 8030
CONTENT_TYPE = "application/notification+json"
PUSH_PRIORITY = 2
"""Of what an operator sends by hand: pushes and bulletins."""
_JUST_NOW_MS = 1000
_ENDINGS = {"cancelled": "cancelled", "expired": "expired", "closed": "closed"}


@dataclass(frozen=True, slots=True)
class Ring:
    """One revision of an item that devices should hear of."""

    item: Named
    at_ms: int
    """Of its entry."""
    number: int
    revision: int
    priority: int
    status: str
    ending: str
    """How the item ended, in a word; "" while it lives. An ending is told only where the beginning was."""
    text: str
    """The case; leaves the house only when the configuration says so."""
    audience: Audience
    until_ms: int
    """After that it need not ring any more."""

    @classmethod
    def of_entry(cls, entry: Entry) -> "Ring | None":
        """None for what is no reason to ring: receipts, and what people do about an alert."""
        match entry.kind:
            case "alert" | "push" | "bulletin" as kind:
                return cls.of(kind, entry.payload[kind], entry.audience, entry.at_ms)
            case _:
                return None

    @classmethod
    def of(cls, kind: Item, record: Mapping[str, Any], audience: Audience, at_ms: int) -> "Ring | None":
        """
        Args:
            at_ms: of the entry that is rung for; the record may be newer.
        """
        match kind:
            case "alert":
                ending, is_news = _ENDINGS.get(record.get("state", "new"), ""), _is_news(record, at_ms)
                priority, text = int(record["priority"]), record["headline"] or record["event"]
            case "push":
                ending, is_news = "recalled" if record["recalled_ms"] else "", True
                priority, text = PUSH_PRIORITY, record.get("note", "")
            case _:
                ending, is_news = _ENDINGS.get(record["state"], ""), True
                priority, text = PUSH_PRIORITY, record.get("why", "")
        if not is_news and not ending:
            return None
        until_ms = at_ms + LIFETIME_MS
        if record.get("expires_ms") and not ending:
            until_ms = min(until_ms, int(record["expires_ms"]))
        return cls(
            item=(kind, str(record["id"])),
            at_ms=at_ms,
            number=int(record["number"]),
            revision=int(record["revision"]),
            priority=priority,
            status=str(record.get("status", "Actual")),
            ending=ending,
            text="" if ending else str(text),
            audience=audience,
            until_ms=until_ms,
        )

    @property
    def topic(self) -> str:
        """Equal for all revisions of an item: what was not delivered yet is replaced. 32 characters (RFC 8030 §5.4)."""
        digest = hashlib.sha256(":".join(self.item).encode()).digest()
        return base64.urlsafe_b64encode(digest[:24]).decode()

    @property
    def urgency(self) -> str:
        """``high`` wakes a sleeping device (RFC 8030 §5.3)."""
        return "high" if self.priority <= 2 else "normal"

    def payload(self, page: str, *, with_text: bool) -> bytes:
        """What the device shows: declarative, and readable by our service worker; at most 3,900 bytes.

        Args:
            page: the address to open, of the person's own page.
            with_text: whether to tell the case.
        """
        whole = self._encoded(page, self.text[:MAX_TEXT_CHARACTERS] if with_text else "")
        return whole if len(whole) <= MAX_PAYLOAD_BYTES else self._encoded(page, "")

    def _encoded(self, page: str, text: str) -> bytes:
        kind, item_id = self.item
        navigate = f"{page}#{kind}={item_id}"
        number = f"Number {self.number}"
        notification = {
            "title": self._title(),
            "body": f"{number}: {text}" if text else number,
            "navigate": navigate,
            "lang": "en",
            "dir": "ltr",
            "tag": f"{kind}:{item_id}",
            "renotify": not self.ending,
            "requireInteraction": self.priority == 1 and not self.ending,
            "silent": False,
            "data": {"item": kind, "item_id": item_id, "revision": self.revision, "navigate": navigate},
        }
        message = {"web_push": DECLARATIVE, "mutable": True, "notification": notification}
        return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")

    def _title(self) -> str:
        kind = self.item[0]
        name = f"P{self.priority} alert" if kind == "alert" else "Wanted person" if kind == "bulletin" else "Push"
        said = f"{name} {self.ending}" if self.ending else f"{name} changed" if self.revision > 1 else name
        return said if self.status == "Actual" else f"{self.status.upper()}: {said}"


def _is_news(alert: Mapping[str, Any], at_ms: int) -> bool:
    """Something was said of it; that somebody does something about it is no reason to wake others.

    In a flood the alert of a group that climbs rings for all of it, and those of priority 1 for themselves. What is
    internal rings for nobody, but when it was the street's until now.
    """
    changed = {change["field"] for change in alert.get("changes", ())}
    if alert["status"] in INTERNAL_STATUSES and "status" not in changed:
        return False
    is_quiet = alert.get("group_id") not in (None, alert["id"]) and alert.get("escalation") is None
    if alert.get("shelved") or (is_quiet and alert["priority"] > 1):
        return False
    return bool(alert.get("state", "new") == "new" or alert.get("revised_ms", 0) >= at_ms - _JUST_NOW_MS)
