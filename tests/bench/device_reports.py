"""DeviceReports: what the devices of a load generator have got is reported a moment later, several together."""

import heapq
import random
import time
from typing import Any

from tests.bench.device import Device
from tests.bench.web_socket import text_frame

REPORT_AFTER_S = 0.3, 1.0
REPORT_PAST_AFTER_S = 5.0, 15.0
"""Of what was missed: who comes back together with thousands must not report it together with them."""
_ALERT = b'"alert":{"id":"'
_REVISION = b'"revision":'


class DeviceReports:
    def __init__(self) -> None:
        self._due: list[tuple[float, int, Device]] = []
        """A heap by time."""
        self._number = 0

    def __bool__(self) -> bool:
        return bool(self._due)

    def owe(self, device: Device, data: bytes, start: int, end: int) -> None:
        """Take in an entry, which stands there in ``data``; of an alert that is new to the device it will report."""
        at = data.find(_ALERT, start, end)
        if at < 0:
            return
        item_id = data[at + len(_ALERT) : data.index(b'"', at + len(_ALERT))]
        at = data.index(_REVISION, at) + len(_REVISION)
        alert = item_id + b" " + data[at : data.index(b",", at)]
        if alert != device.last:
            device.last = alert
            device.owed.append(alert)
            if len(device.owed) == 1:
                self._number += 1
                due = time.monotonic() + random.uniform(*(REPORT_AFTER_S if device.is_live else REPORT_PAST_AFTER_S))
                heapq.heappush(self._due, (due, self._number, device))

    def send(self) -> None:
        """Those whose time has come."""
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            _, number, device = heapq.heappop(self._due)
            lines = [_line(alert) for alert in device.owed]
            device.owed.clear()
            if device.sock is not None and device.is_live:
                device.sock.send(text_frame({"type": "report", "number": number, "receipts": lines}))


def _line(alert: bytes) -> dict[str, Any]:
    item_id, _, revision = alert.decode().partition(" ")
    return {"item": "alert", "item_id": item_id, "revision": int(revision), "stage": "delivered"}
