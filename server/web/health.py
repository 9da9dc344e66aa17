"""Health: for load balancers and people who look after the machine."""

import asyncio

from aiohttp import web

from server.errors import LogUnavailable
from server.store import log
from server.web import bodies
from server.web.services import services

TIMEOUT_S = 3.0


async def show(request: web.Request) -> web.Response:
    """503 only when nothing can be accepted.

    Without the bus alerts still flow, a little later, so that is told and no more: taking all servers out because Redis
    is away would turn a small trouble into a large one.
    """
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await services(request).db.read(log.head)
    except (LogUnavailable, TimeoutError):
        return bodies.answer({"status": "unavailable", "problems": ["The log can't be read."]}, status=503)
    services(request).alerts.problems.look()
    problems = services(request).alerts.problems.problems()
    if not services(request).wakeups.subscribed.is_set():
        problems.append("The bus can't be reached: no pictures, and alerts come up to a second later.")
    return bodies.answer({"status": "ok", "problems": problems} if problems else {"status": "ok"})
