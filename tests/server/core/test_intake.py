import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.alerts import AlertRecord
from server.core.intake import alert_from_json
from server.errors import AlertInvalid
from streams.alert import Alert
from streams.geo import Circle, Point
from tests.server.samples import NOW_MS

WHOLE: dict[str, Any] = {
    "identifier": "53-348",
    "event": "Multiple gunshots",
    "status": "Actual",
    "msgType": "Alert",
    "category": "Safety",
    "urgency": "Immediate",
    "severity": "Severe",
    "certainty": "Likely",
    "priority": 1,
    "headline": "4 rounds",
    "description": "Near the bus stop",
    "instruction": "Approach with care",
    "sent": "2026-11-20T14:03:21-05:00",
    "onset": "2026-11-20T14:03:02-05:00",
    "expires": "2026-11-20T20:03:02Z",
    "area": {"areaDesc": "Main St", "point": {"lat": 41.76, "lon": -72.67}, "radius_m": 25},
    "parameters": {"rounds": "4"},
}


def read(**fields: object) -> Alert:
    """An alert with the two required fields, and these."""
    return alert_from_json({"identifier": "53-348", "event": "Multiple gunshots", **fields})[0]


def test_a_whole_alert_is_read_without_a_problem() -> None:
    alert, priority = alert_from_json(WHOLE)
    assert priority == 1
    assert alert == Alert(
        source_id="53-348",
        event="Multiple gunshots",
        status="Actual",
        msg_type="Alert",
        category="Safety",
        urgency="Immediate",
        severity="Severe",
        certainty="Likely",
        headline="4 rounds",
        description="Near the bus stop",
        instruction="Approach with care",
        sent_at=datetime(2026, 11, 20, 19, 3, 21, tzinfo=UTC).timestamp(),
        onset_at=datetime(2026, 11, 20, 19, 3, 2, tzinfo=UTC).timestamp(),
        expires_at=datetime(2026, 11, 20, 20, 3, 2, tzinfo=UTC).timestamp(),
        area_desc="Main St",
        circle=Circle(Point(41.76, -72.67), 25),
        parameters={"rounds": "4"},
        problems=(),
    )


def test_identifier_and_event_are_enough() -> None:
    assert alert_from_json({"identifier": "1", "event": "Gunshot"}) == (Alert("1", "Gunshot"), None)


@pytest.mark.parametrize("missing", ["identifier", "event"])
@pytest.mark.parametrize("value", [None, "", "  ", [], {}, True])
def test_without_one_of_the_two_it_is_refused(missing: str, value: object) -> None:
    with pytest.raises(AlertInvalid) as refusal:
        alert_from_json({**WHOLE, missing: value})
    assert refusal.value.path == missing


@pytest.mark.parametrize("body", [None, [], "alert", 5, True])
def test_what_is_no_object_is_refused(body: object) -> None:
    with pytest.raises(AlertInvalid, match="object"):
        alert_from_json(body)


def test_an_identifier_is_made_for_an_alert_raised_by_hand() -> None:
    assert alert_from_json({"event": "Gunshot"}, identifier="made")[0].source_id == "made"
    assert alert_from_json({"event": "Gunshot", "identifier": "own"}, identifier="made")[0].source_id == "own"


def test_a_number_is_a_good_enough_identifier() -> None:
    assert alert_from_json({"identifier": 53348, "event": "Gunshot"})[0].source_id == "53348"


def test_latitude_999_costs_the_place_and_not_the_alert() -> None:
    alert = read(area={"areaDesc": "Main St", "point": {"lat": 999, "lon": -72.67}, "radius_m": 25})
    assert alert.circle is None
    assert alert.area_desc == "Main St"
    assert alert.problems == ("area.point: latitude 999.0 is outside -90..90; it is left out.",)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("severity", "Catastrophic"),
        ("severity", 5),
        ("status", {}),
        ("priority", 0),
        ("priority", 5),
        ("priority", 1.5),
        ("priority", True),
        ("priority", "high"),
        ("priority", math.inf),
        ("sent", "2026-11-20T14:03:21"),
        ("sent", "yesterday"),
        ("sent", 1795200000),
        ("onset", "0001-01-01T00:00:00+14:00x"),
        ("headline", ["4 rounds"]),
        ("area", "Main St"),
        ("parameters", "rounds=4"),
    ],
)
def test_an_optional_field_that_cannot_be_used_is_named(field: str, value: object) -> None:
    alert = read(**{field: value})
    assert len(alert.problems) == 1
    assert alert.problems[0].startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("area", "named"),
    [
        ({"point": [41.76, -72.67]}, "area.point"),
        ({"point": {"lat": "north", "lon": 1}}, "area.point"),
        ({"point": {"lat": math.nan, "lon": 1}}, "area.point"),
        ({"point": {"lat": 10**400, "lon": 1}}, "area.point"),
        ({"point": {"lat": 1}}, "area.point"),
        ({"point": {"lat": 1, "lon": 1}, "radius_m": -5}, "area.radius_m"),
        ({"point": {"lat": 1, "lon": 1}, "radius_m": "wide"}, "area.radius_m"),
        ({"circle": "41.76,-72.67"}, "area.circle"),
        ({"circle": "41.76 -72.67 1"}, "area.circle"),
        ({"circle": "999,-72.67 1"}, "area.circle"),
        ({"areaDesc": {}}, "area.areaDesc"),
    ],
)
def test_a_part_of_the_area_that_cannot_be_used_is_named(area: dict[str, object], named: str) -> None:
    assert read(area=area).problems[0].startswith(f"{named}: ")


