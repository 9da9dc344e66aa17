"""Sender: somebody at a console who sends pushes and bulletins, takes some of them back, and lets others run out."""

import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from tests.chaos.caller import Caller, Request, feed
from tests.chaos.crew import UNITS, Member
from tests.vectors.photos.make import encode

PHOTOS = 4
LIVES_S = 6.0
"""About how long what is taken back has stood."""
RUNS_OUT_S = (4.0, 12.0)
AT_ONCE = 2
TEXTS = {name: f"{name} of the bulletin" for name in ("name", "why", "caution", "legal_basis", "issuer", "verify")}


class Sender:
    def __init__(self, caller: Caller, members: Sequence[Member], seed: str) -> None:
        self._caller = caller
        self._members = members
        self._random = random.Random(f"{seed}/sender")
        self._photos: list[str] = []
        self._fillings = 0

    async def prepare(self) -> None:
        """Have photos that can be sent: one bulletin shows all of them to everybody, to the end."""
        self._photos = [await self._caller.upload(picture) for picture in _pictures()]
        await self._caller.until_accepted(self._bulletin("bulletin-0", {}, self._photos))

    async def run(self, *, stop: asyncio.Event, pause_s: float) -> None:
        """Until ``stop``; then until the last one is accepted."""
        await feed(self._send, self._random, stop=stop, pause_s=pause_s)

    async def fill(self, person: str, is_enough: Callable[[], bool], *, most: int) -> int:
        """Pushes full of pictures for one person; how many bytes he was sent, about, in at most so many pushes."""
        self._fillings += 1
        to = {"people": [person]}
        media = [{"id": photo} for photo in self._photos]
        sent_bytes = 0
        for number in range(0, most, AT_ONCE):
            if is_enough():
                break
            names = [f"filling-{self._fillings}-{number + each}" for each in range(AT_ONCE)]
            pushes = [self._push(name, to, media=media) for name in names]
            found = await asyncio.gather(*(self._caller.until_accepted(push) for push in pushes))
            sent_bytes += sum(len(json.dumps(item)) for item in found)
        return sent_bytes

    async def _send(self, number: int) -> None:
        if self._random.random() < 0.5:
            await self._send_push(number)
        else:
            await self._send_bulletin(number)

    async def _send_push(self, number: int) -> None:
        units = self._random.sample(UNITS, self._random.randint(1, 2))
        to = self._random.choice(({"units": units}, {"people": ["officer-0", "dispatcher"]}, {"roles": ["officer"]}))
        push = self._push(f"push-{number}", to, cameras=["main"], note="Look at this.")
        await self._caller.until_accepted(push)
        if self._random.random() < 0.5:
            await asyncio.sleep(self._random.uniform(0, LIVES_S))
            path = f"/api/pushes/{push.source_id}/recall"
            await self._caller.until_accepted(replace(push, path=path, content={}, act="end"))

    async def _send_bulletin(self, number: int) -> None:
        fate = self._random.choice(("stays", "runs out", "changes", "is cancelled", "changes and is cancelled"))
        to = self._random.choice(({}, {"units": self._random.sample(UNITS, 2)}))
        lasts_s = self._random.uniform(*RUNS_OUT_S) if fate == "runs out" else None
        bulletin = self._bulletin(f"bulletin-{number}", to, [self._random.choice(self._photos)], lasts_s)
        await self._caller.until_accepted(bulletin)
        orders = {"changes": ("correct", "update", {"why": "Another reason"}), "is cancelled": ("end", "cancel", {})}
        for word, (act, command, more) in orders.items():
            if word in fate:
                await asyncio.sleep(self._random.uniform(0, LIVES_S))
                content = {"id": f"{command}-{number}", "command": command, "reason": "It is so.", **more}
                path = f"/api/bulletins/{bulletin.source_id}/commands"
                await self._caller.until_accepted(replace(bulletin, path=path, content=content, act=act))  # type: ignore[arg-type]

    def _push(self, name: str, to: dict[str, Any], **content: Any) -> Request:
        people = frozenset(member.person for member in self._members if _means(to, member))
        return Request("push", name, "/api/pushes", {"id": name, "to": to, **content}, to=people)

    def _bulletin(self, name: str, to: dict[str, Any], photos: Sequence[str], lasts_s: float | None = None) -> Request:
        shown = [{"id": photo, "source": "a camera", "taken": "2026-11-18"} for photo in photos]
        content: dict[str, Any] = {"id": name, "photos": shown, **TEXTS}
        people = frozenset(member.person for member in self._members if not to or _means(to, member))
        if to:
            content["to"] = to
        if lasts_s is None:
            return Request("bulletin", name, "/api/bulletins", content, to=people)
        content["expires_ms"] = int((time.time() + lasts_s) * 1000)
        return Request("bulletin", name, "/api/bulletins", content, to=people, ends_s=time.monotonic() + lasts_s)


def _means(to: dict[str, Any], member: Member) -> bool:
    return (
        member.person in to.get("people", ())
        or member.unit in to.get("units", ())
        or member.role in to.get("roles", ())
    )


@cache
def _pictures() -> tuple[bytes, ...]:
    """Noise: their thumbnails are as large as a thumbnail gets."""
    noise = np.random.default_rng(1).integers(0, 256, (PHOTOS, 320, 320, 3), dtype=np.uint8)
    return tuple(encode(".jpg", picture) for picture in noise)
