"""SimulatedGunshots: a gunshot sensor that pushes signed XML, as a vendor would, about things that never were."""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import NoReturn

import aiohttp
from standardwebhooks.webhooks import Webhook

from streams.city import CameraPost, City, Place, generate
from streams.formats.gunshot_xml import build
from streams.geo import Point, bearing_deg, distance_m

logger = logging.getLogger(__name__)

SECRET_VARIABLE = "SIGHTLINE_GUNSHOT_SECRET"  # noqa: S105 - a name

_KINDS = (
    ("Multiple Gunshots", 55, (2, 3, 3, 4, 4, 5, 6, 8, 11)),
    ("Single Gunshot", 30, (1,)),
    ("Probable Gunfire", 10, (1, 2, 3)),
    ("Fireworks", 5, (0,)),
)
"""Type, how often of 100, rounds to choose from."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 15.0
_ANSWER_TIMEOUT_S = 10.0
_CHOICES = (1, 10, 30, 30)
"""So many places are looked at before a shot falls at one of them."""
_ELSEWHERE_M = 1000.0
_HOPELESS = frozenset({400, 413, 415})
"""The document itself was refused: the same again gets the same answer."""


@dataclass(frozen=True, slots=True)
class _Message:
    id: str
    body: bytes


class SimulatedGunshots:
    """Raises an alert now and then, and repeats each until the server has it.

    Args:
        url: the server's door, ``http://host:port/intake/gunshot``.
        secret: as in Standard Webhooks, ``whsec_…``.
        seed: decides places, types and rounds; ids also hold the time of the start, so that a second run is not taken
            for a repetition of the first.
        interval_s: between alerts, on average; each is between 0.7 and 1.3 of it.
    """

    def __init__(
        self, url: str, secret: str, city: City, seed: int, *, interval_s: float = 60.0, first_after_s: float = 15.0
    ) -> None:
        self._url = url
        self._webhook = Webhook(secret)
        self._city = city
        self._random = Random(seed)  # noqa: S311 - a repeatable simulation, no secret
        self._seed = seed
        self._interval_s = interval_s
        self._first_after_s = first_after_s

    async def run(self) -> NoReturn:
        """Push for ever; cancel it to stop."""
        started_s = int(time.time())
        count = 0
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ANSWER_TIMEOUT_S)) as session:
            await asyncio.sleep(self._first_after_s)
            while True:
                count += 1
                await self._deliver(session, self._message(f"{self._seed}-{started_s}-{count}"))
                await asyncio.sleep(self._interval_s * self._random.uniform(0.7, 1.3))

    def _message(self, source_id: str) -> _Message:
        random, now = self._random, time.time()
        kind, _, rounds = random.choices(_KINDS, weights=[weight for _, weight, _ in _KINDS])[0]
        place = self._place()
        body = build(
            source_id=source_id,
            kind=kind,
            rounds=random.choice(rounds),
            point=place.point,
            radius_m=round(random.uniform(25, 60)),
            # Location by at least three sensors and review by a person take their time.
            onset=_written(now - random.uniform(15, 45)),
            sent=_written(now),
            address=place.address,
            zone=place.district,
        )
        return _Message(id=f"msg_{source_id}", body=body)

    def _place(self) -> Place:
        """Of some places the one that a camera sees best, so that there is often something to look at, not always."""
        places = [self._city.place(self._random) for _ in range(self._random.choice(_CHOICES))]
        return min(places, key=lambda place: min(_effort(post, place.point) for post in self._city.posts))

    async def _deliver(self, session: aiohttp.ClientSession, message: _Message) -> None:
        """Send it until it is accepted or hopeless."""
        pause_s, tries, said = _FIRST_PAUSE_S, 0, ""
        while True:
            tries += 1
            status, failure = await self._send(session, message)
            if status in {200, 201}:
                logger.info("simulated gunshots delivered: %s after %d tries", message.id, tries)
                return
            if status in _HOPELESS:
                logger.error("simulated gunshots refused: %s: %s", message.id, failure)
                return
            if failure != said:
                logger.warning("simulated gunshots not delivered yet: %s: %s", message.id, failure)
                said = failure
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _send(self, session: aiohttp.ClientSession, message: _Message) -> tuple[int, str]:
        """Status, 0 without an answer, and what was wrong."""
        now = datetime.now(UTC)
        headers = {
            "Content-Type": "application/xml",
            "webhook-id": message.id,
            # A new time for each try: a server refuses old ones.
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(message.id, now, message.body.decode()),
        }
        try:
            async with session.post(self._url, data=message.body, headers=headers, allow_redirects=False) as response:
                return response.status, f"status {response.status}"
        except aiohttp.ClientError as error:
            return 0, f"no answer ({type(error).__name__})"
        except TimeoutError:
            return 0, f"no answer within {_ANSWER_TIMEOUT_S:g} s"


async def run(url: str, secret: str, *, seed: int, interval_s: float = 60.0, first_after_s: float = 15.0) -> None:
    """Push alerts from the city of that seed until SIGTERM or SIGINT."""
    gunshots = SimulatedGunshots(url, secret, generate(seed), seed, interval_s=interval_s, first_after_s=first_after_s)
    task = asyncio.create_task(gunshots.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    sys.stdout.write(json.dumps({"ready": True}) + "\n")
    sys.stdout.flush()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _effort(post: CameraPost, point: Point) -> float:
    """Metres, more of them for a place that the camera does not look at."""
    aside_deg = abs((bearing_deg(post.point, point) - post.heading_deg + 180) % 360 - 180)
    return distance_m(post.point, point) + (0 if aside_deg < post.fov_deg / 2 else _ELSEWHERE_M)


def _written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m streams.feeds.simulated",
        description=f"A simulated gunshot sensor. The secret of its signature, whsec_…, is in {SECRET_VARIABLE}.",
    )
    parser.add_argument("--url", required=True, help="http://host:port/intake/gunshot")
    parser.add_argument("--seed", type=int, default=7, help="which city; default %(default)s")
    parser.add_argument("--interval", type=float, default=60.0, metavar="S", help="default %(default)s")
    parser.add_argument("--first-after", type=float, default=15.0, metavar="S", help="default %(default)s")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    secret = os.environ.get(SECRET_VARIABLE, "")
    try:
        Webhook(secret)
    except Exception:  # whatever the library makes of it, at the door of the process
        logger.error("%s holds no secret of the form whsec_ and base64", SECRET_VARIABLE)
        return 1
    asyncio.run(
        run(options.url, secret, seed=options.seed, interval_s=options.interval, first_after_s=options.first_after)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
