"""Signing in and out, by cookie and by token."""

from tests.server.running import PASSWORD, Running


async def test_who_signs_in_gets_a_token_and_a_cookie(server: Running) -> None:
    body = {"username": "officer-12", "password": PASSWORD, "device": "tablet-12"}
    answer = await server.client().post("/api/session", body)
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
    token = {"Authorization": f"Bearer {answer.json['token']}"}
    shown = await server.client().get("/api/session", headers=token)
    assert shown.json == {"person": answer.json["person"], "expires_ms": answer.json["expires_ms"]}
