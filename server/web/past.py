"""Past: what a camera has shown lately, as a video; on record like any other look."""

import asyncio
import logging

from aiohttp import hdrs, web

from server.errors import CameraUnknown, PastUnavailable, RequestInvalid
from server.lanes.looks import Look
from server.lanes.past_reader import PastAnswer
from server.web.headers import API_HEADERS
from server.web.services import actor, services
from streams.errors import FormatError
from streams.formats import fmp4
from streams.fragment import Fragment, Kind

logger = logging.getLogger(__name__)

WRITE_TIMEOUT_S = 30.0
"""Who takes nothing for so long is not waited for any more."""
MAX_PURPOSE_CHARACTERS = 200
_MAX_MS = 2**53
_BOUNDARY = "sightline-picture"


async def show(request: web.Request) -> web.StreamResponse:
    """MP4 as it was sent live; of cameras that send single JPEGs those, one after the other."""
    camera = services(request).board.cameras.get(request.match_info["id"])
    if camera is None:
        raise CameraUnknown(f"There is no camera '{request.match_info['id']}'.")
    from_ms, to_ms = _milliseconds(request, "from_ms"), _milliseconds(request, "to_ms")
    if to_ms < from_ms:
        raise RequestInvalid("'to_ms' must not be before 'from_ms'.", path="to_ms")
    purpose = request.query.get("purpose", "past")
    if len(purpose) > MAX_PURPOSE_CHARACTERS:
        raise RequestInvalid(f"'purpose' has more than {MAX_PURPOSE_CHARACTERS} characters.", path="purpose")
    async with services(request).past.open(camera.number, from_ms, to_ms) as answer:
        if request.method == hdrs.METH_HEAD:
            return web.Response(headers=_headers(answer))
        look = await services(request).looks.begin(actor(request), camera.id, purpose)
        return await _tell(request, answer, look)


async def _tell(request: web.Request, answer: PastAnswer, look: Look) -> web.StreamResponse:
    """
    Raises:
        PastUnavailable: it broke off before anything was sent. Later it is the connection that breaks off.
    """
    response = web.StreamResponse(headers=_headers(answer))
    pictures, is_jpeg, why = 0, False, "closed"
    try:
        async for fragment in answer.fragments():
            if not response.prepared:
                is_jpeg = fragment.kind is Kind.JPEG
                response.headers[hdrs.CONTENT_TYPE] = _content_type(fragment)
                await response.prepare(request)
            if fragment.kind is not Kind.GAP and (fragment.kind is Kind.JPEG) == is_jpeg:
                async with asyncio.timeout(WRITE_TIMEOUT_S):
                    await response.write(_jpeg_part(fragment) if is_jpeg else fragment.body)
                pictures += fragment.kind is not Kind.INIT
        if is_jpeg:
            await response.write(f"--{_BOUNDARY}--\r\n".encode())
        why = "finished"
    except PastUnavailable as error:
        why = "broken"
        if not response.prepared:
            raise
        logger.warning("past broke off: %s", error)
        _cut_off(request)
    except (ConnectionError, TimeoutError):
        _cut_off(request)
    finally:
        services(request).looks.end(look, frames=pictures, skipped=0, why=why)
    return response


def _cut_off(request: web.Request) -> None:
    """Without the end of the body, so that nobody takes it for whole."""
    if request.transport is not None:
        request.transport.abort()


def _headers(answer: PastAnswer) -> dict[str, str]:
    return {
        **API_HEADERS,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Sightline-From-Ms": str(answer.from_ms),
        "Sightline-To-Ms": str(answer.to_ms),
        "Sightline-Clock": ", ".join(f"{captured_ms}@{dts}" for captured_ms, dts in answer.clock),
    }


def _content_type(first: Fragment) -> str:
    if first.kind is Kind.JPEG:
        return f"multipart/mixed; boundary={_BOUNDARY}"
    try:
        return f'video/mp4; codecs="{fmp4.read_init(first.body).codec_string}"'
    except FormatError:
        return "video/mp4"  # the segment itself says it too


def _jpeg_part(fragment: Fragment) -> bytes:
    picture = fragment.body
    head = (
        f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n"
        f"Sightline-Captured-Ms: {int(fragment.captured_ms)}\r\n\r\n"
    )
    return b"".join((head.encode(), picture, b"\r\n"))


def _milliseconds(request: web.Request, key: str) -> int:
    try:
        value = int(request.query.get(key, ""))
    except ValueError:
        value = -1
    if not 0 <= value <= _MAX_MS:
        raise RequestInvalid(f"'{key}' must be a time in milliseconds since the epoch, UTC.", path=key)
    return value
