"""FragmentFollower: a server process's end of the video lane."""

import logging
from collections.abc import Callable
from typing import Any

import hiredis

from streams.bus import channels, resp
from streams.bus.connection import Connection

logger = logging.getLogger(__name__)


class FragmentFollower(Connection):
    """Follows cameras, and what is meant for this server alone (join bursts), over one connection.

    It always reads: Valkey does not bound what waits for a slow follower when messages are larger than 16 kB.
    """

    def __init__(
        self,
        url: str,
        server_id: str,
        on_message: Callable[[bytes], None],
        *,
        on_reconnect: Callable[[], None] | None = None,
    ) -> None:
        """
        Args:
            on_message: takes each fragment's message, a whole WebSocket frame. Called on the loop in the order of
                arrival; must not block, and must not raise: that would cost the connection.
            on_reconnect: called when all channels are followed again after the connection was lost. Fragments
                have been missed; the rings may be stale.
        """
        super().__init__(url, name="follower")
        self._on_message = on_message
        self._on_reconnect = on_reconnect
        self._join_channel = channels.join(server_id)
        self._cameras: set[int] = set()
        self._unconfirmed = 0

    def subscribe(self, camera_number: int) -> None:
        """Follow a camera from now on, through every reconnect. Publish the demand for it *after* this."""
        if camera_number not in self._cameras:
            self._cameras.add(camera_number)
            if self._link is not None:
                self._link.write(resp.subscribe([channels.video(camera_number)]))

    def unsubscribe(self, camera_number: int) -> None:
        if camera_number in self._cameras:
            self._cameras.remove(camera_number)
            if self._link is not None:
                self._link.write(resp.unsubscribe([channels.video(camera_number)]))

    def _on_connected(self) -> None:
        assert self._link is not None, "just connected"
        followed = [self._join_channel, *(channels.video(number) for number in sorted(self._cameras))]
        self._unconfirmed = len(followed)
        self._link.write(resp.subscribe(followed))

    def _on_reply(self, reply: Any) -> None:
        if type(reply) is list:
            kind = reply[0]
            if kind == b"message":
                self._on_message(reply[2])
            elif kind == b"subscribe" and self._unconfirmed > 0:
                self._unconfirmed -= 1
                if self._unconfirmed == 0 and self.reconnects and self._on_reconnect is not None:
                    self._on_reconnect()
        elif isinstance(reply, hiredis.ReplyError):
            logger.warning("bus refused to be followed: %s", reply)
