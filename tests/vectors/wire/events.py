"""Examples of the messages of /ws/events (docs/wire.md §5)."""

from tests.vectors.wire import lives
from tests.vectors.wire.lives import (
    ACKNOWLEDGED,
    ALERT,
    ALERT_WITHOUT_PLACE,
    BY_RADIO,
    DELIVERED,
    NOW_MS,
    SENT,
    SHOWN,
)
from tests.vectors.wire.scene import INSTALLATION, LIVE, OFFICER, STALLED
from tests.vectors.wire.sendings import BULLETIN, CLEARED_BULLETIN, ENDED_BULLETIN, PUSH, RECALLED_PUSH

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
