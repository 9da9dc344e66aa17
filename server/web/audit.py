"""Audit: what was done, by whom, and whether the record is whole."""

from aiohttp import web
from sqlalchemy import Connection

from server.core.audit import AuditEntry, Verification
from server.errors import RequestInvalid
from server.store import audit
from server.web import bodies
from server.web.services import services


async def index(request: web.Request) -> web.Response:
    given = request.query.get("after", "0")
    if not given.isdecimal() or len(given) > 18:
        raise RequestInvalid("'after' must be the id of an entry, 0 or more.", path="after")
    after = int(given)

    def read(conn: Connection) -> tuple[list[AuditEntry], Verification]:
        return audit.page(conn, after), audit.verify(conn, after, audit.PAGE)

    entries, verification = await services(request).db.read(read)
    return bodies.answer(
        {
            "entries": [entry.to_wire() for entry in entries],
            "verified": verification.is_whole,
            "broken_at": verification.broken_at,
        }
    )
