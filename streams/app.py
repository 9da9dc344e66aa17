"""The intake process: composition root, start and stop."""

import asyncio
import contextlib
import functools
import json
import logging
import os
import signal
import sys
import uuid

import uvloop

from streams.bus.past_answers import PastAnswers
from streams.bus.publisher import FragmentPublisher
from streams.bus.sharded_publisher import publisher_to
from streams.bus.wakeups import Wakeups
from streams.cameras.registry import open_reader
from streams.config import IntakeConfig, StreamsConfig
from streams.pasts import Pasts
from streams.supervisor import Supervisor
from streams.valkey import EmbeddedValkey

logger = logging.getLogger(__name__)

_MIB = 1024 * 1024


def run(config: StreamsConfig, *, name: str = "") -> None:
    """Keep the cameras running until SIGTERM, SIGHUP or Ctrl-C.

    Says ``{"ready": "streams", "cameras": n}`` on stdout when the bus is there and cameras can be asked for.

    Args:
        name: of its place among the streams processes of a bus: whoever is started again under it has the same cameras.

    Raises:
        StreamsError: the embedded Valkey can't be started, or the address of the bus is wrong.
    """
    uvloop.run(serve(config, name=name))


async def serve(config: StreamsConfig, *, name: str = "") -> None:
    """See ``run``. Stops in order: cameras, bus, embedded Valkey."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        url = config.bus.url
        if not url:
            url = (await stack.enter_async_context(EmbeddedValkey(config.data_folder))).url
        publisher, wakeups = publisher_to(url), Wakeups(url)
        stack.push_async_callback(wakeups.close)
        streams_id = uuid.uuid4().hex[:12]
        pasts = _pasts(config.intake)
        supervisor = Supervisor(
            config.cameras,
            publisher,
            wakeups,
            streams_id=streams_id,
            name=name,
            max_encoders=_max_encoders(config.intake),
            pasts=pasts,
            open_reader=functools.partial(open_reader, networks=config.networks),
        )
        answers = PastAnswers(url, pasts, streams_id=streams_id, owned_s=supervisor.roll_call.owned_s)
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(publisher.run(), name="publisher")
            supervising = group.create_task(supervisor.run(), name="supervisor")
            answering = group.create_task(answers.run(), name="past")
            readying = group.create_task(_say_ready(publisher, wakeups, answers, len(config.cameras)), name="ready")
            await stop.wait()
            logger.info("stopping")
            readying.cancel()
            supervising.cancel()
            await asyncio.wait([supervising])
            answering.cancel()
            sending.cancel()
    logger.info("stopped: %d fragments published, %d dropped", publisher.published, publisher.dropped)


def _max_encoders(intake: IntakeConfig) -> int:
    """Of this one: they are counted by each process."""
    return max(1, intake.max_encoders // intake.processes) if intake.max_encoders else 0


def _pasts(intake: IntakeConfig) -> Pasts:
    total_bytes = intake.past_total_mib * _MIB
    if not total_bytes:
        total_bytes = min(4096 * _MIB, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4)
    return Pasts(past_s=intake.past_s, past_bytes=intake.past_mib * _MIB, total_bytes=total_bytes // intake.processes)


async def _say_ready(publisher: FragmentPublisher, wakeups: Wakeups, answers: PastAnswers, cameras: int) -> None:
    await publisher.connected.wait()
    await wakeups.subscribed.wait()
    await answers.listens.wait()
    sys.stdout.write(json.dumps({"ready": "streams", "cameras": cameras}) + "\n")
    sys.stdout.flush()
