"""The client's requests, against a real HTTP server that answers as a test tells it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from clients.cli.address import Address
from clients.cli.client import Client
from clients.cli.errors import ClientError, NotAllowed, NotUnderstood, Refused, SignInRequired, Unavailable, Unreachable
from tests.clients.cli.wire_examples import HTTP

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Door:
    """Answers one request after the other, and keeps what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.requests: list[tuple[str, str, Any]] = []
        self.authorizations: list[str | None] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        self.requests.append((request.method, request.path, body))
        self.authorizations.append(request.headers.get("Authorization"))
        return await self._answers.pop(0)(request)


@asynccontextmanager
async def client_at(door: Door, token: str = "dG9rZW4") -> AsyncIterator[Client]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", door.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with Client(Address(f"http://127.0.0.1:{port}"), token, pauses_s=(0.01, 0.01)) as client:
            yield client
    finally:
        await runner.cleanup()


def says(status: int, body: object, **headers: str) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, headers=headers)

    return answer


def example(name: str) -> Answer:
    answer = HTTP[name]["answer"]
    return says(answer["status"], answer["body"])


def error(status: int, code: str, **headers: str) -> Answer:
    return says(status, {"error": {"code": code, "message": f"The test says {code}."}}, **headers)


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def test_signing_in_gives_a_token_that_every_request_carries() -> None:
    door = Door(example("sign_in"), example("cameras"))
    async with client_at(door, token="") as client:
        session = await client.sign_in("operator", "correct horse", "console-3")
        cameras = await client.cameras()
    assert (session.token, session.person["role"]) == ("dG9rZW4", "operator")
    assert [camera["id"] for camera in cameras] == ["main-4th"]
    assert door.requests[0] == ("POST", "/api/session", HTTP["sign_in"]["request"]["body"])
    assert door.authorizations == [None, "Bearer dG9rZW4"]


async def test_a_wrong_password_is_said_in_the_servers_words() -> None:
    async with client_at(Door(example("sign_in_wrong")), token="") as client:
        with pytest.raises(SignInRequired, match="The name or the password is wrong") as wrong:
            await client.sign_in("operator", "wrong")
    assert wrong.value.code == "auth.wrong"


async def test_too_many_sign_ins_say_how_long_to_wait_and_are_not_repeated() -> None:
    door = Door(error(429, "auth.throttled", **{"Retry-After": "60"}))
    async with client_at(door, token="") as client:
        with pytest.raises(Unavailable) as throttled:
            await client.sign_in("operator", "wrong")
    assert throttled.value.retry_after_s == 60
    assert len(door.requests) == 1


async def test_a_push_goes_out_as_the_protocol_has_it() -> None:
    door = Door(example("push"))
    async with client_at(door) as client:
        push = await client.push(
            ["main-4th"],
            to={"people": ["officer-12"], "units": ["14"]},
            media=HTTP["push"]["request"]["body"]["media"],
            note="Grey sedan, heading north",
            alert_id="a-0197a4c2e1d07b3f",
        )
    assert push["number"] == 3
    body = door.requests[0][2]
    assert body.pop("status") == "Actual"
    assert body | {"id": HTTP["push"]["request"]["body"]["id"]} == HTTP["push"]["request"]["body"]


async def test_a_bulletin_goes_out_and_is_cancelled_as_the_protocol_has_it() -> None:
    door = Door(error(503, "log.unavailable"), example("bulletin"), example("bulletin_cancel"))
    sent, cancelled = (HTTP[name]["request"]["body"] for name in ("bulletin", "bulletin_cancel"))
    async with client_at(door) as client:
        bulletin = await client.send_bulletin({name: value for name, value in sent.items() if name != "id"})
        ended = await client.command("bulletin", bulletin["id"], "cancel", reason="Found")
    first, second, third = (body for _, _, body in door.requests)
    assert first == second, "it is repeated with the same id"
    assert first | {"id": sent["id"]} == sent
    assert third | {"id": cancelled["id"]} == cancelled
    assert door.requests[2][1] == HTTP["bulletin_cancel"]["request"]["path"]
    assert ended["state"] == "cancelled"


