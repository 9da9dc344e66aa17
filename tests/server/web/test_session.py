"""Signing in and out, by cookie and by token."""

from pathlib import Path

import pytest

from server.config import WebConfig
from streams.valkey import EmbeddedValkey
from tests.server.running import PASSWORD, Answer, Client, Running, a_config, running

SIGN_IN = {"username": "officer-12", "password": PASSWORD, "device": "tablet-12"}


async def cookie_of(server: Running) -> dict[str, str]:
    answer = await server.client().post("/api/session", SIGN_IN)
    return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}


async def test_who_signs_in_gets_a_token_and_a_cookie(server: Running) -> None:
    answer = await server.client().post("/api/session", SIGN_IN)
    assert answer.status == 201
    assert answer.json["person"] == {
        "id": "officer-12",
        "name": "A. Reyes",
        "role": "officer",
        "unit": "12",
        "device": "tablet-12",
    }
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"sightline={answer.json['token']};")
    assert {"HttpOnly", "Path=/", "SameSite=Strict"} <= set(cookie.split("; "))
    assert answer.headers["Cache-Control"] == "no-store"
    token = {"Authorization": f"Bearer {answer.json['token']}"}
    shown = await server.client().get("/api/session", headers=token)
    assert shown.json == {"person": answer.json["person"], "expires_ms": answer.json["expires_ms"]}
    assert (await server.client().get("/api/session", headers=await cookie_of(server))).status == 200


async def test_a_device_that_has_no_name_is_given_one(server: Running) -> None:
    answer = await server.client().post("/api/session", {"username": "operator", "password": PASSWORD})
    assert answer.json["person"]["device"]


async def test_a_wrong_password_is_refused_and_after_five_the_account_waits(server: Running) -> None:
    client = server.client()
    for _ in range(5):
        answer = await client.post("/api/session", {**SIGN_IN, "password": "wrong"})
        assert (answer.status, answer.code) == (401, "auth.wrong")
    answer = await client.post("/api/session", SIGN_IN)
    assert (answer.status, answer.code) == (429, "auth.throttled")
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "request.not_json"),
        (b"\xff", "request.not_json"),
        (b"[]", "request.invalid"),
        (b"{}", "request.invalid"),
        (b'{"username": "operator"}', "request.invalid"),
        (b'{"username": "operator", "password": 7}', "request.invalid"),
        (b'{"username": "operator", "password": "x", "device": "\\u0000"}', "request.invalid"),
    ],
)
async def test_a_sign_in_that_is_none_is_refused(server: Running, body: bytes, code: str) -> None:
    answer = await server.client().request("POST", "/api/session", data=body)
    assert (answer.status, answer.code) == (400, code)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer made-up"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic b3BlcmF0b3I6eA=="},
        {"Cookie": "sightline=made-up"},
    ],
)
async def test_without_a_session_there_is_nothing(server: Running, headers: dict[str, str]) -> None:
    answer = await server.client().get("/api/alerts", headers=headers)
    assert (answer.status, answer.code) == (401, "auth.required")


async def test_a_token_in_the_address_is_not_accepted(server: Running, operator: Client) -> None:
    answer = await server.client().get(f"/api/session?token={operator.token}&access_token={operator.token}")
    assert (answer.status, answer.code) == (401, "auth.required")


async def test_who_signs_out_is_out(server: Running, operator: Client) -> None:
    assert (await operator.request("DELETE", "/api/session")).status == 204
    assert (await operator.get("/api/session")).status == 401


async def sign_out(server: Running, headers: dict[str, str]) -> Answer:
    return await server.client().request("DELETE", "/api/session", headers={**await cookie_of(server), **headers})


async def test_with_the_cookie_a_change_needs_our_own_origin(server: Running) -> None:
    for origin in ("http://evil.example", "null", "", server.address + ".evil.example", "http://127.0.0.1:1"):
        answer = await sign_out(server, {"Origin": origin})
        assert (answer.status, answer.code) == (403, "origin.foreign"), origin
    assert (await sign_out(server, {})).code == "origin.foreign"
    assert (await sign_out(server, {"Origin": server.address})).status == 204
    assert (await sign_out(server, {"Origin": server.address.replace("127.0.0.1", "localhost")})).status == 204


async def test_with_the_cookie_reading_needs_no_origin(server: Running) -> None:
    assert (await server.client().get("/api/session", headers=await cookie_of(server))).status == 200


async def test_a_page_of_another_origin_can_not_sign_a_browser_in(server: Running) -> None:
    answer = await server.client().post("/api/session", SIGN_IN, headers={"Origin": "http://evil.example"})
    assert (answer.status, answer.code) == (403, "origin.foreign")
    assert "Set-Cookie" not in answer.headers


async def test_over_https_the_cookie_goes_over_https_only(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    web = WebConfig(port=0, behind_proxy=True, public_origin="https://sightline.example")
    async with running(a_config(tmp_path, valkey.url, web=web)) as server:
        headers = {"X-Forwarded-For": "203.0.113.9, 192.0.2.7", "Origin": "https://sightline.example"}
        answer = await server.client().post("/api/session", SIGN_IN, headers=headers)
        assert "Secure" in answer.headers["Set-Cookie"].split("; ")
        entries = (await (await server.signed_in("admin")).get("/api/audit")).json["entries"]
        assert entries[-2]["address"] == "192.0.2.7", "what the proxy has put there, not what the client made up"


async def test_signing_out_takes_the_cookie_back(server: Running) -> None:
    answer = await sign_out(server, {"Origin": server.address})
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
