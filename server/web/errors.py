"""Errors as answers: one table from codes to HTTP statuses (docs/wire.md §2)."""

import json
import logging
import uuid
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from server.errors import AuthThrottled, RequestTooLarge, ServerError
from server.web.headers import API_HEADERS

logger = logging.getLogger(__name__)

STATUS_OF: Mapping[str, int] = {
    "auth.required": 401,
    "auth.wrong": 401,
    "signature.wrong": 401,
    "signature.stale": 401,
    "auth.forbidden": 403,
    "origin.foreign": 403,
    "address.not_allowed": 403,
    "camera.forbidden": 403,
    "auth.throttled": 429,
    "request.not_json": 400,
    "request.invalid": 400,
    "request.too_large": 413,
    "alert.invalid": 400,
    "alert.not_xml": 400,
    "receipt.invalid": 400,
    "bulletin.incomplete": 400,
    "photo.not_a_picture": 400,
    "photo.too_large": 413,
    "photo.too_many_pixels": 400,
    "photo.damaged": 400,
    "policy.invalid": 400,
    "position.invalid": 400,
    "push.unknown_recipient": 400,
    "push.no_recipient": 400,
    "alert.unknown": 404,
    "push.unknown": 404,
    "bulletin.unknown": 404,
    "clip.unknown": 404,
    "policy.unknown": 404,
    "camera.unknown": 404,
    "media.unknown": 404,
    "past.unavailable": 404,
    "item.unknown": 404,
    "conflict.revision": 409,
    "conflict.state": 409,
    "conflict.recalled": 409,
    "alert.not_shelvable": 409,
    "conflict.id": 409,
    "subscription.too_many": 409,
    "clip.too_many": 409,
    "clip.unavailable": 503,
    "photo.unavailable": 503,
    "still.unavailable": 503,
    "log.unavailable": 503,
}
RETRY_S = 1


def answer(error: ServerError) -> web.Response:
    """The answer that an error becomes."""
    headers = {}
    if isinstance(error, AuthThrottled):
        headers["Retry-After"] = str(error.retry_after_s)
    elif STATUS_OF[error.code] == 503:
        headers["Retry-After"] = str(RETRY_S)
    elif STATUS_OF[error.code] == 401 and error.code.startswith("auth."):
        headers["WWW-Authenticate"] = "Bearer"  # RFC 9110 §15.5.2; no browser asks for a password by itself for it
    return _response(STATUS_OF[error.code], error.to_wire(), headers)


def http_answer(error: web.HTTPException) -> web.Response:
    """The same for what the library refuses: an unknown path, a wrong method, a body that is too large."""
    if error.status == 413:
        return answer(RequestTooLarge("The body is larger than 256 KiB."))
    words = {
        404: ("path.unknown", "There is nothing at this address."),
        405: ("method.not_allowed", "Not this method."),
    }
    code, message = words.get(error.status, ("request.invalid", error.text or error.reason))
    headers = {name: error.headers[name] for name in ("Allow", "Upgrade") if name in error.headers}
    return _response(error.status, {"error": {"code": code, "message": message}}, headers)


def unexpected_answer(error: Exception, request: web.BaseRequest) -> web.Response:
    """For what should not happen: the log has it under the id that the client is told."""
    error_id = uuid.uuid4().hex[:8]
    logger.error("request failed: %s", error_id, exc_info=error, extra={"method": request.method})
    message = f"Something went wrong here. The log of the server has it as {error_id}."
    return _response(500, {"error": {"code": "server.error", "message": message}}, {})


def _response(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> web.Response:
    text = json.dumps(body, ensure_ascii=False)
    return web.Response(status=status, text=text, content_type="application/json", headers={**API_HEADERS, **headers})
