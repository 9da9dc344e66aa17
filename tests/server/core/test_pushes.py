import json
from typing import Any

import pytest

from server.core.pushes import MediaOrder, PushMedia, PushOrder, PushRecord
from server.core.selection import Selection
from server.errors import RequestInvalid
from tests.server.samples import HOUR_MS, NOW_MS, PICTURE, a_push

GOOD: dict[str, Any] = {
    "id": "0c1f9d2e-7a55-4c6e-8a8e-0b5f2f1f7a11",
    "cameras": ["main-4th"],
    "to": {"people": ["officer-12"], "units": ["7"]},
    "note": " Suspect on foot ",
    "alert_id": "a-1",
}


def test_an_order_is_read() -> None:
    to = Selection(people=("officer-12",), units=("7",))
    assert PushOrder.parse(GOOD) == PushOrder(
        GOOD["id"], to, ("main-4th",), (), "Suspect on foot", alert_id="a-1", status="Actual"
    )


def test_a_photo_is_read_with_where_and_when_it_was_taken() -> None:
    body = {**GOOD, "media": [{"id": "ab", "camera": "main-4th", "taken_ms": 5}, {"id": "cd"}], "status": "Exercise"}
    order = PushOrder.parse(body)
    assert order.media == (MediaOrder("ab", "main-4th", 5), MediaOrder("cd"))
    assert order.status == "Exercise"


@pytest.mark.parametrize("part", [{"cameras": ["a"]}, {"media": [{"id": "ab"}]}, {"note": "Come back"}])
def test_cameras_photos_or_words_are_enough(part: dict[str, object]) -> None:
    assert PushOrder.parse({"id": "1", "to": {"units": ["7"]}, **part}).id == "1"


def test_an_empty_push_is_refused() -> None:
    with pytest.raises(RequestInvalid) as refusal:
        PushOrder.parse({"id": "1", "to": {"units": ["7"]}, "cameras": [], "media": [], "note": " "})
    assert "camera, a photo or a note" in refusal.value.message


def test_a_photo_from_the_future_is_refused() -> None:
    order = PushOrder.parse({**GOOD, "media": [{"id": "ab", "taken_ms": NOW_MS + 60_000}]})
    order.check(NOW_MS)
    with pytest.raises(RequestInvalid) as refusal:
        order.check(NOW_MS - 1)
    assert refusal.value.path == "media[0].taken_ms"


def test_note_and_alert_are_optional_and_doubles_count_once() -> None:
    body = {"id": "1", "cameras": ["a", "b", "a"], "to": {"units": ["7", "7"]}, "note": None, "alert_id": None}
    assert PushOrder.parse(body) == PushOrder("1", Selection(units=("7",)), ("a", "b"))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"id": "a/b"}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"media": "ab"}, "media"),
        ({"media": ["ab"]}, "media[0]"),
        ({"media": [{}]}, "media[0].id"),
        ({"media": [{"id": "ab"}, {"id": "ab"}]}, "media"),
        ({"media": [{"id": str(number)} for number in range(5)]}, "media"),
        ({"media": [{"id": "ab", "camera": 4}]}, "media[0].camera"),
        ({"media": [{"id": "ab", "taken_ms": "now"}]}, "media[0].taken_ms"),
        ({"status": "Draft"}, "status"),
        ({"to": {"near": {"lat": 41.7, "lon": -72.6, "radius_m": 0}}}, "to.near.radius_m"),
        ({"to": {"near": {"lat": 41.7, "lon": -72.6, "radius_m": -5}}}, "to.near.radius_m"),
        ({"to": {"near": {"lat": 41.7, "lon": -72.6, "radius_m": 10_000_000}}}, "to.near.radius_m"),
        ({"cameras": "main-4th"}, "cameras"),
        ({"cameras": [4]}, "cameras[0]"),
        ({"cameras": ["a", ""]}, "cameras[1]"),
        ({"cameras": [str(number) for number in range(10)]}, "cameras"),
        ({"to": None}, "to"),
        ({"to": ["officer-12"]}, "to"),
        ({"to": {"people": "officer-12"}}, "to.people"),
        ({"to": {"units": [7]}}, "to.units[0]"),
        ({"note": "x" * 501}, "note"),
        ({"note": 5}, "note"),
        ({"note": "\0"}, "note"),
        ({"alert_id": 5}, "alert_id"),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_named(change: dict[str, object], path: str) -> None:
    with pytest.raises(RequestInvalid) as refusal:
        PushOrder.parse({**GOOD, **change})
    assert refusal.value.path == path


def test_a_push_is_live_until_it_expires() -> None:
    push = a_push()
    assert push.is_live(NOW_MS)
    assert push.is_live(NOW_MS + 8 * HOUR_MS - 1)
    assert not push.is_live(NOW_MS + 8 * HOUR_MS)


def test_a_recall_is_a_new_revision_and_again_the_same() -> None:
    recalled = a_push().recalled(by="dispatcher", now_ms=NOW_MS + 5)
    assert (recalled.revision, recalled.recalled_by, recalled.recalled_ms) == (2, "dispatcher", NOW_MS + 5)
    assert not recalled.is_live(NOW_MS + 5)
    assert (recalled.cameras, recalled.media, recalled.note) == ((), (), "")
    assert recalled.recalled(by="operator", now_ms=NOW_MS + 9) is recalled


def test_the_wire_form_is_the_one_of_the_protocol() -> None:
    assert a_push().to_wire() == {
        "id": "push-1",
        "number": 1,
        "revision": 1,
        "alert_id": None,
        "cameras": [{"id": "main-4th", "number": 4, "name": "Main St / 4th Ave"}],
        "media": [],
        "note": "Suspect on foot",
        "status": "Actual",
        "to": {},
        "recipients": ["officer-12"],
        "sent_by": "operator",
        "sent_ms": NOW_MS,
        "recalled_by": None,
        "recalled_ms": None,
        "expires_ms": NOW_MS + 8 * HOUR_MS,
    }


def test_a_record_comes_back_from_the_wire_as_it_was() -> None:
    photo = PushMedia(PICTURE.to_wire(), "harbor", NOW_MS)
    for push in (a_push(media=(photo,)), a_push().recalled(by="operator", now_ms=NOW_MS)):
        assert PushRecord.from_wire(json.loads(json.dumps(push.to_wire()))) == push


def test_a_push_of_the_first_release_is_read() -> None:
    wire = a_push().to_wire()
    for name in ("media", "status", "to"):
        del wire[name]
    assert PushRecord.from_wire(wire) == a_push()


def test_a_push_that_the_first_release_recalled_holds_nothing_any_more() -> None:
    wire = {**a_push().to_wire(), "revision": 2, "recalled_by": "operator", "recalled_ms": NOW_MS + 5}
    assert PushRecord.from_wire(wire) == a_push().recalled(by="operator", now_ms=NOW_MS + 5)
