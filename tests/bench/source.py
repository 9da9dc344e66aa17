"""Source: sends signed alerts in over one connection that stays open."""

import base64
import hashlib
import hmac
import http.client
import json
import time
import uuid
from typing import Any

from tests.bench.servers import HOST, SECRET


class Source:
    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=30)

    def post(self, **fields: object) -> dict[str, Any]:
        """Raise one alert, ``fields`` of it as given; the answer, and when it was here (``accepted_ns``, monotonic)."""
        body, headers = signed_alert(SECRET, **fields)
        self._connection.request("POST", "/intake/alerts", body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        accepted_ns = time.monotonic_ns()
        if answer.status != 201:
            raise RuntimeError(f"the alert was answered with {answer.status}: {content[:300]!r}")
        return {**json.loads(content), "accepted_ns": accepted_ns}

    def close(self, raised: dict[str, Any], token: str) -> None:
        """Close an alert in the name of whose token it is, so that it climbs no further."""
        body = json.dumps({"id": str(uuid.uuid4()), "command": "close", "revision": 1, "outcome": "nothing_found"})
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        self._connection.request("POST", f"/api/alerts/{raised['alert']['id']}/commands", body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"closing was answered with {answer.status}: {content[:300]!r}")


def signed_alert(secret: str, **fields: object) -> tuple[bytes, dict[str, str]]:
    """Body and headers; signed by hand, so that signing costs the load generator little."""
    body = json.dumps(
        {
            "identifier": str(uuid.uuid4()),
            "event": "Multiple gunshots",
            "urgency": "Immediate",
            "severity": "Severe",
            "headline": "Multiple gunshots, 4 rounds",
            "area": {"areaDesc": "Main St near 4th Ave", "point": {"lat": 41.7641, "lon": -72.6739}, "radius_m": 25},
        }
        | fields
    ).encode()
    message_id, timestamp = f"msg_{uuid.uuid4()}", str(int(time.time()))
    digest = hmac.new(
        base64.b64decode(secret.removeprefix("whsec_")), f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256
    ).digest()
    return body, {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
