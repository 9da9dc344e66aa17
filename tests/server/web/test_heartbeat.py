"""Sources that say they are there, and one that does not any more."""

from dataclasses import replace
from pathlib import Path

from streams.valkey import EmbeddedValkey
from tests.server.running import OTHER_SECRET, SOURCES, Running, a_config, running


async def test_a_signed_heartbeat_is_heard_and_another_is_not(server: Running) -> None:
    client = server.client()
    assert (await client.intake(b"", "/intake/heartbeat")).status == 204
    assert (await client.intake(b"", "/intake/heartbeat", secret=OTHER_SECRET)).status == 204
    wrong = await client.intake(b"", "/intake/heartbeat", signature="v1,AAAA")
    assert (wrong.status, wrong.code) == (401, "signature.wrong")
    late = await client.intake(b"", "/intake/heartbeat", off_s=-400)
    assert late.code == "signature.stale"


async def test_a_source_that_falls_silent_is_an_alert_that_closes_when_it_is_heard(
    tmp_path: Path, valkey: EmbeddedValkey
) -> None:
    sources = (replace(SOURCES[0], heartbeat_s=1), *SOURCES[1:])
    async with running(a_config(tmp_path, valkey.url, sources=sources)) as server:
        operator = await server.signed_in("operator")
        async with operator.events() as events:
            await events.until("hello")
            await events.say(type="snapshot")
            lane = await events.until("lane", ok=False)
            assert "cad" in lane["problems"][0]
            found = (await operator.get("/api/alerts")).json["alerts"]
            assert [(alert["event"], alert["state"]) for alert in found] == [("Source silent", "new")]
            assert "cad" in (await server.client().get("/healthz")).json["problems"][0]
            assert (await server.client().intake(b"", "/intake/heartbeat")).status == 204
            # Both are told, in whatever order.
            told: set[str] = set()
            while not {"closed", "well"} <= told:
                message = await events.next()
                if message["type"] == "lane" and message["ok"]:
                    told.add("well")
                elif message.get("kind") == "alert" and message["alert"]["id"] == found[0]["id"]:
                    told.add(message["alert"]["state"])


async def test_an_alert_is_a_sign_of_life_too(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    sources = (replace(SOURCES[0], heartbeat_s=1), *SOURCES[1:])
    async with running(a_config(tmp_path, valkey.url, sources=sources)) as server:
        operator = await server.signed_in("operator")
        async with operator.events() as events:
            await events.until("hello")
            await events.say(type="snapshot")
            await events.until("lane", ok=False)
            body = b'{"identifier": "1", "event": "Alarm"}'
            assert (await server.client().intake(body)).status == 201
            await events.until("lane", ok=True)