async def test_a_refusal_names_code_and_field_and_is_not_repeated() -> None:
    door = Door(example("push_to_nobody_known"))
    async with client_at(door) as client:
        with pytest.raises(Refused, match="unit-99") as refused:
            await client.push(["main-4th"], to={"units": ["unit-99"]})
    assert (refused.value.code, refused.value.path) == ("push.unknown_recipient", "to.units[0]")
    assert len(door.requests) == 1


@pytest.mark.parametrize("failure", [hang_up, error(503, "log.unavailable"), error(502, "")])
async def test_what_was_perhaps_not_stored_is_repeated_with_the_same_id(failure: Answer) -> None:
    door = Door(failure, failure, says(201, {"alert": {"number": 1}}))
    async with client_at(door) as client:
        assert await client.raise_alert({"event": "Test"}) == {"number": 1}
    identifiers = {request[2]["identifier"] for request in door.requests}
    assert (len(door.requests), len(identifiers)) == (3, 1)


async def test_repetition_ends() -> None:
    door = Door(*[error(503, "log.unavailable")] * 3)
    async with client_at(door) as client:
        with pytest.raises(Unavailable, match=r"log\.unavailable"):
            await client.raise_alert({"event": "Test"})


async def test_a_receipt_is_answered_by_the_receipt() -> None:
    door = Door(example("receipts"))
    async with client_at(door) as client:
        command = HTTP["receipts"]["request"]["body"]["receipts"][0]
        receipt = await client.report("alert", command["item_id"], 1, "acknowledged", command["at_ms"])
    assert receipt["stage"] == "acknowledged"
    assert door.requests[0][2]["receipts"][0] | {"id": command["id"]} == command


async def test_a_refused_receipt_is_an_error() -> None:
    result = {"id": "x", "ok": False, "error": {"code": "conflict.revision", "message": "The present one is 2."}}
    async with client_at(Door(says(200, {"results": [result]}))) as client:
        with pytest.raises(Refused, match="present one is 2") as refused:
            await client.report("alert", "a-1", 1, "acknowledged")
    assert refused.value.code == "conflict.revision"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, SignInRequired), (403, NotAllowed), (404, Refused), (409, Refused), (413, Refused), (500, Unavailable)],
)
async def test_each_status_is_an_error_of_its_kind(status: int, kind: type[ClientError]) -> None:
    async with client_at(Door(error(status, "some.code"))) as client:
        with pytest.raises(kind, match=r"some\.code"):
            await client.cameras()


@pytest.mark.parametrize("answer", [says(200, []), says(200, {}), says(200, {"cameras": {}}), says(302, {})])
async def test_an_answer_of_another_shape_is_not_understood(answer: Answer) -> None:
    async with client_at(Door(answer)) as client:
        with pytest.raises(NotUnderstood):
            await client.cameras()


async def test_signing_out_ends_the_session() -> None:
    async def no_content(request: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    door = Door(no_content)
    async with client_at(door) as client:
        await client.sign_out()
        assert client.token == ""
    assert door.requests == [("DELETE", "/api/session", None)]


async def test_a_server_that_is_not_there_is_said_with_its_address() -> None:
    async with Client(Address("http://127.0.0.1:9")) as client:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
            await client.cameras()


async def test_a_token_does_not_show_in_a_repr() -> None:
    async with client_at(Door(example("sign_in")), token="") as client:
        assert "dG9rZW4" not in repr(await client.sign_in("operator", "x"))


async def test_a_status_that_nobody_knows_is_told_as_it_is() -> None:
    async with client_at(Door(says(522, {}))) as client:
        with pytest.raises(Unavailable, match="522"):
            await client.people()


@pytest.mark.parametrize(
    ("origin", "why"),
    [
        ("http://127.0.0.1:1", "Connection refused; see whether it runs"),
        ("https://no-such-host.invalid", "whether that is its address"),
    ],
)
async def test_who_gets_no_answer_is_told_what_to_look_at(origin: str, why: str) -> None:
    async with Client(Address(origin)) as client:
        with pytest.raises(Unreachable, match=why) as raised:
            await client.people()
    assert origin in str(raised.value)
    assert "ssl:default" not in str(raised.value)


async def test_https_where_there_is_http_is_told_as_that() -> None:
    async with client_at(Door()) as plain, Client(Address(plain.address.origin.replace("http:", "https:"))) as client:
        with pytest.raises(Unreachable, match="there is no TLS"):
            await client.people()
