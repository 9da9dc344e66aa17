"""The table of routes, and the gate before it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from server import errors as server_errors
from server.core.access import Permission
from server.errors import ServerError
from server.web.errors import STATUS_OF
from server.web.pages import Pages
from server.web.route import Route
from server.web.routes import application, table
from tests.server.running import Client, Running


def every_code(base: type[ServerError] = ServerError) -> set[str]:
    """Of the errors that are raised: those without narrower ones."""
    narrower = base.__subclasses__()
    return {base.code} if not narrower else set().union(*(every_code(each) for each in narrower))


def test_every_error_has_a_status() -> None:
    raised = {
        code
        for code in every_code()
        if any(code == getattr(each, "code", None) for each in vars(server_errors).values())
    }
    assert raised <= set(STATUS_OF)
    assert all(400 <= status < 600 for status in STATUS_OF.values())


def test_every_route_has_a_permission() -> None:
    routes = table(Pages())
    assert len(routes) > 20
    assert all(route.permission is not None for route in routes)


def test_what_anybody_may_do_is_a_short_list() -> None:
    for_anybody = {(route.method, route.path) for route in table(Pages()) if route.permission is Permission.ANYBODY}
    assert for_anybody == {
        ("POST", "/api/session"),
        ("POST", "/intake/alerts"),
        ("POST", "/intake/gunshot"),
        ("POST", "/intake/gunshot/{secret}"),
        ("POST", "/intake/heartbeat"),
        ("GET", "/healthz"),
        ("GET", "/metrics"),
        ("GET", "/"),
        ("GET", "/sign-in"),
        ("GET", "/console"),
        ("GET", "/tablet"),
        ("GET", "/dispatch"),
        ("GET", "/cameras"),
        ("GET", "/sign-in/"),
        ("GET", "/console/"),
        ("GET", "/tablet/"),
        ("GET", "/dispatch/"),
        ("GET", "/cameras/"),
        ("GET", "/sw.js"),
        ("GET", "/assets/{name:[A-Za-z0-9_.-]+}"),
    }


async def nothing(_request: web.Request) -> web.Response:
    return web.Response()


async def test_a_route_without_a_permission_stops_the_start(server: Running) -> None:
    routes = [Route("GET", "/api/secrets", None, nothing)]
    with pytest.raises(ValueError, match="GET /api/secrets has no permission"):
        application(server.services, routes, frozenset())


OFFICERS_MAY_NOT = [
    ("GET", "/api/people"),
    ("POST", "/api/alerts"),
    ("POST", "/api/pushes"),
    ("POST", "/api/pushes/1/recall"),
    ("POST", "/api/bulletins"),
    ("POST", "/api/bulletins/1/commands"),
    ("GET", "/api/audit"),
]


@pytest.mark.parametrize(("method", "path"), OFFICERS_MAY_NOT)
async def test_an_officer_may_not(officer: Client, method: str, path: str) -> None:
    answer = await officer.request(method, path)
    assert (answer.status, answer.code) == (403, "auth.forbidden")


async def test_only_an_admin_reads_the_audit(server: Running, operator: Client) -> None:
    assert (await operator.get("/api/audit")).code == "auth.forbidden"
    assert (await (await server.signed_in("dispatcher")).get("/api/audit")).code == "auth.forbidden"
    assert (await (await server.signed_in("admin")).get("/api/audit")).status == 200


async def test_what_is_not_there_says_so(operator: Client) -> None:
    answer = await operator.get("/api/nothing")
    assert (answer.status, answer.code) == (404, "path.unknown")
    answer = await operator.request("PUT", "/api/alerts")
    assert (answer.status, answer.code) == (405, "method.not_allowed")
    assert "GET" in answer.headers["Allow"]


async def test_what_can_be_got_can_be_asked_about(operator: Client) -> None:
    for path in ("/healthz", "/api/alerts"):
        answer = await operator.request("HEAD", path)
        assert (answer.status, answer.text) == (200, "")
        assert int(answer.headers["Content-Length"]) > 0
    assert (await operator.request("HEAD", "/ws/events")).status == 405


async def test_who_has_to_sign_in_is_told_how(server: Running) -> None:
    answer = await server.client().get("/api/alerts")
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(operator: Client) -> None:
    answer = await operator.request("POST", "/api/pushes", data=bytes(1024 * 1024))
    assert (answer.status, answer.code) == (413, "request.too_large")


async def test_a_body_that_does_not_say_how_large_it_is_is_refused_when_it_is(operator: Client) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield bytes(8 * 1024)

    answer = await operator.request("POST", "/api/pushes", data=chunks())
    assert (answer.status, answer.code) == (413, "request.too_large")


async def test_the_answers_say_nothing_of_the_library_and_are_not_kept(operator: Client) -> None:
    answer = await operator.get("/api/alerts")
    assert answer.headers["Server"] == "sightline"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def broken(_request: web.Request) -> web.Response:
    raise ZeroDivisionError("a secret of the inside")


async def test_what_should_not_happen_is_told_with_an_id_that_the_log_has(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    routes = [Route("GET", "/api/broken", Permission.ANYBODY, broken)]
    async with TestServer(application(server.services, routes, frozenset())) as other:
        answer = await Client(server.http, f"http://127.0.0.1:{other.port}").get("/api/broken")
    assert (answer.status, answer.code) == (500, "server.error")
    assert "secret" not in answer.text
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.getMessage().rpartition(" ")[2] in answer.json["error"]["message"]


async def test_a_log_that_can_not_be_read_is_an_answer_and_no_mistake(
    server: Running, operator: Client, caplog: pytest.LogCaptureFixture
) -> None:
    await server.services.db.close()
    answer = await operator.get("/api/alerts/1")
    assert (answer.status, answer.code) == (503, "log.unavailable")
    assert answer.headers["Retry-After"] == "1"
    assert not [record for record in caplog.records if record.exc_info]
