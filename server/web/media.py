"""Media: photos come in, and are opened by those who may."""

import asyncio
from functools import partial

from aiohttp import web

from server.core.media import Picture
from server.errors import MediaUnknown, PhotoTooLarge, RequestInvalid
from server.media.header import MAX_BYTES
from server.store import media
from server.web import bodies
from server.web.headers import API_HEADERS
from server.web.services import actor, services

READ_TIMEOUT_S = 60.0
"""20 MB in a minute are 2.7 Mbit/s."""
_HEADERS = {
    **API_HEADERS,
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
}


async def create(request: web.Request) -> web.Response:
    """The body is the picture, whatever its Content-Type says."""
    _refuse_early(request)
    async with services(request).darkroom.place() as place:
        photo = await place.develop(await _read(request))
    await services(request).media.put(photo.full)
    who, now_ms = actor(request), services(request).now_ms()
    sent = Picture(photo.id, photo.width, photo.height, len(photo.full), photo.thumbnail, who.id, now_ms)
    picture = await services(request).db.write(partial(media.add, picture=sent, actor=who, now_ms=now_ms))
    return bodies.answer({"media": picture.to_wire()}, status=201)


async def show(request: web.Request) -> web.Response:
    picture = await _look(request, "full")
    data = await services(request).media.get(picture.id)
    if data is None:
        raise MediaUnknown("The photo is not there any more, although it should be. The log of the server has it.")
    return _jpeg(data)


async def show_thumbnail(request: web.Request) -> web.Response:
    return _jpeg((await _look(request, "thumbnail")).thumbnail)


async def _look(request: web.Request, size: str) -> Picture:
    now_ms = services(request).now_ms()
    look = partial(media.look, media_id=request.match_info["id"], actor=actor(request), size=size, now_ms=now_ms)
    return await services(request).db.write(look)


def _jpeg(data: bytes) -> web.Response:
    return web.Response(body=data, content_type="image/jpeg", headers=_HEADERS)


def _refuse_early(request: web.Request) -> None:
    if (request.content_length or 0) > MAX_BYTES:
        raise _too_large()


async def _read(request: web.Request) -> bytes:
    """The body, past the limit that holds for all others.

    Raises:
        PhotoTooLarge: more than 20 MB.
        RequestInvalid: it did not come whole, or not within 60 s.
    """
    data = bytearray()
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            async for part in request.content.iter_any():
                data += part
                if len(data) > MAX_BYTES:
                    raise _too_large()
    except TimeoutError:
        raise RequestInvalid(f"The picture did not come within {READ_TIMEOUT_S:.0f} s.") from None
    except ConnectionError:
        raise RequestInvalid("The connection ended before the whole picture came.") from None
    return bytes(data)


def _too_large() -> PhotoTooLarge:
    return PhotoTooLarge(f"The photo has more than {MAX_BYTES // 1024**2} MB. Make it smaller and send it again.")
