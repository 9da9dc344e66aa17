import asyncio
from pathlib import Path

from streams.valkey import EmbeddedValkey
from tests.server.running import Running, a_config, running


async def test_a_server_that_can_accept_is_well(server: Running) -> None:
    answer = await server.client().get("/healthz")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


async def test_a_server_without_its_log_is_not(server: Running) -> None:
    await server.services.db.close()
    answer = await server.client().get("/healthz")
    assert answer.status == 503
    assert "log" in answer.json["problems"][0]


async def test_without_the_bus_alerts_still_flow_so_it_is_told_and_no_more(
    tmp_path: Path,
) -> None:
    async with EmbeddedValkey(tmp_path / "valkey") as valkey:
        config = a_config(tmp_path, valkey.url)
        async with running(config) as server:
            async with asyncio.timeout(10):
                await server.services.wakeups.subscribed.wait()
            await valkey.__aexit__(None, None, None)
            async with asyncio.timeout(10):
                while "problems" not in (answer := await server.client().get("/healthz")).json:
                    pass
            assert answer.status == 200
            assert "bus" in answer.json["problems"][0]
