"""The whole way of a picture in one loop: intake, Valkey and server for one camera."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from streams.bus.publisher import FragmentPublisher
from streams.bus.wakeups import Wakeups
from streams.config import BusConfig, CameraConfig, StreamsConfig
from streams.supervisor import Supervisor
from streams.valkey import EmbeddedValkey
from tests.server.running import Running, a_config, running


@asynccontextmanager
async def whole_way(
    folder: Path, valkey: EmbeddedValkey, camera: CameraConfig, **supervising: Any
) -> AsyncIterator[Running]:
    """The server, which knows the camera; ``supervising`` is given to the ``Supervisor``."""
    config = a_config(folder, valkey.url, streams=StreamsConfig((camera,), BusConfig(valkey.url), folder))
    publisher, wakeups = FragmentPublisher(valkey.url), Wakeups(valkey.url)
    supervisor = Supervisor((camera,), publisher, wakeups, streams_id="streams-1", **supervising)
    try:
        async with running(config) as server, asyncio.TaskGroup() as group:
            tasks = [group.create_task(publisher.run()), group.create_task(supervisor.run())]
            await wakeups.subscribed.wait()
            yield server
            for task in reversed(tasks):
                task.cancel()
                await asyncio.wait([task])
    finally:
        await wakeups.close()
