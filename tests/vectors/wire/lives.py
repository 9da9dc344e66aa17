"""Examples of the life of an alert: raised, taken, corrected, cancelled; with receipts, commands and sums."""

from typing import Any

NOW_MS = 1_795_201_401_000
"""2026-11-20T19:03:21Z."""

LADDER: dict[str, Any] = {
    "policy": "P1",
    "step": 1,
    "steps": 5,
    "fired_ms": NOW_MS,
    "next_ms": NOW_MS + 10_000,
    "sound": True,
    "say": "",
    "reached": 9,
    "over": False,
}
ALERT: dict[str, Any] = {
    "id": "a-0197a4c2e1d07b3f",
    "number": 17,
    "revision": 1,
    "source": "gunshot",
    "source_id": "53-348",
    "status": "Actual",
    "msg_type": "Alert",
    "category": "Safety",
    "event": "Multiple gunshots",
    "urgency": "Immediate",
    "severity": "Severe",
    "certainty": "Likely",
    "priority": 1,
    "headline": "Multiple gunshots, 4 rounds",
    "description": "",
    "instruction": "",
    "received_ms": NOW_MS,
    "sent_ms": NOW_MS - 400,
    "onset_ms": NOW_MS - 19_000,
    "expires_ms": None,
    "area_desc": "Main St near 4th Ave",
    "point": {"lat": 41.7641, "lon": -72.6739},
    "radius_m": 25.0,
    "parameters": {"rounds": "4"},
    "problems": [],
    "state": "new",
    "progress": [],
    "outcome": "",
    "shelved": None,
    "group_id": None,
    "revised_ms": NOW_MS,
    "revised_by": "source:gunshot",
    "reason": "",
    "changes": [],
    "escalation": LADDER,
}
ALERT_WITHOUT_PLACE: dict[str, Any] = {
    **ALERT,
    "id": "a-0197a4c2e1d07b40",
    "number": 18,
    "source_id": "53-349",
    "headline": "",
    "sent_ms": None,
    "onset_ms": None,
    "area_desc": "",
    "point": None,
    "radius_m": None,
    "parameters": {},
    "problems": ["area.point.lat is 999, expected -90 to 90; the place was left out"],
    "escalation": None,
}
TAKEN: dict[str, Any] = {
    **ALERT,
    "state": "acknowledged",
    "progress": [
        {
            "state": "acknowledged",
            "person": "officer-12",
            "via": "device",
            "by": "",
            "revision": 1,
            "at_ms": NOW_MS + 4_310,
            "note": "",
        }
    ],
    "escalation": {**LADDER, "next_ms": NOW_MS + 124_310},
}
ON_THE_WAY: dict[str, Any] = {
    **TAKEN,
    "state": "en_route",
    "progress": [
        *TAKEN["progress"],
        {
            "state": "en_route",
            "person": "officer-14",
            "via": "radio",
            "by": "dispatcher",
            "revision": 1,
            "at_ms": NOW_MS + 30_000,
            "note": "Two minutes out",
        },
    ],
    "escalation": {**LADDER, "next_ms": None, "over": True},
}
CORRECTED: dict[str, Any] = {
    **ON_THE_WAY,
    "revision": 2,
    "msg_type": "Update",
    "event": "Probable gunfire",
    "priority": 2,
    "revised_ms": NOW_MS + 60_000,
    "revised_by": "operator",
    "reason": "Reviewed",
    "changes": [
        {"field": "event", "before": "Multiple gunshots", "after": "Probable gunfire"},
        {"field": "priority", "before": 1, "after": 2},
    ],
}
SHELVED: dict[str, Any] = {
    **CORRECTED,
    "shelved": {"until_ms": NOW_MS + 970_000, "by": "operator", "reason": "Fireworks permit"},
}
CANCELLED: dict[str, Any] = {
    **CORRECTED,
    "revision": 3,
    "msg_type": "Cancel",
    "state": "cancelled",
    "revised_ms": NOW_MS + 120_000,
    "revised_by": "source:gunshot",
    "reason": "Reviewed: fireworks",
    "changes": [],
}
CLOSED: dict[str, Any] = {
    **ON_THE_WAY,
    "state": "closed",
    "outcome": "casings",
    "progress": [
        *ON_THE_WAY["progress"],
        {
            "state": "closed",
            "person": "officer-12",
            "via": "device",
            "by": "",
            "revision": 1,
            "at_ms": NOW_MS + 600_000,
            "note": "Four casings",
        },
    ],
}
LIVES = {
    "entry_alert_taken": (4717, NOW_MS + 4_310, TAKEN),
    "entry_alert_on_the_way": (4719, NOW_MS + 30_000, ON_THE_WAY),
    "entry_alert_corrected": (4720, NOW_MS + 60_000, CORRECTED),
    "entry_alert_shelved": (4721, NOW_MS + 70_000, SHELVED),
    "entry_alert_cancelled": (4724, NOW_MS + 120_000, CANCELLED),
    "entry_alert_closed": (4725, NOW_MS + 600_000, CLOSED),
    "entry_alert_in_a_flood": (4726, NOW_MS + 601_000, {**ALERT_WITHOUT_PLACE, "priority": 3, "group_id": ALERT["id"]}),
}

