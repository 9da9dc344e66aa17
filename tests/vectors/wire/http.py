"""Examples of HTTP requests with their answers (docs/wire.md §3, §6, §7)."""

import base64
import hashlib
import hmac
import json
from typing import Any

from tests.vectors.wire import checking, clipping, lives, watching
from tests.vectors.wire.events import RECEIPT_COMMAND, RECEIPT_ID
from tests.vectors.wire.lives import ACKNOWLEDGED, ALERT, ALERT_WITHOUT_PLACE, NOW_MS
from tests.vectors.wire.scene import CAMERA, MEDIA, OPERATOR
from tests.vectors.wire.sendings import BULLETIN, ENDED_BULLETIN, PUSH, WANTED

POLICY = {
    "name": "P3",
    "revision": 1,
    "priority": 3,
    "loop_s": None,
    "en_route_s": None,
    "steps": [
        {"after_s": 0, "reach": {"nearest_units": 1, "beat": True}, "sound": True, "say": ""},
        {"after_s": 300, "reach": {"duties": ["supervisor"]}, "sound": True, "say": "Call by radio."},
    ],
}
INTAKE_SECRET = "whsec_c2lnaHRsaW5lIHdpcmUgZXhhbXBsZSBzZWNyZXQgMDE="
"""Base64 of ``sightline wire example secret 01``; guards nothing."""
INTAKE_BODY = {
    "identifier": "53-348",
    "event": "Multiple gunshots",
    "status": "Actual",
    "msgType": "Alert",
    "category": "Safety",
    "urgency": "Immediate",
    "severity": "Severe",
    "certainty": "Likely",
    "headline": "Multiple gunshots, 4 rounds",
    "sent": "2026-11-20T14:03:20.600-05:00",
    "onset": "2026-11-20T14:03:02-05:00",
    "area": {"areaDesc": "Main St near 4th Ave", "point": {"lat": 41.7641, "lon": -72.6739}, "radius_m": 25},
    "parameters": {"rounds": "4"},
}


