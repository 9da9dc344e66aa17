import csv
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alert import Alert
from streams.errors import FormatError
from streams.formats.gunshot_xml import DEFAULT_FIELDS, MAX_BYTES, NotXml, build, parse
from streams.geo import Circle, Point

VECTORS = Path(__file__).parents[2] / "vectors" / "gunshot"
ROWS = list(csv.DictReader((VECTORS / "kansas_city_rows.csv").read_text("utf-8").splitlines()))
ZONE = "America/Chicago"


def _parse(text: str | bytes, **fields: tuple[str, ...]) -> Alert:
    return parse(text.encode() if isinstance(text, str) else text, fields=fields, timezone=ZONE)


def _vector(name: str, **fields: tuple[str, ...]) -> Alert:
    return _parse((VECTORS / name).read_bytes(), **fields)


def _local(*parts: int) -> float:
    return datetime(*parts, tzinfo=ZoneInfo(ZONE)).timestamp()  # type: ignore[arg-type,misc]


def test_a_document_of_elements() -> None:
    assert _vector("elements.xml") == Alert(
        source_id="816-65422",
        event="Multiple gunshots",
        urgency="Immediate",
        severity="Severe",
        certainty="Likely",
        headline="Multiple gunshots, KansasCityMO",
        onset_at=_local(2016, 1, 1, 0, 8, 22),
        area_desc="KansasCityMO",
        circle=Circle(Point(39.037, -94.559), 25.0),
        parameters={"type": "Multiple Gunshots", "zone": "KansasCityMO", "District": "Metro"},
    )


def test_a_document_of_attributes_in_another_encoding() -> None:
    alert = _vector("attributes.xml")

    assert (alert.source_id, alert.event) == ("816-163545", "Multiple gunshots")
    assert alert.headline == "Multiple gunshots, 7 rounds, KansasCityMO"
    assert alert.circle == Circle(Point(39.052, -94.557), 25.0)
    assert alert.onset_at == _local(2019, 11, 3, 1, 47, 36)
    assert alert.problems == (
        "the time of the discharge '11/3/2019 1:47:36' happened twice in America/Chicago (clock change)",
    )
    assert alert.parameters["remark"] == "muzzle flash seen café"
    assert alert.parameters["rounds"] == "7"


def test_a_document_with_namespaces() -> None:
    alert = _vector("namespaced.xml")

    assert (alert.source_id, alert.event) == ("816-65465", "Probable gunfire")
    assert (alert.urgency, alert.severity, alert.certainty) == ("Immediate", "Moderate", "Possible")
    assert alert.circle == Circle(Point(39.044, -94.552), 40.0)
    assert alert.onset_at == _local(2016, 1, 1, 0, 16, 31) + 0.25
    assert alert.sent_at == _local(2016, 1, 1, 0, 16, 58)
    assert alert.parameters["audio"] == "https://audio.example/816-65465/1.wav"
    assert alert.parameters["Audio"] == "https://audio.example/816-65465/2.wav"
    assert alert.parameters["MessageNumber"] == "4"
    assert alert.problems == ()


def test_a_field_map_for_names_of_their_own() -> None:
    alert = _vector(
        "own_names.xml",
        id=("EVT/KEY",),
        type=("CLS",),
        lat=("GEO/Y",),
        lon=("GEO/X",),
        onset=("EPOCH",),
        weapon=("WPN",),
    )

    assert (alert.source_id, alert.event) == ("816-65487", "Single gunshot")
    assert alert.circle == Circle(Point(39.043, -94.554), 25.0)
    assert alert.onset_at == 1451629294
    assert alert.parameters == {"type": "Single Gunshot", "weapon": "unknown", "ver": "9", "ID": "packet-77"}


@pytest.mark.parametrize("row", ROWS, ids=[row["Respond ID"] for row in ROWS])
def test_real_activations_come_through(row: dict[str, str]) -> None:
    elements = "".join(f"<{name.replace(' ', '')}>{value}</{name.replace(' ', '')}>" for name, value in row.items())

    alert = _parse(f"<a>{elements}</a>")

    month, day, year = (int(part) for part in row["Date"].split("/"))
    assert alert.source_id == row["Respond ID"]
    assert alert.event.lower() == row["Type"].lower()
    assert alert.onset_at == _local(year, month, day, *(int(part) for part in row["Time"].split(":")))
    assert alert.circle == Circle(Point(float(row["Latitude"]), float(row["Longitude"])), 25.0)
    assert all("happened twice" in problem for problem in alert.problems)
    assert bool(alert.problems) == ((month, day, year) in {(11, 3, 2019), (11, 1, 2020)})


