"""Source: raises alerts and repeats each with its id until it is accepted, as docs/wire.md §7 asks of a sensor."""

import asyncio
import base64
import hashlib
import hmac
import json
import random
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.chaos.crew import OBSERVER, PASSWORD, SECRET
from tests.chaos.device import QUIET, Entrance
from tests.chaos.door import Answer, Door, Unknown
from tests.chaos.history import History, Publish

MOST_WAITING = 12
"""Alerts that are not accepted yet; no new ones then."""
CORRECTED = 0.3
"""Share of those of the sensor."""
CORRECTED_AFTER_S = 4.0
RETRY_S = (0.3, 1.5)


class Source:
    """Half of its alerts are signed by a sensor, and some of those corrected, half are raised by hand; a third of all
    are acknowledged by nobody.
    """

    def __init__(self, entrances: Sequence[Entrance], door: Door, history: History, seed: str) -> None:
        self.accepted = 0
        self._entrances = entrances
        self._door = door
        self._history = history
        self._random = random.Random(seed)
        self._token = ""
        self._signing_in = asyncio.Lock()

    async def run(self, *, stop: asyncio.Event, pause_s: float) -> None:
        """Until ``stop``; then until the last one is accepted."""
        number = 0
        waiting: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                number += 1
                task = group.create_task(self._publish(number))
                waiting.add(task)
                task.add_done_callback(waiting.discard)
                await asyncio.sleep(self._random.uniform(0, 2 * pause_s))
                while len(waiting) >= MOST_WAITING:
                    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)

    async def _publish(self, number: int) -> None:
        kind = QUIET if self._random.random() < 1 / 3 else "plain"
        source_id, is_signed = f"{kind}-{number}", self._random.random() < 0.5
        priority = self._random.choices((1, 2, 3), weights=(6, 2, 2))[0]
        # A kilometre from the others: those that are near each other would be grouped, without a ladder of their own.
        where = {"point": {"lat": 30 + number / 100, "lon": -72.67}, "radius_m": 25}
        alert = {"identifier": source_id, "event": "Multiple gunshots", "priority": priority, "area": where}
        await self._until_accepted(source_id, {**alert, "sent": _now()}, priority, is_signed=is_signed)
        self.accepted += 1
        if is_signed and self._random.random() < CORRECTED:
            await asyncio.sleep(self._random.uniform(0, CORRECTED_AFTER_S))
            correction = {**alert, "msgType": "Update", "headline": "Corrected", "sent": _now()}
            await self._until_accepted(source_id, correction, priority, is_signed=True)

    async def _until_accepted(
        self, source_id: str, alert: dict[str, object], priority: int, *, is_signed: bool
    ) -> None:
        body = json.dumps(alert).encode()
        while True:
            self._note(source_id, "invoke", priority=priority)
            entrance = self._random.choice(self._entrances)
            try:
                answer = await self._send(entrance.port(), body, is_signed=is_signed)
                if answer.status in {200, 201}:
                    self._note(source_id, "ok", alert_id=answer.content["alert"]["id"], priority=priority)
                    return
                # A server with a wrong clock takes no signature, one that was cut off may know no session.
                self._note(source_id, "refused", why=f"{answer.status} {answer.code}")
            except Unknown as error:
                self._note(source_id, "unknown", why=str(error))
            await asyncio.sleep(self._random.uniform(*RETRY_S))

    async def _send(self, port: int, body: bytes, *, is_signed: bool) -> Answer:
        if is_signed:
            return await self._door.request(port, "POST", "/intake/alerts", body=body, headers=_signature(body))
        async with self._signing_in:
            if not self._token:
                self._token = await self._door.sign_in(port, OBSERVER, PASSWORD, "source")
            token = self._token
        answer = await self._door.request(port, "POST", "/api/alerts", body=body, token=token)
        if answer.status == 401 and token == self._token:
            self._token = ""
        return answer

    def _note(self, source_id: str, phase: str, *, alert_id: str = "", priority: int = 0, why: str = "") -> None:
        self._history.note(Publish(time.monotonic(), source_id, phase, alert_id, priority, why))  # type: ignore[arg-type]


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _signature(body: bytes) -> dict[str, str]:
    """Standard Webhooks 1.0."""
    message, now = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = hmac.new(key, f"{message}.{now}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message,
        "webhook-timestamp": now,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
