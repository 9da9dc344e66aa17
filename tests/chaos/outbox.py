"""Outbox: what a device still has to say about items, kept through everything until it is answered (docs/wire.md §5.4).

What it says by itself goes together, and all of it again over a new connection; what its person says has an id each.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable
from typing import Any

from tests.chaos.card import Card
from tests.chaos.history import History, Report, ReportPhase

REPORT_AFTER_S = 0.1
RETRY_S = 1.0
MAX_LINES = 200

Key = tuple[str, int, str]
"""Item, revision and stage."""


class Outbox:
    def __init__(self, device: str, history: History, chance: random.Random) -> None:
        self._device = device
        self._history = history
        self._random = chance
        self._send: Callable[[dict[str, Any]], None] | None = None
        self._words: dict[str, dict[str, Any]] = {}
        """Id → the command."""
        self._reports: dict[Key, dict[str, Any]] = {}
        """→ the line."""
        self._under_way: dict[int, list[Key]] = {}
        """By the number of the report; of this connection."""
        self._number = 0
        self._is_due = False
        """What is new goes with a report that will be made in a moment."""

    @property
    def is_empty(self) -> bool:
        return not self._words and not self._reports

    def open(self, send: Callable[[dict[str, Any]], None]) -> None:
        """There is a connection: say all that was not answered."""
        self._send = send
        self._under_way.clear()
        for command in self._words.values():
            send(command)
        self._report_some()

    def close(self) -> None:
        """The connection is gone."""
        self._send = None

    def report(self, card: Card, stage: str) -> None:
        """The device has come so far with an item."""
        if not self._is_due:
            self._is_due = True
            self._later(REPORT_AFTER_S, self._report_some)
        self._reports[card.item_id, card.revision, stage] = line = _line(card, stage)
        self._note(line, "invoke")

    def say(self, card: Card, stage: str) -> None:
        """Its person says it."""
        receipt_id = f"{self._random.getrandbits(64):016x}"
        self._words[receipt_id] = command = {"type": "receipt", "id": receipt_id, **_line(card, stage)}
        self._note(command, "invoke")
        if self._send is not None:
            self._send(command)

    def answered(self, message: dict[str, Any]) -> None:
        """Take a ``receipt``."""
        command = self._words.get(message["id"])
        if command is None:
            return  # answered twice: it was sent twice
        if not message["ok"] and message["error"]["code"] == "log.unavailable":
            self._later(RETRY_S, lambda: self._again(message["id"]))
            return
        del self._words[message["id"]]
        if message["ok"]:
            self._note(command, "ok")
        else:
            self._note(command, "refused", json.dumps(message["error"]["code"]))

    def reported(self, message: dict[str, Any]) -> None:
        """Take a ``reported``."""
        keys = self._under_way.pop(message["number"], [])
        if not message["ok"]:
            self._later(RETRY_S, self._report_some)
            return
        refused = {one["index"]: one["error"]["code"] for one in message["refused"]}
        for index, key in enumerate(keys):
            line = self._reports.pop(key)
            self._note(line, "refused" if index in refused else "ok", refused.get(index, ""))
        self._report_some()

    def _report_some(self) -> None:
        self._is_due = False
        sent = {key for keys in self._under_way.values() for key in keys}
        keys = [key for key in self._reports if key not in sent][:MAX_LINES]
        if self._send is None or not keys:
            return
        self._number += 1
        self._under_way[self._number] = keys
        self._send({"type": "report", "number": self._number, "receipts": [self._reports[key] for key in keys]})

    def _again(self, receipt_id: str) -> None:
        if self._send is not None and receipt_id in self._words:
            self._send(self._words[receipt_id])

    def _later(self, delay_s: float, act: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(delay_s, act)

    def _note(self, line: dict[str, Any], phase: ReportPhase, why: str = "") -> None:
        about = (line.get("id", ""), line["item_id"], line["revision"], line["stage"])
        self._history.note(Report(time.monotonic(), self._device, *about, phase, why, line["item"]))


def _line(card: Card, stage: str) -> dict[str, Any]:
    return {"item": card.kind, "item_id": card.item_id, "revision": card.revision, "stage": stage}
