"""Two servers on a bus behind a sentinel: the master dies, alerts go on, and the bus is used again by itself."""

import asyncio
from pathlib import Path

from streams.bus import channels
from tests.fakes.sentinel import watched
from tests.server.running import a_config, gather_positions, running
from tests.streams.until import until


async def test_alerts_go_on_while_the_bus_fails_over_and_both_servers_find_the_next_master(tmp_path: Path) -> None:
    async with watched(tmp_path / "bus") as bus:
        config = a_config(tmp_path, bus.url)
        async with running(config) as here, running(config) as there:
            operator, officer = await here.signed_in("operator"), await there.signed_in("officer-12")
            doors = [server.services.wakeups for server in (here, there)]
            async with officer.events() as events:
                hello = await events.until("hello")
                await events.say(type="resume", installation=hello["installation"], position=0)
                await events.until("replay")
                reading = asyncio.create_task(gather_positions(events, 20))
                await bus.master.kill()
                for number in range(20):
                    answer = await operator.post("/api/alerts", {"event": f"Alert {number}"})
                    assert answer.status == 201
                assert list(await reading) == list(range(1, 21))
                await until(lambda: all(door.subscribed.is_set() for door in doors))
            assert await bus.replica.ask("PUBSUB", "NUMSUB", channels.LOG) == [channels.LOG.encode(), 2]
