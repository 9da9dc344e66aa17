"""Source: raises alerts and repeats each with its id until it is accepted, as docs/wire.md §7 asks of a sensor."""

import asyncio
import base64
import hashlib
import hmac
import random
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime

from tests.chaos.caller import Caller, Request, feed
from tests.chaos.crew import SECRET
from tests.chaos.device import QUIET

CORRECTED = 0.3
"""Share of those of the sensor."""
CORRECTED_AFTER_S = 4.0


class Source:
    """Half of its alerts are signed by a sensor, and some of those corrected, half are raised by hand; a third of all
    are acknowledged by nobody.
    """

    def __init__(self, caller: Caller, seed: str) -> None:
        self._caller = caller
        self._random = random.Random(seed)

    async def run(self, *, stop: asyncio.Event, pause_s: float) -> None:
        """Until ``stop``; then until the last one is accepted."""
        await feed(self._publish, self._random, stop=stop, pause_s=pause_s)

    async def _publish(self, number: int) -> None:
        kind = QUIET if self._random.random() < 1 / 3 else "plain"
        source_id, is_signed = f"{kind}-{number}", self._random.random() < 0.5
        priority = self._random.choices((1, 2, 3), weights=(6, 2, 2))[0]
        # A kilometre from the others: those that are near each other would be grouped, without a ladder of their own.
        where = {"point": {"lat": 30 + number / 100, "lon": -72.67}, "radius_m": 25}
        alert = {"identifier": source_id, "event": "Multiple gunshots", "priority": priority, "area": where}
        path, sign = ("/intake/alerts", _signature) if is_signed else ("/api/alerts", None)
        request = Request("alert", source_id, path, {**alert, "sent": _now()}, priority=priority, sign=sign)
        await self._caller.until_accepted(request)
        if is_signed and self._random.random() < CORRECTED:
            await asyncio.sleep(self._random.uniform(0, CORRECTED_AFTER_S))
            correction = {**alert, "msgType": "Update", "headline": "Corrected", "sent": _now()}
            await self._caller.until_accepted(replace(request, content=correction, act="correct"))


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
