"""PictureChecks: looks whether cameras show what they should, and knows what was found of each."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial

from server.core import picture_checks
from server.core.nearest import Fault
from server.core.people import Actor
from server.core.picture_checks import Check, Outcome, judge, masks_key
from server.errors import LogUnavailable, StillUnavailable
from server.lanes.cameras import CameraBoard
from server.lanes.stills import KeyPicture, Stills
from server.store import camera_checks
from server.store.camera_checks import Reference
from server.store.db import Database
from streams.config import CameraConfig
from streams.errors import SourceGarbled
from streams.formats.picture_pipe import Answer, Question

logger = logging.getLogger(__name__)

APART_MS = 3_000.0
"""Between the two pictures that are compared."""
NEXT_KEY_S = 20.0
"""Cameras that save bits send a key frame every ten seconds or so."""
SURE_MS = 20_000.0
"""When nothing has changed in ``APART_MS`` it may be a quiet place: another look after that decides."""
READ_EVERY_S = 30.0
OVERLAP_MS = 120_000
"""Clocks of servers differ, and commits take their time."""
MAX_AT_ONCE = 4


class PictureChecks:
    def __init__(
        self,
        db: Database,
        board: CameraBoard,
        stills: Stills,
        *,
        now_ms: Callable[[], int],
        apart_ms: float = APART_MS,
        sure_ms: float = SURE_MS,
    ) -> None:
        self._db = db
        self._board = board
        self._stills = stills
        self._now_ms = now_ms
        self._apart_ms, self._sure_ms = apart_ms, sure_ms
        self._places = asyncio.Semaphore(MAX_AT_ONCE)
        self._last: dict[str, Check] = {}

    def last(self, camera_id: str) -> Check | None:
        return self._last.get(camera_id)

    def all(self) -> Mapping[str, Check]:
        """The last check of every camera that was ever checked."""
        return self._last

    def faults(self) -> Mapping[str, Fault]:
        """What is known to be wrong, by camera."""
        live = [camera for camera, state in self._board.states().items() if state.state == "live"]
        return picture_checks.faults(self._last, live)

    async def open(self) -> None:
        """
        Raises:
            LogUnavailable: it can't be read.
        """
        await self._learn(0)

    async def run(self) -> None:
        """Learn what other servers found, until cancelled."""
        while True:
            await asyncio.sleep(READ_EVERY_S)
            newest = max((check.at_ms for check in self._last.values()), default=0)
            try:
                await self._learn(newest - OVERLAP_MS)
            except LogUnavailable:
                logger.debug("checks can't be read")

    async def check(self, camera: CameraConfig, actor: Actor | None = None, *, asked_by: str = "") -> Check:
        """Look at a camera now, which takes some seconds, and write down what is found.

        Args:
            actor: who asks and waits for it; on record. None when the server does so by itself.
            asked_by: who asked for it before, when it is done now.

        Raises:
            StillUnavailable: nobody can tell, and it is not the camera's fault.
            LogUnavailable: it can't be written down.
        """
        masks = masks_key(camera.masks)
        reference = await self._db.read(partial(camera_checks.reference, camera=camera.id, masks=masks))
        found = partial(Check, camera.id, asked_by=actor.id if actor else asked_by)
        answer: Answer | None = None
        async with self._places, self._stills.connected(camera):
            try:
                first = await self._stills.key_picture(camera, within_s=self._stills.connect_s)
            except StillUnavailable as error:
                check = found(self._now_ms(), outcome=Outcome.UNANSWERED, note=error.message)
            else:
                try:
                    answer = await self._compare(camera, first, reference)
                except SourceGarbled as error:
                    check = found(self._now_ms(), outcome=Outcome.UNANSWERED, note=str(error))
                else:
                    outcome, findings, note = _judged(answer, reference)
                    check = found(self._now_ms(), outcome=outcome, findings=findings, note=note, figures=answer.figures)
        await self._db.write(partial(camera_checks.add, check=check, actor=actor))
        if answer is not None and reference is None and check.outcome is Outcome.GOOD:
            new = Reference(camera.id, answer.reference, masks, check.at_ms, "")
            await self._db.write(partial(camera_checks.set_reference, new=new))
        self._last[camera.id] = check
        return check

    async def set_reference(self, camera: CameraConfig, actor: Actor) -> Reference:
        """Take how the camera looks now as how it should look.

        Raises:
            StillUnavailable: it gives no picture, or none that shows something.
            LogUnavailable: nothing was stored.
        """
        answer, _ = await self._stills.take(camera)
        _, findings, _ = judge(answer.figures, width=answer.width, has_reference=False)
        if findings:
            raise StillUnavailable(f"{findings[0].message} Such a picture can't be the reference.")
        new = Reference(camera.id, answer.reference, masks_key(camera.masks), self._now_ms(), actor.id)
        await self._db.write(partial(camera_checks.set_reference, new=new, actor=actor))
        return new

    async def _compare(self, camera: CameraConfig, first: KeyPicture, reference: Reference | None) -> Answer:
        jpeg = reference.jpeg if reference else b""
        second = await self._later(camera, first, self._apart_ms)
        if second is None:
            return await self._stills.look(Question(first.coded, None, jpeg, camera.masks))
        answer = await self._stills.look(Question(second.coded, first.coded, jpeg, camera.masks))
        if Fault.FROZEN not in {finding.fault for finding in _judged(answer, reference)[1]}:
            return answer
        third = await self._later(camera, second, self._sure_ms)
        if third is None:
            return await self._stills.look(Question(second.coded, None, jpeg, camera.masks))
        return await self._stills.look(Question(third.coded, first.coded, jpeg, camera.masks))

    async def _later(self, camera: CameraConfig, first: KeyPicture, apart_ms: float) -> KeyPicture | None:
        try:
            return await self._stills.key_picture(
                camera, after_ms=first.captured_ms + apart_ms, within_s=apart_ms / 1000 + NEXT_KEY_S
            )
        except StillUnavailable:
            return None

    async def _learn(self, since_ms: int) -> None:
        found = await self._db.read(partial(camera_checks.latest, since_ms=since_ms))
        for camera, check in found.items():
            known = self._last.get(camera)
            if camera in self._board.cameras and (known is None or known.at_ms < check.at_ms):
                self._last[camera] = check


def _judged(answer: Answer, reference: Reference | None) -> tuple[Outcome, tuple[picture_checks.Finding, ...], str]:
    return judge(answer.figures, width=answer.width, has_reference=reference is not None)
