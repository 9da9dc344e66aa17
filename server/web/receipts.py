"""Receipts by HTTP: for clients without an open socket."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from server.core.body import json_kind
from server.core.people import Actor
from server.core.receipts import ReceiptCommand, ReceiptResult
from server.errors import LogUnavailable, ReceiptInvalid, RequestInvalid
from server.lanes.receipts import ReceiptDesk
from server.web import bodies
from server.web.services import actor, services

MAX_COMMANDS = 500


async def create(request: web.Request) -> web.Response:
    commands = (await bodies.read_object(request)).get("receipts")
    if not isinstance(commands, list):
        raise RequestInvalid(f"'receipts' must be a list, not {json_kind(commands)}.", path="receipts")
    if len(commands) > MAX_COMMANDS:
        message = f"'receipts' has {len(commands)} items, at most {MAX_COMMANDS} fit."
        raise RequestInvalid(message, path="receipts")
    desk = services(request).alerts.receipts
    results = await asyncio.gather(*(_give(desk, actor(request), command) for command in commands))
    if any(isinstance(result.error, LogUnavailable) for result in results):
        raise next(result.error for result in results if isinstance(result.error, LogUnavailable))
    return bodies.answer({"results": [_wire(result) for result in results]})


async def _give(desk: ReceiptDesk, giver: Actor, body: Any) -> ReceiptResult:
    try:
        command = ReceiptCommand.parse(body)
    except ReceiptInvalid as error:
        named = body.get("id") if isinstance(body, dict) else None
        command_id = named.encode(errors="replace").decode() if isinstance(named, str) else ""
        return ReceiptResult(command_id, None, error)
    answer: asyncio.Future[ReceiptResult] = asyncio.get_running_loop().create_future()

    def done(results: Sequence[ReceiptResult]) -> None:
        if not answer.done():
            answer.set_result(results[0])

    desk.give(giver, [command], done)
    return await answer


def _wire(result: ReceiptResult) -> dict[str, Any]:
    return {key: value for key, value in result.to_wire().items() if key != "type"}
