"""ShardedPublisher: publishes fragments on a cluster, each camera's on the master of its channel's slot."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import hiredis

from streams.bus import channels, resp
from streams.bus.address import BusAddress
from streams.bus.publisher import MAX_UNSENT_BYTES, FragmentPublisher
from streams.bus.shards import Shard, Shards
from streams.fragment import Fragment

logger = logging.getLogger(__name__)


def publisher_to(url: str) -> FragmentPublisher:
    """The one for this bus."""
    return ShardedPublisher(url) if BusAddress.parse(url).nodes else FragmentPublisher(url)


class ShardedPublisher(FragmentPublisher):
    """What belongs to a camera goes over one connection. While its master is lost, it goes through all nodes, as on any
    other bus: followers listen there, too."""

    def __init__(self, url: str, *, on_resume: Callable[[], None] | None = None) -> None:
        super().__init__(url, on_resume=on_resume)
        self._shards = Shards(BusAddress.parse(url), on_connected=self._on_shard, on_reply=self._on_shard_reply)
        self._shard_prefixes: dict[str, bytes] = {}

    async def run(self) -> NoReturn:
        async with asyncio.TaskGroup() as group:
            group.create_task(super().run(), name="home")
            group.create_task(self._shards.run(), name="shards")
        raise AssertionError("its tasks run for ever")

    def publish(self, fragment: Fragment) -> None:
        channel = channels.video(fragment.stream_number)
        if not self._send_to_shard(channel, channel, fragment):
            self._send(channel, fragment)

    def publish_join(self, server_id: str, fragments: Iterable[Fragment]) -> None:
        for fragment in fragments:
            video = channels.video(fragment.stream_number)
            joining = channels.sharded_join(server_id, fragment.stream_number)
            if not self._send_to_shard(video, joining, fragment):
                self._send(channels.join(server_id), fragment)
            self._shard_prefixes.pop(joining, None)
        self._prefixes.pop(channels.join(server_id), None)

    def _send_to_shard(self, video: str, channel: str, fragment: Fragment) -> bool:
        """False: there is no way there."""
        shard = self._shards.of(video)
        if shard is None or (link := shard.link) is None:
            return False
        if link.unsent_bytes > MAX_UNSENT_BYTES:
            self._drop()
            return True
        if self._is_dropping:
            self._resume()
        prefix = self._shard_prefixes.get(channel)
        if prefix is None:
            prefix = self._shard_prefixes[channel] = resp.publish_prefix(channel, sharded=True)
        link.writelines((resp.publish_head(prefix, len(fragment.message)), fragment.message, b"\r\n"))
        self.published += 1
        return True

    def _on_shard(self, shard: Shard) -> None:
        assert shard.link is not None, "just connected"
        # Fragments are not answered, pings are.
        shard.sign_of_life = resp.reply(is_on=True) + resp.PING + resp.reply(is_on=False)
        shard.link.write(resp.reply(is_on=False))

    def _on_shard_reply(self, _shard: Shard, reply: Any) -> None:
        if isinstance(reply, hiredis.ReplyError):
            logger.warning("bus refuses fragments: %s", reply)
