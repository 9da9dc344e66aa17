"""FragmentPublisher: the streams process's end of the video lane."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

import hiredis

from streams.bus import channels, resp
from streams.bus.connection import Connection
from streams.fragment import Fragment

logger = logging.getLogger(__name__)

MAX_UNSENT_BYTES = 8 * 1024 * 1024
_CRLF = b"\r\n"


class FragmentPublisher(Connection):
    """Publishes fragments. Newest wins: what can't be sent now is dropped and counted, nothing waits for a reconnect.

    Everything goes over one connection, so live pictures and join bursts arrive at a server in the order of the calls.

    Fragments are not answered: each answer would wake this process once more, for each picture. Whether the server is
    there, and lets us publish, is asked with an empty message that nobody follows.
    """

    sign_of_life = resp.reply(is_on=True) + resp.publish(channels.video(0), b"") + resp.reply(is_on=False)

    def __init__(self, url: str, *, on_resume: Callable[[], None] | None = None) -> None:
        super().__init__(url, name="publisher")
        self.on_resume = on_resume
        """Called after fragments were dropped, when they can be sent again: followers have holes now."""
        self.published = 0
        self.dropped = 0
        self._prefixes: dict[str, bytes] = {}
        self._is_dropping = False
        self._unsaid = 0
        self._said_at = -1.0

    def publish(self, fragment: Fragment) -> None:
        """Send one live fragment to whoever follows its stream. Never blocks."""
        self._send(channels.video(fragment.stream_number), fragment)

    def publish_join(self, server_id: str, fragments: Iterable[Fragment]) -> None:
        """Send what one server needs to join a running camera: ``Ring.burst()``."""
        channel = channels.join(server_id)
        for fragment in fragments:
            self._send(channel, fragment)
        self._prefixes.pop(channel, None)

    def _send(self, channel: str, fragment: Fragment) -> None:
        link = self._link
        if link is None or link.unsent_bytes > MAX_UNSENT_BYTES:
            self._drop()
            return
        if self._is_dropping:
            self._resume()
        prefix = self._prefixes.get(channel)
        if prefix is None:
            prefix = self._prefixes[channel] = resp.publish_prefix(channel)
        message = fragment.message
        link.writelines((resp.publish_head(prefix, len(message)), message, _CRLF))
        self.published += 1

    def _on_connected(self) -> None:
        assert self._link is not None, "just connected"
        self._link.write(resp.reply(is_on=False))
        if self._connects > 1:
            self._is_dropping = True
            self._resume()

    def _on_reply(self, reply: Any) -> None:
        if isinstance(reply, hiredis.ReplyError):
            logger.warning("bus refuses fragments: %s", reply)

    def _drop(self) -> None:
        self._is_dropping = True
        self.dropped += 1
        self._unsaid += 1
        now = asyncio.get_running_loop().time()
        if now - self._said_at >= 1.0:
            self._said_at = now
            self._say_dropped()

    def _say_dropped(self) -> None:
        if self._unsaid:
            logger.warning("fragments dropped: %d", self._unsaid, extra={"connected": self.is_connected})
            self._unsaid = 0

    def _resume(self) -> None:
        self._is_dropping = False
        self._say_dropped()
        if self.on_resume is not None:
            asyncio.get_running_loop().call_soon(self.on_resume)