def test_a_circle_of_cap_stands_for_point_and_radius() -> None:
    assert read(area={"circle": "41.76,-72.67 0.025"}).circle == Circle(Point(41.76, -72.67), 25)


def test_a_circle_stands_in_for_a_point_that_cannot_be_used() -> None:
    alert = read(area={"point": {"lat": 999, "lon": 0}, "circle": "41.76,-72.67 0.025"})
    assert alert.circle == Circle(Point(41.76, -72.67), 25)
    assert len(alert.problems) == 1


def test_a_point_without_a_radius_has_an_unknown_one() -> None:
    alert = read(area={"point": {"lat": 41.76, "lon": -72.67}})
    record = AlertRecord.of(alert, alert_id="a", number=1, source="s", priority=None, received_ms=NOW_MS)
    assert record.to_wire()["point"] == {"lat": 41.76, "lon": -72.67}
    assert record.to_wire()["radius_m"] is None


def test_words_are_taken_however_they_are_capitalised() -> None:
    assert read(urgency="immediate", severity="SEVERE", msg_type="update").msg_type == "Update"


def test_unknown_fields_are_kept_as_parameters() -> None:
    alert = read(
        sensor=7, detail={"model": "x"}, area={"polygon": "1,1 2,2 1,1"}, parameters={"rounds": 4, "off": None}
    )
    assert alert.parameters == {
        "rounds": "4",
        "off": "",
        "sensor": "7",
        "detail": '{"model": "x"}',
        "area.polygon": "1,1 2,2 1,1",
    }
    assert alert.problems == ()


def test_an_unknown_field_does_not_hide_a_parameter_of_that_name() -> None:
    assert read(rounds="5", parameters={"rounds": "4"}).parameters == {"rounds": "4", "_rounds": "5"}


def test_lists_of_cap_are_read_by_their_first_item() -> None:
    alert = read(
        category=["Fire", "Rescue"],
        area=[{"areaDesc": "Main St"}, {"areaDesc": "4th Ave"}],
        parameters=[{"valueName": "rounds", "value": "4"}],
    )
    assert (alert.category, alert.area_desc) == ("Fire", "Main St")
    assert alert.parameters["rounds"] == "4"
    assert "4th Ave" in alert.parameters["area"]
    assert "Rescue" in alert.parameters["category"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
field_names = st.sampled_from([*WHOLE, "msg_type", "areaDesc", "point", "radius_m"]) | st.text()
areas = st.fixed_dictionaries(
    {},
    optional={
        "areaDesc": json_values,
        "point": json_values,
        "radius_m": json_values,
        "circle": json_values | st.text(),
    },
)


@given(st.dictionaries(field_names, json_values), st.text() | areas, st.text(min_size=1), st.text(min_size=1))
def test_no_optional_field_ever_costs_the_alert(
    fields: dict[str, object], area: object, identifier: str, event: str
) -> None:
    body = {**fields, "area": area, "identifier": "x" + identifier, "event": "x" + event}
    alert, priority = alert_from_json(body)
    record = AlertRecord.of(alert, alert_id="a", number=1, source="s", priority=priority, received_ms=NOW_MS)
    text = json.dumps(record.to_wire(), ensure_ascii=False, allow_nan=False)
    assert AlertRecord.from_wire(json.loads(text.encode())) == record
    assert "\0" not in text
    assert record.event
    assert record.priority in {1, 2, 3, 4}


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=20))
def test_nothing_that_nobody_asked_for_is_lost(unknown: dict[str, str]) -> None:
    known = {*WHOLE, "msg_type"}
    unknown = {name: value for name, value in unknown.items() if name not in known}
    alert, _ = alert_from_json({**unknown, "identifier": "1", "event": "Gunshot"})
    # msgType and areaDesc are the same fields in another spelling.
    assert sorted(alert.parameters.values()) == sorted(unknown.values())


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["a", 7], ("a", "7")),
        ("s@city,a,2026-11-20T14:03:21-05:00  s@city,b,2026-11-20T14:04:21-05:00", ("a", "b")),
        ("a b", ("a", "b")),
        ("", ()),
        (None, ()),
        ([""], ()),
    ],
)
def test_references_are_a_list_or_caps_own_text(given: object, read: tuple[str, ...]) -> None:
    alert, _ = alert_from_json({"identifier": "1", "event": "Shots", "references": given})
    assert (alert.references, alert.problems) == (read, ())
    assert "references" not in alert.parameters


def test_references_that_can_not_be_used_are_named() -> None:
    alert, _ = alert_from_json({"identifier": "1", "event": "Shots", "references": [{"id": "a"}]})
    assert alert.references == ()
    assert alert.problems == ("references: must be a list of ids, or CAP's text; it is left out.",)
    many, _ = alert_from_json({"identifier": "1", "event": "Shots", "references": [f"a-{n}" for n in range(101)]})
    assert (len(many.references), many.references[-1]) == (100, "a-100")
    assert many.problems == ("references holds 101 ids; the last 100 are read.",)
