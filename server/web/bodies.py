"""Bodies: reading what was sent, writing what is answered."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from server.core.body import json_kind
from server.core.json_text import parse_json
from server.errors import RequestInvalid, RequestTooLarge
from server.web.headers import API_HEADERS

MAX_BYTES = 256 * 1024
READ_TIMEOUT_S = 10.0


async def read_bytes(request: web.Request) -> bytes:
    """The body as it came.

    Raises:
        RequestTooLarge: more than 256 KiB.
        RequestInvalid: it did not come within 10 s, or the client has gone in the middle of it.
    """
    if (request.content_length or 0) > MAX_BYTES:
        raise RequestTooLarge(f"The body has {request.content_length} bytes, at most {MAX_BYTES} are read.")
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            return await request.read()
    except TimeoutError:
        raise RequestInvalid(f"The body did not come within {READ_TIMEOUT_S:.0f} s.") from None
    except ConnectionError:
        # Nobody reads this answer; without it the log would tell of an error of ours.
        raise RequestInvalid("The connection ended before the whole body had come.") from None


async def read_object(request: web.Request) -> Mapping[str, Any]:
    """The body as a JSON object.

    Raises:
        RequestNotJson, RequestInvalid, RequestTooLarge: it is none.
    """
    body = parse_json(await read_bytes(request))
    if not isinstance(body, dict):
        raise RequestInvalid(f"The body must be a JSON object, not {json_kind(body)}.")
    return body


def answer(body: Mapping[str, Any], *, status: int = 200) -> web.Response:
    text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    return web.Response(status=status, text=text, content_type="application/json", headers=API_HEADERS)