def http() -> dict[str, Any]:
    """Requests with their answers; ``body_text`` is the body to the byte, ``body`` is any JSON equal to it."""
    return {
        "sign_in": {
            "request": {
                "method": "POST",
                "path": "/api/session",
                "body": {"username": "operator", "password": "correct horse", "device": "console-3"},
            },
            "answer": {
                "status": 201,
                "body": {"token": "dG9rZW4", "person": OPERATOR, "expires_ms": NOW_MS + 12 * 3_600_000},
            },
        },
        "sign_in_wrong": {
            "request": {
                "method": "POST",
                "path": "/api/session",
                "body": {"username": "operator", "password": "wrong"},
            },
            "answer": {
                "status": 401,
                "body": {"error": {"code": "auth.wrong", "message": "The name or the password is wrong."}},
            },
        },
        "cameras": {
            "request": {"method": "GET", "path": "/api/cameras", "headers": {"Authorization": "Bearer dG9rZW4"}},
            "answer": {"status": 200, "body": {"cameras": [CAMERA]}},
        },
        "alerts": {
            "request": {"method": "GET", "path": "/api/alerts", "headers": {"Authorization": "Bearer dG9rZW4"}},
            "answer": {"status": 200, "body": {"position": 4713, "alerts": [ALERT_WITHOUT_PLACE, ALERT]}},
        },
        "push": {
            "request": {
                "method": "POST",
                "path": "/api/pushes",
                "headers": {"Authorization": "Bearer dG9rZW4"},
                "body": {
                    "id": PUSH["id"],
                    "cameras": ["main-4th"],
                    "media": [{"id": MEDIA["id"], "camera": "main-4th", "taken_ms": NOW_MS + 12_000}],
                    "to": {"people": ["officer-12"], "units": ["14"]},
                    "note": "Grey sedan, heading north",
                    "alert_id": ALERT["id"],
                },
            },
            "answer": {"status": 201, "body": {"push": PUSH}},
        },
        "push_to_nobody_known": {
            "request": {
                "method": "POST",
                "path": "/api/pushes",
                "headers": {"Authorization": "Bearer dG9rZW4"},
                "body": {
                    "id": "0c6a3d1e-6d0d-4c3c-9d43-6b8b1d0f5a02",
                    "cameras": ["main-4th"],
                    "to": {"units": ["unit-99"]},
                },
            },
            "answer": {
                "status": 400,
                "body": {
                    "error": {
                        "code": "push.unknown_recipient",
                        "message": "There is no unit 'unit-99' with people.",
                        "path": "to.units[0]",
                    }
                },
            },
        },
        "bulletin": {
            "request": {
                "method": "POST",
                "path": "/api/bulletins",
                "headers": {"Authorization": "Bearer dG9rZW4"},
                "body": {
                    "id": BULLETIN["id"],
                    **WANTED,
                    "photos": [{"id": MEDIA["id"], "source": "Shop camera, Main St", "taken": "2026-11-18"}],
                },
            },
            "answer": {"status": 201, "body": {"bulletin": BULLETIN}},
        },
        "bulletin_without_basis": {
            "request": {
                "method": "POST",
                "path": "/api/bulletins",
                "headers": {"Authorization": "Bearer dG9rZW4"},
                "body": {
                    "id": "5b0e1c7a-3f4d-4a8e-9a35-70f2f1c6be02",
                    **WANTED,
                    "legal_basis": " ",
                    "photos": [{"id": MEDIA["id"], "source": "Shop camera, Main St", "taken": "2026-11-18"}],
                },
            },
            "answer": {
                "status": 400,
                "body": {
                    "error": {
                        "code": "bulletin.incomplete",
                        "message": "'legal_basis' is missing; a bulletin can't be sent without it.",
                        "path": "legal_basis",
                    }
                },
            },
        },
        "bulletin_cancel": {
            "request": {
                "method": "POST",
                "path": f"/api/bulletins/{BULLETIN['id']}/commands",
                "headers": {"Authorization": "Bearer dG9rZW4"},
                "body": {"id": "b3c1f5a8-2f6e-4a9b-8a53-0d5b2b0c7e21", "command": "cancel", "reason": "Found"},
            },
            "answer": {"status": 200, "body": {"bulletin": ENDED_BULLETIN}},
        },
        **lives.http(),
        **watching.http(),
        **checking.http(),
        **clipping.http(),
        "receipts": {
            "request": {
                "method": "POST",
                "path": "/api/receipts",
                "headers": {"Authorization": "Bearer dG9rZW4"},
                "body": {"receipts": [RECEIPT_COMMAND]},
            },
            "answer": {
                "status": 200,
                "body": {"results": [{"id": RECEIPT_ID, "ok": True, "receipt": ACKNOWLEDGED}]},
            },
        },
        "recipients": {
            "request": {
                "method": "POST",
                "path": "/api/recipients",
                "headers": {"Authorization": "Bearer dG9rZW4"},
                "body": {"to": {"people": ["officer-7"], "near": {"lat": 41.7641, "lon": -72.6739, "radius_m": 800}}},
            },
            "answer": {
                "status": 200,
                "body": {
                    "recipients": [
                        {"person": "officer-12", "online": True, "position_age_ms": 41_000},
                        {"person": "officer-7", "online": False, "position_age_ms": None},
                    ],
                    "stale": 1,
                },
            },
        },
        "policy": {
            "request": {
                "method": "PUT",
                "path": "/api/policies/P3",
                "headers": {"Authorization": "Bearer dG9rZW4"},
                "body": POLICY,
            },
            "answer": {"status": 200, "body": {"policy": {**POLICY, "revision": 2}}},
        },
        "policy_with_a_missing_unit": {
            "request": {
                "method": "PUT",
                "path": "/api/policies/P3",
                "headers": {"Authorization": "Bearer dG9rZW4"},
                "body": {**POLICY, "steps": [{"after_s": 0, "reach": {"units": ["99"]}}]},
            },
            "answer": {
                "status": 400,
                "body": {
                    "error": {
                        "code": "policy.invalid",
                        "message": "'steps[0].reach.units[0]' is '99', which does not exist.",
                        "path": "steps[0].reach.units[0]",
                    }
                },
            },
        },
        "intake": _signed_intake(),
    }


def _signed_intake() -> dict[str, Any]:
    body_text = json.dumps(INTAKE_BODY)
    message_id, timestamp = "msg_53-348", str(NOW_MS // 1000)
    key = base64.b64decode(INTAKE_SECRET.removeprefix("whsec_"))
    mac = hmac.digest(key, f"{message_id}.{timestamp}.{body_text}".encode(), hashlib.sha256)
    return {
        "secret": INTAKE_SECRET,
        "request": {
            "method": "POST",
            "path": "/intake/alerts",
            "headers": {
                "content-type": "application/json",
                "webhook-id": message_id,
                "webhook-timestamp": timestamp,
                "webhook-signature": "v1," + base64.b64encode(mac).decode(),
            },
            "body_text": body_text,
        },
        "answer": {"status": 201, "body": {"alert": ALERT, "position": 4712}},
    }
