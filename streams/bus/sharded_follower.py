"""ShardedFollower: follows cameras on a cluster, each at the master of its channel's slot."""

import asyncio
from collections.abc import Callable
from typing import Any, NoReturn

import hiredis

from streams.bus import channels, resp
from streams.bus.address import BusAddress
from streams.bus.follower import FragmentFollower
from streams.bus.shards import Shard, Shards


def follower_of(
    url: str, server_id: str, on_message: Callable[[bytes], None], *, on_reconnect: Callable[[], None] | None = None
) -> FragmentFollower:
    """The one for this bus."""
    kind = ShardedFollower if BusAddress.parse(url).nodes else FragmentFollower
    return kind(url, server_id, on_message, on_reconnect=on_reconnect)


class ShardedFollower(FragmentFollower):
    """Listens to what goes through all nodes as well: so come pictures while a master is lost."""

    def __init__(
        self,
        url: str,
        server_id: str,
        on_message: Callable[[bytes], None],
        *,
        on_reconnect: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(url, server_id, on_message, on_reconnect=on_reconnect)
        self._server_id = server_id
        self._at: dict[int, Shard] = {}
        """Where each camera is followed."""
        self._shards = Shards(
            BusAddress.parse(url),
            on_connected=self._on_shard,
            on_reply=self._on_shard_reply,
            on_change=self._follow_all,
        )

    async def run(self) -> NoReturn:
        async with asyncio.TaskGroup() as group:
            group.create_task(super().run(), name="home")
            group.create_task(self._shards.run(), name="shards")
        raise AssertionError("its tasks run for ever")

    def subscribe(self, camera_number: int) -> None:
        super().subscribe(camera_number)
        self._follow(camera_number)

    def unsubscribe(self, camera_number: int) -> None:
        super().unsubscribe(camera_number)
        if (shard := self._at.pop(camera_number, None)) and shard.link is not None:
            shard.link.write(resp.command("SUNSUBSCRIBE", *self._names(camera_number)))

    def _follow(self, camera_number: int) -> bool:
        """Whether it is followed elsewhere now."""
        shard = self._shards.of(channels.video(camera_number))
        if shard is None or shard.link is None or self._at.get(camera_number) is shard:
            return False
        self._at[camera_number] = shard
        # One command for each slot, or it is refused.
        shard.link.write(resp.command("SSUBSCRIBE", *self._names(camera_number)))
        return True

    def _follow_all(self) -> None:
        moved = [camera_number for camera_number in sorted(self._cameras) if self._follow(camera_number)]
        if moved and self._on_reconnect is not None:
            self._on_reconnect()

    def _names(self, camera_number: int) -> tuple[str, str]:
        return channels.video(camera_number), channels.sharded_join(self._server_id, camera_number)

    def _on_shard(self, shard: Shard) -> None:
        self._forget(shard)
        self._follow_all()

    def _on_shard_reply(self, shard: Shard, reply: Any) -> None:
        if type(reply) is list:
            if reply[0] == b"smessage":
                self._on_message(reply[2])
            elif reply[0] == b"sunsubscribe" and reply[1] is not None:
                self._on_left(shard, reply[1].decode())
        elif isinstance(reply, hiredis.ReplyError):
            # MOVED: which one is not said.
            self._forget(shard)
            self._shards.look_soon()

    def _on_left(self, shard: Shard, channel: str) -> None:
        """We have left it, or its slot has got another master."""
        for camera_number, at in list(self._at.items()):
            if at is shard and channel in self._names(camera_number):
                del self._at[camera_number]
                self._shards.look_soon()

    def _forget(self, shard: Shard) -> None:
        self._at = {camera_number: at for camera_number, at in self._at.items() if at is not shard}
