"""Signing in: a session for a device of a load generator, by one plain request."""

import http.client
import json


def sign_in(host: str, port: int, username: str, password: str, device: str) -> str:
    """The token of a new session.

    Raises:
        ConnectionError: it was refused.
    """
    connection = http.client.HTTPConnection(host, port, timeout=20)
    body = {"username": username, "password": password, "device": device}
    connection.request("POST", "/api/session", json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    if answer.status != 201:
        raise ConnectionError(f"sign-in was answered with {answer.status}: {content[:300]!r}")
    token: str = json.loads(content)["token"]
    return token