def test_what_build_makes_parse_reads() -> None:
    body = build(
        source_id="GS-7-1",
        kind="Multiple Gunshots",
        rounds=4,
        point=Point(41.761234, -72.671234),
        radius_m=30,
        onset="2026-11-20T14:03:02-05:00",
        sent="2026-11-20T14:03:21-05:00",
        address='412 "A" & B St <rear>',
        zone="Downtown",
    )

    alert = parse(body, fields={}, timezone="America/New_York")

    assert alert == Alert(
        source_id="GS-7-1",
        event="Multiple gunshots",
        urgency="Immediate",
        severity="Severe",
        certainty="Likely",
        headline='Multiple gunshots, 4 rounds, 412 "A" & B St <rear>',
        onset_at=1795201382,
        sent_at=1795201401,
        area_desc='412 "A" & B St <rear>, Downtown',
        circle=Circle(Point(41.761234, -72.671234), 30.0),
        parameters={"type": "Multiple Gunshots", "zone": "Downtown", "status": "Reviewed", "rounds": "4"},
    )


@pytest.mark.parametrize(
    ("text", "event", "urgency", "severity", "certainty"),
    [
        ("SINGLE GUNSHOT", "Single gunshot", "Immediate", "Severe", "Likely"),
        ("Multiple_Gunshots", "Multiple gunshots", "Immediate", "Severe", "Likely"),
        ("MSST", "Multiple gunshots", "Immediate", "Severe", "Likely"),
        ("PSST", "Probable gunfire", "Immediate", "Moderate", "Possible"),
        ("GUNSHOT OR FIRECRACKER", "Gunshot or firecracker", "Immediate", "Moderate", "Possible"),
        ("Fireworks", "Fireworks", "Past", "Minor", "Likely"),
        ("Other", "Other loud noise", "Past", "Minor", "Unlikely"),
        ("Explosion", "Explosion", "Immediate", "Unknown", "Unknown"),
        ("", "Possible gunfire", "Immediate", "Moderate", "Possible"),
    ],
)
def test_the_type_decides_how_urgent_it_is(text: str, event: str, urgency: str, severity: str, certainty: str) -> None:
    alert = _parse(f"<a><Id>1</Id><Type>{text}</Type><Lat>1</Lat><Lon>2</Lon></a>")

    assert (alert.event, alert.urgency, alert.severity, alert.certainty) == (event, urgency, severity, certainty)
    assert bool(alert.problems) == (text in {"Explosion", ""})


@pytest.mark.parametrize(
    ("word", "status", "msg_type", "certainty"),
    [
        ("Reviewed", None, "Alert", "Likely"),
        ("RAW", None, "Alert", "Possible"),
        ("Test", "Test", "Alert", "Likely"),
        ("Live", "Actual", "Alert", "Likely"),
        ("reclassified", None, "Update", "Likely"),
        ("Dismissed", None, "Cancel", "Likely"),
        ("Closed at 3", None, "Alert", "Likely"),
    ],
)
def test_the_status_of_the_review_counts(word: str, status: str | None, msg_type: str, certainty: str) -> None:
    alert = _parse(f"<a id='1' type='Single Gunshot' status='{word}' lat='1' lon='2'/>")

    assert (alert.status, alert.msg_type, alert.certainty) == (status, msg_type, certainty)
    assert alert.parameters["status"] == word


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("<lat>999</lat><lon>-72.67</lon>", "latitude 999.0 is outside -90..90; the position was left out"),
        ("<lat>41</lat><lon>-181</lon>", "longitude -181.0 is outside -180..180; the position was left out"),
        ("<lat>NaN</lat><lon>1</lon>", "latitude nan is outside -90..90; the position was left out"),
        ("<lat>north</lat><lon>1</lon>", "the position 'north', '1' is not two numbers; it was left out"),
        ("<lat>41.76</lat>", "the position '41.76', '' is not two numbers; it was left out"),
        ("<lat>0.001</lat><lon>-0.002</lon>", "the position 0.001, -0.002 is in the Gulf of Guinea; it was left out"),
        ("", "no position was sent"),
    ],
)
def test_a_wrong_position_never_costs_the_alert(place: str, problem: str) -> None:
    alert = _parse(f"<a><id>1</id><type>Gunshot</type>{place}</a>")

    assert alert.circle is None
    assert alert.problems == (problem,)


@pytest.mark.parametrize(("radius", "radius_m"), [("", 25), ("3", 25), ("60.5", 60.5), ("60 meters", 60), ("60M", 60)])
def test_the_radius_is_at_least_25_m(radius: str, radius_m: float) -> None:
    alert = _parse(f"<a id='1' type='Gunshot' lat='1' lon='2' radius='{radius}'/>")

    assert alert.circle == Circle(Point(1, 2), radius_m)
    assert alert.problems == ()


