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
    results = [_read(command) for command in commands]
    good = [result for result in results if isinstance(result, ReceiptCommand)]
    given = iter(await _given(services(request).alerts.receipts, actor(request), good))
    answers = [next(given) if isinstance(result, ReceiptCommand) else result for result in results]
    return bodies.answer({"results": [_wire(answer) for answer in answers]})


def _read(body: Any) -> ReceiptCommand | ReceiptResult:
    """What is to be done, or what is wrong with it."""
    try:
        return ReceiptCommand.parse(body)
    except ReceiptInvalid as error:
        named = body.get("id") if isinstance(body, dict) else None
        command_id = named.encode(errors="replace").decode() if isinstance(named, str) else ""
        return ReceiptResult(command_id, None, error)


async def _given(desk: ReceiptDesk, giver: Actor, commands: Sequence[ReceiptCommand]) -> Sequence[ReceiptResult]:
    """One result for each, in order.

    Raises:
        LogUnavailable: none of them is kept.
    """
    answer: asyncio.Future[Sequence[ReceiptResult]] = asyncio.get_running_loop().create_future()

    def done(results: Sequence[ReceiptResult]) -> None:
        if not answer.done():
            answer.set_result(results)

    desk.give(giver, commands, done)
    results = await answer
    if (refused := next((each.error for each in results if isinstance(each.error, LogUnavailable)), None)) is not None:
        raise refused
    return results


def _wire(result: ReceiptResult) -> dict[str, Any]:
    return {key: value for key, value in result.to_wire().items() if key != "type"}
