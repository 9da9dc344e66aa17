from server.web.services import wall_ms
from tests.server.running import Client, Running
from tests.streams.until import until

NEAR = {"lat": 41.76, "lon": -72.67, "radius_m": 800}


async def test_it_is_said_before_sending_whom_it_would_reach(
    server: Running, operator: Client, officer: Client
) -> None:
    async with officer.events() as events:
        await events.until("hello")
        await events.say(type="snapshot")
        await events.say(type="position", lat=41.761, lon=-72.67, accuracy_m=5, at_ms=wall_ms() - 40_000)
        await until(lambda: "officer-12" in server.services.alerts.positions.known())
        answer = await operator.post("/api/recipients", {"to": {"near": NEAR, "people": ["officer-7"]}})
    assert answer.status == 200
    one, other = answer.json["recipients"]
    assert (one["person"], one["online"], other["person"], other["online"]) == ("officer-12", True, "officer-7", False)
    assert 40_000 <= one["position_age_ms"] < 60_000
    assert other["position_age_ms"] is None
    assert answer.json["stale"] == 1


async def test_a_selection_that_means_nobody_is_said_so(operator: Client, officer: Client) -> None:
    ask = "/api/recipients"
    assert (await operator.post(ask, {"to": {"near": NEAR}})).code == "push.no_recipient"
    unknown = await operator.post(ask, {"to": {"units": ["99"]}})
    assert (unknown.code, unknown.json["error"]["path"]) == ("push.unknown_recipient", "to.units[0]")
    assert (await operator.post(ask, {"to": {"near": {**NEAR, "radius_m": 0}}})).code == "request.invalid"
    assert (await operator.post(ask, {})).code == "request.invalid"
    assert (await officer.post(ask, {"to": {"units": ["7"]}})).code == "auth.forbidden"