@pytest.mark.parametrize("radius", ["-4", "far", "1e9", "nan"])
def test_a_wrong_radius_is_named(radius: str) -> None:
    alert = _parse(f"<a id='1' type='Gunshot' lat='1' lon='2' radius='{radius}'/>")

    assert alert.circle == Circle(Point(1, 2), 25)
    assert alert.problems == (f"the radius '{radius}' is no number of metres up to 20000; 25 m was taken",)


def test_a_wrong_time_and_a_wrong_number_of_rounds_are_named() -> None:
    alert = _parse("<a id='1' type='Gunshot' lat='1' lon='2' rounds='many' time='yesterday'/>")

    assert (alert.onset_at, alert.parameters.get("rounds")) == (None, None)
    assert alert.problems == (
        "the time of the discharge 'yesterday' could not be read; it was left out",
        "the number of rounds 'many' is not a number up to 9999; it was left out",
    )


def test_unknown_elements_are_kept_and_repeated_names_are_numbered() -> None:
    alert = _parse(
        "<a id='1' type='Gunshot' lat='1' lon='2'><Sensor>4</Sensor><Sensor>5</Sensor><zone>7</zone><Zone>8</Zone></a>"
    )

    assert alert.parameters == {"type": "Gunshot", "zone": "7", "Sensor": "4", "Sensor.2": "5", "Zone": "8"}


def test_too_many_unknown_elements_are_cut_and_named() -> None:
    alert = _parse("<a id='1' type='Gunshot' lat='1' lon='2'>" + "<b>1</b>" * 20_000 + f"<c>{'x' * 5000}</c></a>")

    assert len(alert.parameters) == 65
    assert alert.problems == ("19937 more fields were left out; 64 are kept",)


def test_a_long_value_is_cut() -> None:
    alert = _parse(f"<a id='1' type='Gunshot' lat='1' lon='2'><c>{'x' * 5000}</c></a>")

    assert len(alert.parameters["c"]) == 1000


def test_a_document_without_an_id_is_refused_with_the_names_looked_for() -> None:
    with pytest.raises(FormatError, match="no incident id; expected one of the elements or attributes Key, Ref"):
        _parse("<a><Type>Gunshot</Type></a>", id=("Key", "Ref"))
    with pytest.raises(FormatError, match="201 characters"):
        _parse(f"<a id='{'7' * 201}'/>")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE a><a id="1"/>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a id="1"/>',
        '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a id="1"><type>&f;</type></a>',
        f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a id="1"><type>&l9;</type></a>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]><a id="1"/>',
    ],
)
def test_a_document_with_a_dtd_is_refused(document: str) -> None:
    with pytest.raises(NotXml, match="DTD or entities"):
        _parse(document)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"   ",
        b"<a",
        b"<a></b>",
        b"<a>&nope;</a>",
        b"<a/><b/>",
        b'{"id": 1}',
        b"\x00\x01\x02",
        b"<a>\xff\xfe</a>",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b"<a>" * 50_000,
        b"<a>\x00</a>",
    ],
)
def test_broken_xml_is_refused(document: bytes) -> None:
    with pytest.raises(NotXml, match="not well-formed XML"):
        _parse(document)


def test_a_document_of_1_mb_is_refused_unread() -> None:
    with pytest.raises(NotXml, match=f"document of 1048587 bytes, expected at most {MAX_BYTES}"):
        _parse(b"<a id='1'>" + b"x" * 1_048_573 + b"</a>")


def test_a_document_that_nests_very_deep_is_read() -> None:
    assert _parse(b"<a>" * 30_000 + b"<id>7</id>" + b"</a>" * 30_000).source_id == "7"


def test_every_default_name_finds_its_field() -> None:
    for name in DEFAULT_FIELDS["id"]:
        assert _parse(f"<a><{name.upper()}>7</{name.upper()}></a>").source_id == "7"


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: f"<a id='1'><lat>{text}</lat></a>".encode()))
def test_whatever_comes_is_read_or_refused(document: bytes) -> None:
    try:
        parse(document, fields={}, timezone="UTC")
    except FormatError:
        return


@given(
    st.dictionaries(
        st.sampled_from(["lat", "lon", "radius", "rounds", "time", "sent", "type"]),
        st.text("0123456789-+.:/TZeE naif", max_size=30),
    )
)
def test_a_document_with_an_id_is_always_an_alert(values: dict[str, str]) -> None:
    attributes = "".join(f" {name}='{value}'" for name, value in values.items())

    assert _parse(f"<a id='1'{attributes}/>").source_id == "1"
