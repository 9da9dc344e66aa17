"""Examples of a push and of a wanted-person bulletin, and of what is left of each."""

from tests.vectors.wire.lives import ALERT, NOW_MS
from tests.vectors.wire.scene import CAMERA_NUMBER, MEDIA

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
