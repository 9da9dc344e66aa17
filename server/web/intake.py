"""Intake: the doors that alerts come in by (docs/wire.md §7). Nobody gets a 201 before the alert is on disk."""

import asyncio
import hmac
from functools import partial
from typing import Literal

from aiohttp import web

from server.config import SourceConfig
from server.core.intake import alert_from_json
from server.core.json_text import parse_json
from server.core.people import Actor
from server.errors import AddressNotAllowed, AlertInvalid, AlertNotXml, SignatureWrong
from server.store import intake
from server.web import bodies
from server.web.address import client_address, is_in
from server.web.services import Services, services
from server.web.signature import source_of
from streams.alert import Alert
from streams.errors import FormatError
from streams.formats import gunshot_xml

PARSE_TIMEOUT_S = 5.0


async def signed_json(request: web.Request) -> web.Response:
    raw = await bodies.read_bytes(request)
    source = _signed(request, "alerts", raw)
    alert, priority = alert_from_json(parse_json(raw))
    return await _keep(request, source, alert, priority, raw)


async def signed_xml(request: web.Request) -> web.Response:
    raw = await bodies.read_bytes(request)
    source = _signed(request, "gunshot", raw)
    return await _keep(request, source, await _from_xml(source, raw), None, raw)


async def secret_path_xml(request: web.Request) -> web.Response:
    source = _by_path(services(request), request.match_info["secret"], _address(request))
    raw = await bodies.read_bytes(request)
    return await _keep(request, source, await _from_xml(source, raw), None, raw)


def _signed(request: web.Request, kind: Literal["alerts", "gunshot"], raw: bytes) -> SourceConfig:
    sources = (source for source in services(request).sources if source.kind == kind)
    return source_of(sources, request.headers, raw, now_s=services(request).now_ms() / 1000)


def _by_path(of: Services, secret: str, address: str) -> SourceConfig:
    """
    Raises:
        SignatureWrong: no source has this path.
        AddressNotAllowed: it has, but not for this address.
    """
    found = None
    for source in of.sources:
        # All are compared, in constant time each: how long it takes says nothing.
        if source.path_secret and hmac.compare_digest(source.path_secret.encode(), secret.encode()):
            found = source
    if found is None:
        raise SignatureWrong("No source has this address.")
    if not is_in(address, found.allow):
        raise AddressNotAllowed("This source may not send from your address.")
    return found


async def _from_xml(source: SourceConfig, raw: bytes) -> Alert:
    """
    Raises:
        AlertNotXml, AlertInvalid: it is not XML, has a DTD, or no incident id.
    """
    parse = partial(gunshot_xml.parse, raw, fields=source.fields, timezone=source.timezone)
    try:
        # In a thread: time zones are read from disk, and a large document takes its time.
        async with asyncio.timeout(PARSE_TIMEOUT_S):
            return await asyncio.to_thread(parse)
    except gunshot_xml.NotXml as error:
        raise AlertNotXml(_sentence(error)) from error
    except FormatError as error:
        raise AlertInvalid(_sentence(error)) from error
    except TimeoutError as error:
        raise AlertNotXml(f"The document was not read within {PARSE_TIMEOUT_S:.0f} s.") from error


async def _keep(
    request: web.Request, source: SourceConfig, alert: Alert, priority: int | None, raw: bytes
) -> web.Response:
    """Commit, then tell."""
    raised = await services(request).db.write(
        partial(
            intake.raise_alert,
            alert=alert,
            source=source.name,
            priority=priority,
            actor=Actor(source=source.name, address=_address(request)),
            now_ms=services(request).now_ms(),
            raw=raw,
            planner=services(request).roster.planner(),
        )
    )
    services(request).log.announce(raised.entry)
    services(request).source_watch.heard(source.name)
    if raised.entry is None:
        return bodies.answer({"alert": raised.record.to_wire(), "duplicate": True})
    body = {"alert": raised.record.to_wire(), "position": raised.entry.position}
    return bodies.answer(body, status=201 if raised.record.revision == 1 else 200)


def _address(request: web.Request) -> str:
    return client_address(request, behind_proxy=services(request).web.behind_proxy)


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
