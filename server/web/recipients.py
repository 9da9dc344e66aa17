"""Recipients: whom something would reach, said before it is sent."""

from aiohttp import web

from server.core.positions import STALE_MS
from server.core.selection import Selection
from server.web import bodies
from server.web.services import services


async def count(request: web.Request) -> web.Response:
    selection = Selection.parse((await bodies.read_object(request)).get("to"))
    roster = services(request).roster.roster()
    reached = roster.resolve(selection, now_ms=services(request).now_ms())
    recipients = [
        {"person": one.person_id, "online": one.person_id in roster.online, "position_age_ms": one.position_age_ms}
        for one in reached
    ]
    return bodies.answer(
        {"recipients": recipients, "stale": sum((one.position_age_ms or 0) > STALE_MS for one in reached)}
    )
