"""People and things that tests of the server speak about."""

from typing import Any

from server.core.bulletin_orders import BulletinOrder, PhotoOrder
from server.core.bulletins import BulletinPhoto, BulletinRecord
from server.core.media import Picture
from server.core.people import Actor, Person, Role
from server.core.planner import Planner
from server.core.pushes import PushCamera, PushOrder, PushRecord
from server.core.receipts import Item, ReceiptCommand, Stage
from server.core.roster import Roster
from server.core.selection import Selection
from streams.alert import Alert
from streams.geo import Circle, Point

NOW_MS = 1_795_200_000_000
HOUR_MS = 3_600_000

OPERATOR = Person("operator", "O. Perez", Role.OPERATOR)
DISPATCHER = Person("dispatcher", "D. Lee", Role.DISPATCHER)
ADMIN = Person("admin", "A. Min", Role.ADMIN)
REYES = Person("officer-12", "A. Reyes", Role.OFFICER, "12")
OKAFOR = Person("officer-7", "C. Okafor", Role.OFFICER, "7")
LIND = Person("officer-8", "E. Lind", Role.OFFICER, "7")
EVERYBODY = (OPERATOR, DISPATCHER, ADMIN, REYES, OKAFOR, LIND)
ROSTER = Roster(EVERYBODY)

AT_THE_DESK = Actor(OPERATOR, "console-3", "10.0.0.3")
TELLING_EVERYBODY = Planner(Roster(()))
"""It has no policies."""
SENSOR = Actor(source="gunshot", address="10.9.0.1")

CAMERAS = {
    "main-4th": PushCamera("main-4th", 4, "Main St / 4th Ave"),
    "harbor": PushCamera("harbor", 5, "Harbor Gate"),
}


PICTURE = Picture("ab" * 32, 1200, 1600, 180_000, b"\xff\xd8thumbnail", "operator", NOW_MS)
WANTED = {
    "name": "unknown",
    "why": "Robbery on Main St",
    "caution": "May be armed",
    "legal_basis": "Warrant 26-1234",
    "issuer": "Detectives",
    "verify": "Tattoo on the left hand",
}


def an_alert(source_id: Any = "53-348", **fields: Any) -> Alert:
    given: dict[str, Any] = {
        "event": "Multiple gunshots",
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Likely",
        "headline": "4 rounds near Main St",
        "circle": Circle(Point(41.76, -72.67), 25),
        "parameters": {"rounds": "4"},
    }
    return Alert(source_id=source_id, **given | fields)


def of_the_sensor(**changes: Any) -> dict[str, Any]:
    """How its alerts are raised (``intake.raise_alert``)."""
    given = {"source": "gunshot", "priority": None, "actor": SENSOR, "now_ms": NOW_MS, "raw": b""}
    return {**given, "planner": TELLING_EVERYBODY, **changes}


def an_order(push_id: str = "push-1", **fields: Any) -> PushOrder:
    """``people`` and ``units`` stand for a selection of them."""
    people, units = fields.pop("people", ("officer-12",)), fields.pop("units", ())
    given: dict[str, Any] = {
        "to": Selection(people=people, units=units),
        "cameras": ("main-4th",),
        "note": "Suspect on foot",
    }
    return PushOrder(id=push_id, **given | fields)


def a_push(push_id: str = "push-1", **fields: Any) -> PushRecord:
    given: dict[str, Any] = {
        "number": 1,
        "revision": 1,
        "alert_id": None,
        "cameras": (CAMERAS["main-4th"],),
        "note": "Suspect on foot",
        "recipients": ("officer-12",),
        "sent_by": "operator",
        "sent_ms": NOW_MS,
        "expires_ms": NOW_MS + 8 * HOUR_MS,
    }
    return PushRecord(id=push_id, **given | fields)


def a_bulletin_order(bulletin_id: str = "bulletin-1", **fields: Any) -> BulletinOrder:
    photos = (PhotoOrder(PICTURE.id, "Shop camera, Main St", "2026-11-18"),)
    return BulletinOrder(**{"id": bulletin_id, "texts": WANTED, "photos": photos} | fields)


def a_bulletin(bulletin_id: str = "bulletin-1", **fields: Any) -> BulletinRecord:
    given: dict[str, Any] = {
        **WANTED,
        "number": 1,
        "revision": 1,
        "status": "Actual",
        "photos": (BulletinPhoto(PICTURE.to_wire(), "Shop camera, Main St", "2026-11-18"),),
        "recipients": None,
        "sent_by": "operator",
        "sent_ms": NOW_MS,
        "expires_ms": NOW_MS + 72 * HOUR_MS,
        "revised_ms": NOW_MS,
        "revised_by": "operator",
    }
    return BulletinRecord(id=bulletin_id, **given | fields)


def a_receipt_command(
    item: Item, item_id: str, stage: Stage = Stage.ACKNOWLEDGED, *, command_id: str = "receipt-1", revision: int = 1
) -> ReceiptCommand:
    return ReceiptCommand(command_id, item, item_id, revision, stage)


def on(device: str, person: Person = REYES) -> Actor:
    return Actor(person, device, "10.0.0.12")
