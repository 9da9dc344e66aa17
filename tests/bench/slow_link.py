"""How late is an alert at a tablet on a link of 64 kbit/s that has a camera of 2 Mb/s open?

From the answer to the source, ``201``, to the last byte of the entry at the tablet. Both sockets of the tablet go
through one queue (tests/fakes/slow_link.py). It is signed in as an operator: every alert concerns him, and he is told
everybody's receipts and who is online besides, so it is rather more that has to get through than on an officer's.
"""

import asyncio
import contextlib
import json
import struct
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from tests.bench import product
from tests.bench.alert_to_card import post
from tests.bench.measure import Measure, percentile
from tests.bench.product import HOST, PASSWORD, Product
from tests.bench.program import Program
from tests.fakes.slow_link import SlowLink
from tests.streams.until import until

RATE_BPS = 64_000
FAST_BPS = 8_000_000
QUEUES_BYTES = (32 * 1024, 128 * 1024)
ALERTS = 100
ALERT_EVERY_S = 0.5
ALERTS_AFTER_A_FALL = 40
WARM_UP_S = 10.0
_ACK_S = 0.5
_BEAT_S = 10.0
_HEADER = struct.Struct(">BBHIdQ")
_FRAME, _KEY = 1, 1


@dataclass(slots=True)
class Tablet:
    """What came to it, in ms since the epoch."""

    alerts: dict[str, float] = field(default_factory=dict)
    """When the first entry of each was there."""
    ages_ms: list[float] = field(default_factory=list)
    """Of each picture, when its last byte was there."""
    keys: int = 0
    drops: int = 0
    position: int = 0
    closings: int = 0
    """Of either socket, by the server."""
    newest: dict[int, int] = field(default_factory=dict)
    """Sequence by camera number."""


def measure(clips: Path) -> list[Measure]:
    return asyncio.run(_measure(clips))


async def _measure(clips: Path) -> list[Measure]:
    measures = []
    for queue_bytes in QUEUES_BYTES:
        steady = await _run(clips, queue_bytes, falls=False)
        note = f"{ALERTS} alerts, one every {ALERT_EVERY_S} s; one camera 1280x720, 25 fps, 2 Mb/s; {steady.note}"
        name = f"alert_on_slow_link_{queue_bytes // 1024}k_queue"
        measures += [
            Measure(f"{name}_p50", [percentile(steady.late_s, 50)], "s", note=note),
            Measure(f"{name}_p99", [percentile(steady.late_s, 99)], "s", 2, f"max {max(steady.late_s):.2f} s"),
        ]
    fallen = await _run(clips, QUEUES_BYTES[0], falls=True)
    note = f"of {ALERTS_AFTER_A_FALL} from the moment at which a link of 8 Mb/s falls to 64 kbit/s; {fallen.note}"
    return [*measures, Measure("alert_on_falling_link_max", [max(fallen.late_s)], "s", note=note)]


@dataclass(frozen=True, slots=True)
class _Run:
    late_s: list[float]
    note: str


async def _run(clips: Path, queue_bytes: int, *, falls: bool) -> _Run:
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as name:
        folder = Path(name)
        arguments = ["-m", "tests.bench.camera", str(clips), str(folder / "sent")]
        with (
            Program(arguments, log=folder / "camera.log") as camera,
            product.up(folder, camera_url=camera.line(timeout_s=120)["url"]) as running,
        ):
            rate_bps = FAST_BPS if falls else RATE_BPS
            async with SlowLink(running.port, rate_bps=rate_bps, queue_bytes=queue_bytes) as link:
                return await _alerts(running, link, falls=falls)


async def _alerts(running: Product, link: SlowLink, *, falls: bool) -> _Run:
    async with _tablet(running.port, link.port) as tablet:
        await asyncio.sleep(WARM_UP_S)
        seen, drops, carried, began = len(tablet.ages_ms), tablet.drops, link.carried_bytes, time.monotonic()
        link.becomes(RATE_BPS)
        posted = []
        for _ in range(ALERTS_AFTER_A_FALL if falls else ALERTS):
            tick = asyncio.create_task(asyncio.sleep(ALERT_EVERY_S))
            # Of low priority: what a ladder adds to the lane is not what is measured here.
            posted.append(await asyncio.to_thread(post, running, urgency="Future", severity="Minor"))
            await tick
        used = (link.carried_bytes - carried) * 8 / (time.monotonic() - began) / RATE_BPS
        await until(lambda: all(alert_id in tablet.alerts for alert_id, _ in posted), timeout_s=300)
        ages_s = [age / 1000 for age in tablet.ages_ms[seen:]]
        note = (
            f"{len(ages_s)} pictures, {percentile(ages_s, 50) if ages_s else 0:.1f} s old when they came; "
            f"told {tablet.drops - drops} times that some were skipped; link used {used:.0%}; "
            f"{tablet.closings} times a socket was closed"
        )
        return _Run([(tablet.alerts[alert_id] - at_ms) / 1000 for alert_id, at_ms in posted], note)


