"""Viewing: who may look through which camera, how, and for how long."""

import asyncio
from collections.abc import Callable
from functools import partial

from server.core import wire
from server.core.access import Permission, may
from server.core.client_messages import AskQuality, Subscribe
from server.errors import AuthForbidden, LogUnavailable, RequestInvalid
from server.lanes.cameras import CameraBoard
from server.lanes.looks import Looks
from server.lanes.renditions import Renditions
from server.lanes.tile import Tile
from server.lanes.video_session import VideoSession
from server.store import pushes
from server.store.db import Database
from streams.config import CameraConfig
from streams.rendition import Rendition

MAX_TILES = 64
"""Cameras on one socket."""


class Viewing:
    """Begins and ends tiles: nothing is shown before it is on record, and nothing after the right to it is gone."""

    def __init__(
        self, board: CameraBoard, db: Database, looks: Looks, renditions: Renditions, *, now_ms: Callable[[], int]
    ) -> None:
        self._board = board
        self._by_number = {camera.number: camera for camera in board.cameras.values()}
        self._db = db
        self._looks = looks
        self._renditions = renditions
        self._now_ms = now_ms
        self._clock = asyncio.get_running_loop().time

    async def subscribe(self, session: VideoSession, wish: Subscribe) -> None:
        camera = self._board.cameras.get(wish.camera)
        try:
            await self._learn_permits(session)
            if camera is None or not session.permits.may_watch(camera.id, self._now_ms()):
                self._refuse(session, wish.camera, wish.purpose)
                return
            if camera.number in session.tiles or camera.number in session.starting:
                self._say_subscribed(session, camera)
                return
            if len(session.tiles) + len(session.starting) >= MAX_TILES:
                message = f"At most {MAX_TILES} cameras fit on one socket; unsubscribe from one first."
                session.socket.write(wire.error(RequestInvalid.code, message, camera=camera.id))
                return
            lifts_masks = wish.quality is Rendition.UNMASKED
            if lifts_masks and not self._may_lift_masks(session, camera, wish.purpose):
                return
            session.starting.add(camera.number)
            try:
                look = await self._looks.begin(
                    session.actor, camera.id, wish.purpose, lifts_masks=lifts_masks and bool(camera.masks)
                )
            finally:
                session.starting.discard(camera.number)
        except LogUnavailable:
            self._say_no_log(session, wish.camera)
            return
        on_drop = partial(self._renditions.dropped, session.tiles.values())
        tile = Tile(
            camera,
            wish,
            look,
            session.socket,
            self._renditions.rooms,
            self._clock,
            on_drop,
            carried=session.carried,
        )
        session.begin(tile)
        # While that was written, the connection may have gone, or the push been recalled.
        if session.is_gone:
            self.end(session, camera.number, "closed")
            return
        self._say_subscribed(session, camera)
        if not session.permits.may_watch(camera.id, self._now_ms()):
            self._revoke(session, camera)
            return
        self._renditions.add(tile)

    async def ask_quality(self, session: VideoSession, wish: AskQuality) -> None:
        camera = self._board.cameras.get(wish.camera)
        tile = session.tiles.get(camera.number) if camera is not None else None
        if camera is None or tile is None:
            message = f"Subscribe to '{wish.camera}' before you ask for another quality of it."
            session.socket.write(wire.error(RequestInvalid.code, message, camera=wish.camera))
            return
        if wish.quality is Rendition.UNMASKED and tile.asked is not wish.quality:
            purpose = wish.purpose or tile.look.purpose
            if not self._may_lift_masks(session, camera, purpose):
                return
            if camera.masks:
                try:
                    await self._looks.lift_masks(tile.look, purpose)
                except LogUnavailable:
                    self._say_no_log(session, camera.id)
                    return
        # While that was written, the look may have ended, and been begun anew.
        if session.tiles.get(camera.number) is tile:
            tile.asked = wish.quality
            self._renditions.turn(tile)

    def unsubscribe(self, session: VideoSession, camera_id: str) -> None:
        camera = self._board.cameras.get(camera_id)
        if camera is not None and camera.number in session.tiles:
            self.end(session, camera.number, "unsubscribed")

    def check_permits(self, session: VideoSession) -> None:
        """End what he may not watch any more."""
        now_ms = self._now_ms()
        for tile in list(session.tiles.values()):
            if not session.permits.may_watch(tile.camera.id, now_ms):
                self._revoke(session, tile.camera)

    def end(self, session: VideoSession, camera_number: int, why: str) -> None:
        tile = session.end(camera_number)
        self._renditions.remove(tile)
        self._looks.end(tile.look, frames=tile.frames, skipped=tile.skipped, shown_ms=tile.shown_ms(), why=why)

    async def _learn_permits(self, session: VideoSession) -> None:
        if session.person.is_staff:
            return
        read = partial(pushes.live_for, person_id=session.person.id, now_ms=self._now_ms())
        session.permits.learn(await self._db.read(read))

    def _may_lift_masks(self, session: VideoSession, camera: CameraConfig, purpose: str) -> bool:
        """Whether he may, and says what for; else he is told."""
        if not may(session.person, Permission.LIFT_MASKS):
            if session.is_first_refusal(f"{camera.id}!"):
                self._looks.refuse_to_lift_masks(session.actor, camera.id, purpose)
            message = "You have no right to lift masks."
            session.socket.write(wire.error(AuthForbidden.code, message, camera=camera.id))
            return False
        if not purpose.strip():
            message = "Say what for: 'purpose' is empty, and goes on record with the lifting of masks."
            session.socket.write(wire.error(RequestInvalid.code, message, camera=camera.id))
            return False
        return True

    def _refuse(self, session: VideoSession, camera_id: str, purpose: str) -> None:
        if session.is_first_refusal(camera_id):
            self._looks.refuse(session.actor, camera_id, purpose)
        # For an officer it is the same answer whether the camera exists: which there are is not his to know.
        code = "camera.unknown" if session.person.is_staff else "camera.forbidden"
        message = session.permits.why_not(camera_id, self._now_ms())
        session.socket.write(wire.error(code, message, camera=camera_id))

    def _revoke(self, session: VideoSession, camera: CameraConfig) -> None:
        why = session.permits.why_not(camera.id, self._now_ms())
        self.end(session, camera.number, "revoked")
        session.socket.write(wire.unsubscribed(camera.id, camera.number, "camera.forbidden", why))

    def _say_subscribed(self, session: VideoSession, camera: CameraConfig) -> None:
        state = self._board.state_of(camera.id)
        session.socket.write(wire.subscribed(camera.id, camera.number, state.to_wire()))

    @staticmethod
    def _say_no_log(session: VideoSession, camera_id: str) -> None:
        message = "Nobody can watch while it can't be put on record. Try again in a moment."
        session.socket.write(wire.error(LogUnavailable.code, message, camera=camera_id))