DELIVERED: dict[str, Any] = {
    "item": "alert",
    "item_id": ALERT["id"],
    "revision": 1,
    "person": "officer-12",
    "device": "tablet-12",
    "stage": "delivered",
    "at_ms": NOW_MS + 80,
    "via": "device",
    "by": "",
}
SHOWN: dict[str, Any] = {**DELIVERED, "stage": "shown", "at_ms": NOW_MS + 1_120}
ACKNOWLEDGED: dict[str, Any] = {**DELIVERED, "stage": "acknowledged", "at_ms": NOW_MS + 4_300}
SENT: dict[str, Any] = {**DELIVERED, "person": "officer-14", "device": "tablet-14", "stage": "sent"}
BY_RADIO: dict[str, Any] = {
    **ACKNOWLEDGED,
    "person": "officer-14",
    "device": "radio",
    "at_ms": NOW_MS + 30_000,
    "via": "radio",
    "by": "dispatcher",
}
SUM: dict[str, Any] = {
    "item": "alert",
    "item_id": ALERT["id"],
    "revision": 2,
    "queued": 4,
    "sent": 1,
    "delivered": 2,
    "shown": 1,
    "opened": 0,
    "declined": 0,
    "acknowledged": 1,
    "unreached": 2,
}
UNREACHED: list[dict[str, Any]] = [
    {"person": "officer-12", "had": "acknowledged", "had_revision": 1, "has": "delivered"},
    {"person": "officer-14", "had": "acknowledged", "had_revision": 1, "has": ""},
]
COMMAND: dict[str, Any] = {
    "id": "6d1c3a52-6a0e-4a52-a5f4-0c9a4ad7a001",
    "command": "close",
    "revision": 1,
    "outcome": "casings",
    "note": "Four casings",
}
RADIO: dict[str, Any] = {
    "id": "6d1c3a52-6a0e-4a52-a5f4-0c9a4ad7a002",
    "command": "radio",
    "revision": 1,
    "person": "officer-14",
    "stage": "acknowledged",
    "state": "en_route",
    "note": "Two minutes out",
}

SAID: dict[str, Any] = {
    **{
        name: {"type": "entry", "position": position, "at_ms": at_ms, "kind": "alert", "alert": alert}
        for name, (position, at_ms, alert) in LIVES.items()
    },
    "command": {"type": "command", "id": COMMAND["id"], "ok": True, "alert": CLOSED},
    "command_conflict": {
        "type": "command",
        "id": COMMAND["id"],
        "ok": False,
        "error": {
            "code": "conflict.revision",
            "message": "You saw revision 1, but the alert has changed: it is at revision 2.",
        },
        "alert": CORRECTED,
    },
    "sums_full": {"type": "sums", "full": True, "items": [SUM]},
    "sums": {"type": "sums", "full": False, "items": [{**SUM, "acknowledged": 2, "delivered": 1, "unreached": 1}]},
}
ORDERED: dict[str, Any] = {"command": {"type": "command", "item": "alert", "item_id": ALERT["id"], **COMMAND}}
"""By clients."""


def http() -> dict[str, Any]:
    path = f"/api/alerts/{ALERT['id']}"
    headers = {"Authorization": "Bearer dG9rZW4"}
    refused = {"code": "conflict.state", "message": "The alert is closed already."}
    return {
        "alert": {
            "request": {"method": "GET", "path": path, "headers": headers},
            "answer": {
                "status": 200,
                "body": {
                    "alert": CORRECTED,
                    "receipts": [ACKNOWLEDGED, BY_RADIO],
                    "revisions": [ALERT, CORRECTED],
                    "unreached": UNREACHED,
                },
            },
        },
        "alert_command": {
            "request": {"method": "POST", "path": f"{path}/commands", "headers": headers, "body": RADIO},
            "answer": {"status": 200, "body": {"alert": ON_THE_WAY}},
        },
        "alert_command_refused": {
            "request": {"method": "POST", "path": f"{path}/commands", "headers": headers, "body": COMMAND},
            "answer": {"status": 409, "body": {"error": refused, "alert": CLOSED}},
        },
    }
