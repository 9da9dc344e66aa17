"""Caller: somebody outside who asks for a thing until it is accepted, with the same id, at whatever server answers."""

import asyncio
import json
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.crew import OBSERVER, PASSWORD
from tests.chaos.device import Entrance
from tests.chaos.door import Answer, Door, Unknown
from tests.chaos.history import History, Publish, PublishAct, PublishPhase

RETRY_S = (0.3, 1.5)
MOST_WAITING = 12
"""What is not accepted yet; nothing new is begun then."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, and what the history shall say about it."""

    kind: str
    """``alert``, ``push`` or ``bulletin``: where the answer has the item."""
    source_id: str
    path: str
    content: dict[str, Any]
    act: PublishAct = "raise"
    priority: int = 0
    to: frozenset[str] | None = None
    ends_s: float = float("inf")
    sign: Callable[[bytes], dict[str, str]] | None = None
    """None: it is asked in the name of the observer."""
    body: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", json.dumps(self.content).encode())


class Caller:
    def __init__(self, name: str, entrances: Sequence[Entrance], door: Door, history: History, seed: str) -> None:
        """``name``: of the device that it signs in with."""
        self._name = name
        self._entrances = entrances
        self._door = door
        self._history = history
        self._random = random.Random(f"{seed}/{name}")
        self._token = ""
        self._signing_in = asyncio.Lock()

    async def until_accepted(self, request: Request) -> dict[str, Any] | None:
        """The item; None when its time ran out before."""
        while True:
            self._note(request, "invoke")
            entrance = self._random.choice(self._entrances)
            try:
                answer = await self._send(entrance.port(), request)
                if answer.status in {200, 201}:
                    item: dict[str, Any] = answer.content[request.kind]
                    self._note(request, "ok", item_id=item["id"], revision=item["revision"])
                    return item
                # A server with a wrong clock takes no signature, one that was cut off may know no session.
                self._note(request, "refused", why=f"{answer.status} {answer.code}")
                if request.ends_s < time.monotonic():
                    self._note(request, "void")
                    return None
            except Unknown as error:
                self._note(request, "unknown", why=str(error))
            await asyncio.sleep(self._random.uniform(*RETRY_S))

    async def upload(self, picture: bytes) -> str:
        """The id of a photo that can be sent now."""
        while True:
            try:
                port = self._random.choice(self._entrances).port()
                answer = await self._ask(port, "/api/media", picture)
                if answer.status == 201:
                    return str(answer.content["media"]["id"])
            except Unknown:
                pass
            await asyncio.sleep(self._random.uniform(*RETRY_S))

    async def _send(self, port: int, request: Request) -> Answer:
        if request.sign is not None:
            return await self._door.request(
                port, "POST", request.path, body=request.body, headers=request.sign(request.body)
            )
        return await self._ask(port, request.path, request.body)

    async def _ask(self, port: int, path: str, body: bytes) -> Answer:
        async with self._signing_in:
            if not self._token:
                self._token = await self._door.sign_in(port, OBSERVER, PASSWORD, self._name)
            token = self._token
        answer = await self._door.request(port, "POST", path, body=body, token=token)
        if answer.status == 401 and token == self._token:
            self._token = ""
        return answer

    def _note(
        self, request: Request, phase: PublishPhase, *, item_id: str = "", revision: int = 0, why: str = ""
    ) -> None:
        if not item_id and request.to is not None:
            item_id = request.source_id
        self._history.note(
            Publish(
                time.monotonic(),
                request.source_id,
                phase,
                item_id,
                request.priority,
                why,
                request.act,
                revision,
                request.to,
                request.ends_s,
            )
        )


async def feed(
    begin: Callable[[int], Coroutine[None, None, None]], chance: random.Random, *, stop: asyncio.Event, pause_s: float
) -> None:
    """Begin the first, the second … thing, ``pause_s`` apart on the average, until ``stop``; then end those begun."""
    number = 0
    waiting: set[asyncio.Task[None]] = set()
    async with asyncio.TaskGroup() as group:
        while not stop.is_set():
            number += 1
            task = group.create_task(begin(number))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
            await asyncio.sleep(chance.uniform(0, 2 * pause_s))
            while len(waiting) >= MOST_WAITING:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