@asynccontextmanager
async def _tablet(server_port: int, link_port: int) -> AsyncIterator[Tablet]:
    """Connected by the link, with the camera open; signed in past it."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as http:
        who = {"username": "operator", "password": PASSWORD, "device": "bench-tablet"}
        async with http.post(f"http://{HOST}:{server_port}/api/session", json=who) as answer:
            headers = {"Authorization": f"Bearer {(await answer.json())['token']}"}
        tablet, origin = Tablet(), f"http://{HOST}:{link_port}"
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_events(http, f"{origin}/ws/events", headers, tablet)),
                group.create_task(_video(http, f"{origin}/ws/video", headers, tablet)),
            ]
            yield tablet
            for task in tasks:
                task.cancel()


async def _events(http: aiohttp.ClientSession, url: str, headers: dict[str, str], tablet: Tablet) -> None:
    """Comes back with its position when it is closed, as a tablet does."""
    first: dict[str, Any] = {"type": "snapshot"}
    installation = ""
    while True:
        with contextlib.suppress(aiohttp.ClientError):
            async with http.ws_connect(url, headers=headers, max_msg_size=0) as socket, asyncio.TaskGroup() as group:
                await socket.send_json(first)
                beats = group.create_task(_beat(socket, tablet))
                async for message in socket:
                    said = json.loads(message.data)
                    installation = said.get("installation", installation)
                    if said["type"] in {"snapshot", "entry"}:
                        tablet.position = said["position"]
                    if said["type"] == "entry" and said["kind"] == "alert":
                        await _store(socket, said["alert"], tablet)
                beats.cancel()
        first = {"type": "resume", "position": tablet.position, "installation": installation}
        tablet.closings += 1
        await asyncio.sleep(0.5)


async def _beat(socket: aiohttp.ClientWebSocketResponse, tablet: Tablet) -> None:
    while True:
        await asyncio.sleep(_BEAT_S)
        await socket.send_json({"type": "heartbeat", "position": tablet.position})


async def _store(socket: aiohttp.ClientWebSocketResponse, alert: dict[str, Any], tablet: Tablet) -> None:
    if alert["id"] not in tablet.alerts:
        tablet.alerts[alert["id"]] = time.time() * 1000
        line = {"item": "alert", "item_id": alert["id"], "revision": alert["revision"], "stage": "shown"}
        await socket.send_json({"type": "report", "number": len(tablet.alerts), "receipts": [line]})


async def _video(http: aiohttp.ClientSession, url: str, headers: dict[str, str], tablet: Tablet) -> None:
    """Comes back when it is closed, as a tablet does."""
    while True:
        with contextlib.suppress(aiohttp.ClientError):
            async with http.ws_connect(url, headers=headers, max_msg_size=0) as socket, asyncio.TaskGroup() as group:
                await socket.send_json({"type": "subscribe", "camera": "bench", "purpose": "bench"})
                acks = group.create_task(_acknowledge(socket, tablet))
                async for message in socket:
                    _take(message, tablet)
                acks.cancel()
        tablet.closings += 1
        await asyncio.sleep(0.5)


def _take(message: aiohttp.WSMessage, tablet: Tablet) -> None:
    if message.type is aiohttp.WSMsgType.TEXT:
        tablet.drops += json.loads(message.data)["type"] == "drop"
    elif message.type is aiohttp.WSMsgType.BINARY:
        kind, flags, camera_number, sequence, captured_ms, _ = _HEADER.unpack_from(message.data)
        tablet.newest[camera_number] = sequence
        if kind == _FRAME:
            tablet.keys += flags & _KEY
            tablet.ages_ms.append(time.time() * 1000 - captured_ms)


async def _acknowledge(socket: aiohttp.ClientWebSocketResponse, tablet: Tablet) -> None:
    while True:
        await asyncio.sleep(_ACK_S)
        if not tablet.newest:
            await socket.send_json({"type": "heartbeat"})
        for camera_number, sequence in tablet.newest.items():
            ack = {"type": "ack", "camera_number": camera_number, "sequence": sequence, "gap_ms": 0}
            await socket.send_json(ack)
