"""Clips: ordering what a camera saw, and taking it away with its proof."""

import logging
from functools import partial

from aiohttp import hdrs, web

from server.core import manifest
from server.core.body import text
from server.core.clips import MAX_WHY_CHARACTERS, ClipOrder
from server.errors import ClipUnavailable, ClipUnknown
from server.media.clip_key import public_pem
from server.store import clip_retention, clips
from server.web import bodies
from server.web.headers import API_HEADERS
from server.web.services import actor, services

logger = logging.getLogger(__name__)


async def index(request: web.Request) -> web.Response:
    alert, camera = request.query.get("alert"), request.query.get("camera")
    found = await services(request).db.read(partial(clips.recent, alert_id=alert, camera=camera))
    return bodies.answer({"clips": [clip.to_wire() for clip in found]})


async def create(request: web.Request) -> web.Response:
    order = ClipOrder.parse(await bodies.read_object(request))
    now_ms, recorder = services(request).now_ms(), services(request).recorder
    ordered = await services(request).db.write(
        partial(clips.order, wanted=order, cameras=recorder.cameras, actor=actor(request), now_ms=now_ms)
    )
    recorder.wake()
    return bodies.answer({"clip": ordered.record.to_wire()}, status=200 if ordered.duplicate else 201)


async def show(request: web.Request) -> web.Response:
    clip_id = request.match_info["id"]
    clip = await services(request).db.read(partial(clips.find, clip_id=clip_id))
    if clip is None:
        raise ClipUnknown(f"There is no clip '{clip_id[:64]}'.")
    return bodies.answer({"clip": clip.to_wire()})


async def key(request: web.Request) -> web.Response:
    """The public half of what manifests are signed with."""
    private = services(request).clip_key
    public = private.public_key().public_bytes_raw()
    answer = {"algorithm": manifest.ALGORITHM, "pem": public_pem(private), "fingerprint": manifest.fingerprint(public)}
    return bodies.answer(answer)


async def show_manifest(request: web.Request) -> web.Response:
    now_ms, clip_id = services(request).now_ms(), request.match_info["id"]
    look = partial(
        clips.look, clip_id=clip_id, actor=actor(request), action="clip.manifest_opened", details={}, now_ms=now_ms
    )
    clip, _, signed = await services(request).db.write(look)
    headers = {**API_HEADERS, **_named(f"clip-{clip.number}-{clip.camera.id}.json")}
    return web.Response(text=signed, content_type="application/json", headers=headers)


async def video(request: web.Request) -> web.StreamResponse:
    """The file, or the part of it that ``Range`` asks for (RFC 9110 §14.2); each is on record."""
    now_ms, clip_id, store = services(request).now_ms(), request.match_info["id"], services(request).clips
    details = {"range": request.headers[hdrs.RANGE][:100]} if hdrs.RANGE in request.headers else {}
    look = partial(
        clips.look, clip_id=clip_id, actor=actor(request), action="clip.opened", details=details, now_ms=now_ms
    )
    clip, file, _ = await services(request).db.write(look)
    size = await store.size(file)
    headers = {
        **API_HEADERS,
        **_named(f"clip-{clip.number}-{clip.camera.id}.mp4"),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        hdrs.ACCEPT_RANGES: "bytes",
        # What was downloaded is the clip, or it is not.
        hdrs.ETAG: f'"{clip.sha256}"',
    }
    span = _span(request, size)
    if span is None:
        return web.Response(status=416, headers={**headers, hdrs.CONTENT_RANGE: f"bytes */{size}"})
    start, end = span
    is_part = (start, end) != (0, size)
    if is_part:
        headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{end - 1}/{size}"
    response = web.StreamResponse(status=206 if is_part else 200, headers=headers)
    response.content_type, response.content_length = "video/mp4", end - start
    await response.prepare(request)
    if request.method != hdrs.METH_HEAD:
        try:
            async for chunk in store.read(file, start, end):
                await response.write(chunk)
        except ClipUnavailable as error:
            # It has begun: all that is left to say is that it does not end.
            logger.error("clip %d can't be given whole: %s", clip.number, error)
            if request.transport is not None:
                request.transport.abort()
            return response
    await response.write_eof()
    return response


async def hold(request: web.Request) -> web.Response:
    reason = text(await bodies.read_object(request), "reason", max_characters=MAX_WHY_CHARACTERS).strip()
    now_ms, clip_id = services(request).now_ms(), request.match_info["id"]
    clip = await services(request).db.write(
        partial(clip_retention.hold, clip_id=clip_id, reason=reason, actor=actor(request), now_ms=now_ms)
    )
    return bodies.answer({"clip": clip.to_wire()})


async def release(request: web.Request) -> web.Response:
    now_ms, clip_id = services(request).now_ms(), request.match_info["id"]
    clip = await services(request).db.write(
        partial(clip_retention.release, clip_id=clip_id, actor=actor(request), now_ms=now_ms)
    )
    return bodies.answer({"clip": clip.to_wire()})


def _span(request: web.Request, size: int) -> tuple[int, int] | None:
    """From where to before where; None when there is no such part. What can't be understood asks for all of it."""
    try:
        asked = request.http_range
    except ValueError:
        return 0, size
    start, end, _ = asked.indices(size)
    if asked.start is None and asked.stop is None:
        return 0, size
    return (start, end) if start < end else None


def _named(name: str) -> dict[str, str]:
    """Ids of cameras hold nothing that must be quoted (streams/config.py)."""
    return {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"'}
