"""Write the examples of docs/wire.md: every text message, HTTP exchanges, and binary messages byte for byte.

    python -m tests.vectors.wire.make

The files are in the repository; ``test_make.py`` checks that this script still writes them exactly. Clients in any
language can test against them without a server.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from streams.formats import fmp4
from streams.formats.h264 import video_parameters
from streams.fragment import HEADER, Flag, Fragment, Kind, pack
from tests.vectors.wire import lives
from tests.vectors.wire.lives import ACKNOWLEDGED, ALERT, ALERT_WITHOUT_PLACE, BY_RADIO, DELIVERED, NOW_MS, SENT, SHOWN

FOLDER = Path(__file__).parent
INSTALLATION = "5f0c8f0e2b7f4d5f9a60d1f0a6f4c3b1"
CAMERA_NUMBER = 4

OFFICER = {"id": "officer-12", "name": "A. Reyes", "role": "officer", "unit": "12", "device": "tablet-12"}
OPERATOR = {"id": "operator", "name": "M. Ortiz", "role": "operator", "unit": "", "device": "console-3"}
LIVE = {"state": "live", "since_ms": NOW_MS - 60_000, "reason": ""}
STALLED = {"state": "stalled", "since_ms": NOW_MS + 5_000, "reason": "no picture for 5 s"}
CAMERA = {
    "id": "main-4th",
    "number": CAMERA_NUMBER,
    "name": "Main St / 4th Ave",
    "district": "Downtown",
    "lat": 41.7637,
    "lon": -72.6742,
    "heading_deg": 90.0,
    "fov_deg": 60.0,
    "state": LIVE,
}
MEDIA = {
    "id": "9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a",
    "width": 1200,
    "height": 1600,
    "bytes": 181_204,
    "thumbnail": base64.b64encode(bytes.fromhex(json.loads((FOLDER / "clip.json").read_text())["jpeg"])).decode(),
}
PUSH = {
    "id": "0c6a3d1e-6d0d-4c3c-9d43-6b8b1d0f5a01",
    "number": 3,
    "revision": 1,
    "alert_id": ALERT["id"],
    "cameras": [{"id": "main-4th", "number": CAMERA_NUMBER, "name": "Main St / 4th Ave"}],
    "media": [{**MEDIA, "camera": "main-4th", "taken_ms": NOW_MS + 12_000}],
    "note": "Grey sedan, heading north",
    "status": "Actual",
    "to": {"people": ["officer-12"], "units": ["14"]},
    "recipients": ["officer-12", "officer-14"],
    "sent_by": "operator",
    "sent_ms": NOW_MS + 21_000,
    "recalled_by": None,
    "recalled_ms": None,
    "expires_ms": NOW_MS + 21_000 + 8 * 3_600_000,
}
RECALLED_PUSH = {
    **PUSH,
    "revision": 2,
    "cameras": [],
    "media": [],
    "note": "",
    "recalled_by": "operator",
    "recalled_ms": NOW_MS + 90_000,
}
WANTED = {
    "name": "unknown",
    "why": "Robbery with a weapon, Main St, 18 November",
    "caution": "May be armed",
    "legal_basis": "Warrant 26-1234",
    "issuer": "Detective bureau",
    "verify": "Tattoo of an anchor on the left hand",
}
BULLETIN = {
    "id": "5b0e1c7a-3f4d-4a8e-9a35-70f2f1c6be01",
    "number": 5,
    "revision": 1,
    "status": "Actual",
    **WANTED,
    "photos": [{**MEDIA, "source": "Shop camera, Main St", "taken": "2026-11-18"}],
    "recipients": None,
    "sent_by": "operator",
    "sent_ms": NOW_MS + 30_000,
    "expires_ms": NOW_MS + 30_000 + 72 * 3_600_000,
    "revised_ms": NOW_MS + 30_000,
    "revised_by": "operator",
    "state": "active",
    "cleared": [],
    "reason": "",
    "changes": [],
    "ended_ms": None,
    "ended_by": None,
}
CLEARED_BULLETIN = {
    **BULLETIN,
    "revision": 2,
    "revised_ms": NOW_MS + 3_600_000,
    "revised_by": "dispatcher",
    "cleared": [{"note": "The janitor of 14 Main St looks like him", "by": "dispatcher", "at_ms": NOW_MS + 3_600_000}],
    "changes": ["cleared"],
}
ENDED_BULLETIN = {
    "id": BULLETIN["id"],
    "number": 5,
    "revision": 3,
    "state": "cancelled",
    "sent_ms": BULLETIN["sent_ms"],
    "expires_ms": BULLETIN["expires_ms"],
    "ended_ms": NOW_MS + 7_200_000,
    "ended_by": "operator",
    "reason": "Found",
    "revised_ms": NOW_MS + 7_200_000,
}
RECEIPT_ID = "b3c1f5a8-2f6e-4a9b-8a53-0d5b2b0c7e11"
RECEIPT_COMMAND = {
    "id": RECEIPT_ID,
    "item": "alert",
    "item_id": ALERT["id"],
    "revision": 1,
    "stage": "acknowledged",
    "at_ms": NOW_MS + 4_300,
}
REVISION_CONFLICT = {
    "code": "conflict.revision",
    "message": "Revision 1 was acknowledged, the present one is 2.",
}

POSITION = {"lat": 41.7641, "lon": -72.6739, "accuracy_m": 8.0, "at_ms": NOW_MS + 1_000}
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

EVENTS = {
    "server": {
        "hello": {
            "type": "hello",
            "protocol": 1,
            "installation": INSTALLATION,
            "position": 4711,
            "server_time_ms": NOW_MS,
            "heartbeat_s": 10,
            "build": "0.1.0",
            "person": OFFICER,
        },
        "replay": {"type": "replay", "from": 4701, "to": 4711},
        "snapshot": {
            "type": "snapshot",
            "position": 4711,
            "reason": "asked",
            "alerts": [ALERT_WITHOUT_PLACE, ALERT],
            "pushes": [PUSH],
            "bulletins": [BULLETIN],
            "receipts": [DELIVERED, ACKNOWLEDGED],
        },
        "snapshot_of_another_installation": {
            "type": "snapshot",
            "position": 0,
            "reason": "installation",
            "alerts": [],
            "pushes": [],
            "bulletins": [],
            "receipts": [],
        },
        "entry_alert": {"type": "entry", "position": 4712, "at_ms": NOW_MS, "kind": "alert", "alert": ALERT},
        "entry_alert_without_place": {
            "type": "entry",
            "position": 4713,
            "at_ms": NOW_MS + 10,
            "kind": "alert",
            "alert": ALERT_WITHOUT_PLACE,
        },
        "entry_receipts": {
            "type": "entry",
            "position": 4716,
            "at_ms": NOW_MS + 4_310,
            "kind": "receipts",
            "receipts": [SHOWN, ACKNOWLEDGED, SENT, BY_RADIO],
        },
        "entry_push": {"type": "entry", "position": 4718, "at_ms": NOW_MS + 21_000, "kind": "push", "push": PUSH},
        "entry_recall": {
            "type": "entry",
            "position": 4723,
            "at_ms": NOW_MS + 90_000,
            "kind": "push",
            "push": RECALLED_PUSH,
        },
        "entry_bulletin": {
            "type": "entry",
            "position": 4719,
            "at_ms": NOW_MS + 30_000,
            "kind": "bulletin",
            "bulletin": BULLETIN,
        },
        "entry_bulletin_cleared": {
            "type": "entry",
            "position": 4731,
            "at_ms": NOW_MS + 3_600_000,
            "kind": "bulletin",
            "bulletin": CLEARED_BULLETIN,
        },
        "entry_bulletin_ended": {
            "type": "entry",
            "position": 4740,
            "at_ms": NOW_MS + 7_200_000,
            "kind": "bulletin",
            "bulletin": ENDED_BULLETIN,
        },
        "tick": {"type": "tick", "position": 4714, "server_time_ms": NOW_MS + 2_000, "heartbeat_s": 10},
        "cameras_full": {
            "type": "cameras",
            "full": True,
            "states": {"main-4th": LIVE, "park-2nd": {"state": "idle", "since_ms": NOW_MS - 600_000, "reason": ""}},
        },
        "cameras": {"type": "cameras", "full": False, "states": {"main-4th": STALLED}},
        "positions_full": {
            "type": "positions",
            "full": True,
            "people": {"officer-12": POSITION, "officer-14": {**POSITION, "lat": 41.7502, "accuracy_m": None}},
        },
        "positions": {"type": "positions", "full": False, "people": {"officer-12": {**POSITION, "lat": 41.7642}}},
        "lane": {"type": "lane", "ok": True, "since_ms": NOW_MS - 60_000, "problems": []},
        "lane_not_ok": {
            "type": "lane",
            "ok": False,
            "since_ms": NOW_MS + 150_000,
            "problems": ["The source gunshot should be heard every 60 s and is silent."],
        },
        "error_of_a_position": {
            "type": "error",
            "code": "position.invalid",
            "message": "'at_ms' is 3600 s in the future; set the clock of the device.",
        },
        "online": {"type": "online", "people": ["officer-12", "officer-14"]},
        "receipt": {"type": "receipt", "id": RECEIPT_ID, "ok": True, "receipt": ACKNOWLEDGED},
        "receipt_conflict": {
            "type": "receipt",
            "id": RECEIPT_ID,
            "ok": False,
            "error": REVISION_CONFLICT,
            "alert": lives.CORRECTED,
        },
        "receipt_unknown_item": {
            "type": "receipt",
            "id": RECEIPT_ID,
            "ok": False,
            "error": {"code": "item.unknown", "message": "There is no alert 'a-1' for you."},
        },
        "reported": {"type": "reported", "number": 7, "ok": True, "refused": []},
        "reported_in_part": {
            "type": "reported",
            "number": 8,
            "ok": True,
            "refused": [
                {"index": 1, "error": {"code": "item.unknown", "message": "There is no alert 'a-1' for you."}},
            ],
        },
        "reported_nothing": {
            "type": "reported",
            "number": 9,
            "ok": False,
            "error": {"code": "log.unavailable", "message": "The log can't be used now."},
        },
        "error": {"type": "error", "code": "request.invalid", "message": "type is 'recipt', expected receipt."},
        **lives.SAID,
        "of_a_later_version": {"type": "weather", "celsius": 4},
    },
    "client": {
        "resume": {"type": "resume", "installation": INSTALLATION, "position": 4700},
        "snapshot": {"type": "snapshot"},
        "receipt": {"type": "receipt", **RECEIPT_COMMAND},
        "receipt_without_time": {
            "type": "receipt",
            "id": "b3c1f5a8-2f6e-4a9b-8a53-0d5b2b0c7e12",
            "item": "push",
            "item_id": PUSH["id"],
            "revision": 1,
            "stage": "delivered",
        },
        "report": {
            "type": "report",
            "number": 7,
            "receipts": [
                {"item": "alert", "item_id": ALERT["id"], "revision": 1, "stage": "shown", "at_ms": NOW_MS + 1_400},
                {"item": "push", "item_id": PUSH["id"], "revision": 1, "stage": "delivered"},
            ],
        },
        **lives.ORDERED,
        "position": {"type": "position", **POSITION},
        "heartbeat": {"type": "heartbeat", "position": 4716},
    },
}

VIDEO = {
    "server": {
        "hello": {"type": "hello", "protocol": 1, "server_time_ms": NOW_MS, "heartbeat_s": 10, "person": OPERATOR},
        "subscribed": {
            "type": "subscribed",
            "camera": "main-4th",
            "camera_number": CAMERA_NUMBER,
            "state": LIVE,
        },
        "state": {"type": "state", "camera": "main-4th", "camera_number": CAMERA_NUMBER, "state": STALLED},
        "state_down": {
            "type": "state",
            "camera": "main-4th",
            "camera_number": CAMERA_NUMBER,
            "state": {"state": "down", "since_ms": NOW_MS + 9_000, "reason": "The camera refused the password."},
        },
        "init": {
            "type": "init",
            "camera_number": CAMERA_NUMBER,
            "codec": "avc1.42C01F",
            "width": 160,
            "height": 90,
        },
        "burst": {"type": "burst", "camera_number": CAMERA_NUMBER, "frames": 37},
        "drop": {"type": "drop", "camera_number": CAMERA_NUMBER, "skipped": 61},
        "unsubscribed": {
            "type": "unsubscribed",
            "camera": "main-4th",
            "camera_number": CAMERA_NUMBER,
            "code": "camera.forbidden",
            "message": "The push was recalled.",
        },
        "tick": {"type": "tick", "server_time_ms": NOW_MS + 10_000},
        "error": {
            "type": "error",
            "code": "camera.unknown",
            "message": "There is no camera 'main-5th' that you may watch.",
            "camera": "main-5th",
        },
    },
    "client": {
        "subscribe": {"type": "subscribe", "camera": "main-4th", "purpose": "wall"},
        "subscribe_to_a_push": {"type": "subscribe", "camera": "main-4th", "purpose": f"push:{PUSH['id']}"},
        "unsubscribe": {"type": "unsubscribe", "camera": "main-4th"},
        "ack": {"type": "ack", "camera_number": CAMERA_NUMBER, "sequence": 1234, "gap_ms": 130},
        "heartbeat": {"type": "heartbeat"},
    },
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


def fragments() -> Iterator[tuple[str, Fragment]]:
    """A camera from its first picture to its loss, and one that speaks MJPEG."""
    clip = json.loads((FOLDER / "clip.json").read_text())
    parameters = video_parameters([bytes.fromhex(clip["sps"])], [bytes.fromhex(clip["pps"])])
    first = 0xFFFFFFFF  # the counter wraps inside the example
    dts = 2**33  # beyond 32 bits, as after 26 hours
    yield (
        "init",
        pack(
            Kind.INIT,
            Flag.DISCONTINUITY,
            camera_number=CAMERA_NUMBER,
            sequence=first,
            captured_ms=NOW_MS + 0.25,
            dts=dts,
            body=fmp4.init_segment(parameters),
        ),
    )
    names = ("key_frame", "delta_frame", "delta_frame_2", "delta_frame_3")
    for n, (name, unit) in enumerate(zip(names, clip["access_units"], strict=True)):
        sequence = first + 1 + n
        body = fmp4.frame(sequence & 0xFFFFFFFF, dts + 3600 * n, 3600, unit["is_key"], bytes.fromhex(unit["data"]))
        yield (
            name,
            pack(
                Kind.FRAME,
                Flag.KEY if unit["is_key"] else Flag.NONE,
                camera_number=CAMERA_NUMBER,
                sequence=sequence,
                captured_ms=NOW_MS + 0.25 + 40 * n,
                dts=dts + 3600 * n,
                body=body,
            ),
        )
    yield (
        "gap",
        pack(
            Kind.GAP,
            Flag.NONE,
            camera_number=CAMERA_NUMBER,
            sequence=first + 5,
            captured_ms=NOW_MS + 5_160.25,
            dts=dts + 3600 * 3,
        ),
    )
    yield (
        "jpeg",
        pack(
            Kind.JPEG,
            Flag.KEY,
            camera_number=65_535,
            sequence=0,
            captured_ms=NOW_MS + 0.5,
            dts=0,
            body=bytes.fromhex(clip["jpeg"]),
        ),
    )


def binary() -> tuple[dict[str, Any], dict[str, bytes]]:
    """The index, and the payload of each WebSocket message by file name.

    64-bit integers are strings in the index: a JSON number does not hold them in every language.
    """
    index: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    for name, fragment in fragments():
        head_bytes = len(fragment.message) - HEADER.size - len(fragment.body)
        payload = fragment.message[head_bytes:]
        file = f"{name}.bin"
        files[file] = payload
        index[name] = {
            "file": file,
            "kind": int(fragment.kind),
            "flags": int(fragment.flags),
            "camera_number": fragment.camera_number,
            "sequence": fragment.sequence,
            "captured_ms": fragment.captured_ms,
            "dts": str(fragment.dts),
            "body_length": len(fragment.body),
            "body_starts_with": fragment.body[:16].hex(),
            "header": payload[: HEADER.size].hex(),
            "websocket_frame_head": fragment.message[:head_bytes].hex(),
            "sha256": hashlib.sha256(payload).hexdigest(),
        }
        if fragment.kind is Kind.FRAME:
            index[name]["access_unit_starts_with"] = fragment.body[112:128].hex()
    return index, files


def everything() -> dict[str, bytes]:
    """File name → content."""
    index, files = binary()
    texts = {"events.json": EVENTS, "video.json": VIDEO, "http.json": http(), "binary.json": index}
    return {name: json.dumps(value, indent=1).encode() + b"\n" for name, value in texts.items()} | files


if __name__ == "__main__":
    for name, content in everything().items():
        (FOLDER / name).write_bytes(content)
        print(f"{name}: {len(content)} bytes")
