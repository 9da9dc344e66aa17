import json

import pytest

from server.core.alert_text import MAX_PARAMETERS
from server.core.alerts import MAX_SOURCE_ID_CHARACTERS, AlertRecord, priority_of, source_key
from streams.alert import Alert
from tests.server.samples import HOUR_MS, NOW_MS, an_alert


def record_of(alert: Alert, priority: int | None = None) -> AlertRecord:
    return AlertRecord.of(alert, alert_id="a-1", number=17, source="gunshot", priority=priority, received_ms=NOW_MS)


@pytest.mark.parametrize(
    ("urgency", "severity", "priority"),
    [
        ("Immediate", "Extreme", 1),
        ("Immediate", "Severe", 1),
        ("Immediate", "Moderate", 2),
        ("Immediate", "Minor", 2),
        ("Immediate", "Unknown", 2),
        ("Expected", "Extreme", 2),
        ("Expected", "Minor", 2),
        ("Future", "Extreme", 4),
        ("Unknown", "Minor", 4),
        ("Past", "Minor", 4),
        ("Past", "Severe", 3),
        ("Unknown", "Unknown", 3),
    ],
)
def test_urgency_and_severity_decide_the_priority(urgency: str, severity: str, priority: int) -> None:
    assert priority_of(an_alert(urgency=urgency, severity=severity)) == priority


def test_the_priority_of_the_source_goes_before_ours() -> None:
    assert record_of(an_alert(), priority=4).priority == 4
    assert record_of(an_alert()).priority == 1


def test_the_wire_form_is_the_one_of_the_protocol() -> None:
    alert = an_alert(sent_at=NOW_MS / 1000 - 1.5, onset_at=NOW_MS / 1000 - 20, area_desc="Main St")
    assert record_of(alert).to_wire() == {
        "id": "a-1",
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
        "headline": "4 rounds near Main St",
        "description": "",
        "instruction": "",
        "received_ms": NOW_MS,
        "sent_ms": NOW_MS - 1500,
        "onset_ms": NOW_MS - 20_000,
        "expires_ms": None,
        "area_desc": "Main St",
        "point": {"lat": 41.76, "lon": -72.67},
        "radius_m": 25,
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
        "escalation": None,
    }


def test_a_record_comes_back_from_the_wire_as_it_was() -> None:
    for record in (record_of(an_alert()), record_of(Alert("1", "Gunshot"))):
        assert AlertRecord.from_wire(json.loads(json.dumps(record.to_wire()))) == record


@pytest.mark.parametrize(
    ("field", "limit"),
    [("event", 200), ("headline", 200), ("description", 4000), ("instruction", 4000), ("area_desc", 500)],
)
def test_a_text_that_is_too_long_is_cut_and_named(field: str, limit: int) -> None:
    whole = record_of(an_alert(**{field: "x" * limit}))
    assert (getattr(whole, field), whole.problems) == ("x" * limit, ())
    cut = record_of(an_alert(**{field: "x" * (limit + 1)}))
    assert getattr(cut, field) == "x" * (limit - 1) + "…"
    assert cut.problems == (f"{field} has {limit + 1} characters; the first {limit} are shown.",)


def test_too_many_and_too_long_parameters_are_cut_and_named() -> None:
    given = {f"p{number}": "x" for number in range(MAX_PARAMETERS + 1)} | {"p0": "x" * 2000}
    record = record_of(an_alert(parameters=given))
    assert len(record.parameters) == MAX_PARAMETERS
    assert len(record.parameters["p0"]) == 1000
    assert record.problems == (
        "Parameters that were too long are cut: p0.",
        f"{MAX_PARAMETERS + 1} parameters were sent; the first {MAX_PARAMETERS} are shown.",
    )


def test_what_no_database_can_hold_is_replaced() -> None:
    record = record_of(an_alert(headline="a\0b\ud800", parameters={"a\0": "b\ud800"}, problems=("\0 came",)))
    assert record.headline == "a\ufffdb\ufffd"
    assert record.parameters == {"a\ufffd": "b\ufffd"}
    json.dumps(record.to_wire(), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("field", "offset_ms", "problem"),
    [
        ("sent_at", 4 * 60_000, None),
        ("sent_at", HOUR_MS, "sent is 60 minutes in the future; the clock of the source may be wrong."),
        ("onset_at", 30 * HOUR_MS, "onset is 30 hours in the future; the clock of the source may be wrong."),
        ("sent_at", -23 * HOUR_MS, None),
        ("sent_at", -25 * HOUR_MS, "sent is 25 hours ago."),
        ("onset_at", -72 * HOUR_MS, "onset is 3 days ago."),
        ("expires_at", HOUR_MS, None),
        ("expires_at", -HOUR_MS, "expires was 60 minutes ago, before the alert came in."),
    ],
)
def test_a_time_that_is_odd_is_kept_and_named(field: str, offset_ms: int, problem: str | None) -> None:
    record = record_of(an_alert(**{field: (NOW_MS + offset_ms) / 1000}))
    assert getattr(record, field.replace("_at", "_ms")) == NOW_MS + offset_ms
    assert record.problems == ((problem,) if problem else ())


def test_a_very_long_source_id_is_cut_and_stays_unlike_others() -> None:
    assert source_key("53-348") == "53-348"
    one, other = source_key("x" * 5000 + "1"), source_key("x" * 5000 + "2")
    assert one != other
    assert one == source_key("x" * 5000 + "1")
    assert len(one) == MAX_SOURCE_ID_CHARACTERS
    assert source_key("a\0") != source_key("a\ud800")
