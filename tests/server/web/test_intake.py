"""Alerts that come in from sources, good and bad (docs/wire.md §7)."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from streams.valkey import EmbeddedValkey
from tests.server.running import OTHER_SECRET, PATH_SECRET, Client, Running, a_config, running, signed

GUNSHOT = b"""<?xml version="1.0"?>
<Incident><IncidentId>53-348</IncidentId><IncidentType>Multiple Gunshots</IncidentType><Rounds>4</Rounds>
<Latitude>41.7641</Latitude><Longitude>-72.6739</Longitude><Address>Main St</Address>
<DischargeTime>2026-11-20T14:03:02-05:00</DischargeTime></Incident>"""


@pytest.fixture
def source(server: Running) -> Client:
    """A sensor that signs."""
    return server.client()


def body(**fields: Any) -> bytes:
    return json.dumps({"identifier": "53-348", "event": "Multiple gunshots", **fields}).encode()


async def test_an_alert_with_the_required_fields_alone_is_accepted(source: Client, operator: Client) -> None:
    answer = await source.intake(body())
    assert answer.status == 201
    alert = answer.json["alert"]
    assert answer.json["position"] == 1
    assert (alert["source"], alert["source_id"], alert["event"]) == ("cad", "53-348", "Multiple gunshots")
    assert (alert["point"], alert["problems"], alert["revision"]) == (None, [], 1)
    assert (await operator.get("/api/alerts")).json == {"position": 1, "alerts": [alert]}


async def test_unknown_fields_are_kept_as_parameters(source: Client) -> None:
    answer = await source.intake(body(beat="7A", nested={"a": [1]}))
    assert answer.status == 201
    assert answer.json["alert"]["parameters"] == {"beat": "7A", "nested": '{"a": [1]}'}


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"area": {"point": {"lat": 999, "lon": -72.67}}}, "999"),
        ({"severity": "Terrible"}, "Terrible"),
        ({"onset": "2026-11-20T14:03:02"}, "onset"),
        ({"sent": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400))}, "future"),
    ],
)
async def test_an_optional_field_that_can_not_be_used_never_costs_the_alert(
    source: Client, fields: dict[str, Any], word: str
) -> None:
    answer = await source.intake(body(**fields))
    assert answer.status == 201
    (problem,) = answer.json["alert"]["problems"]
    assert word in problem


async def test_the_same_id_twice_is_one_alert(source: Client, operator: Client) -> None:
    first = await source.intake(body())
    again = await source.intake(body())
    assert again.status == 200
    assert again.json == {"alert": first.json["alert"], "duplicate": True}
    assert (await operator.get("/api/alerts")).json["position"] == 1


async def test_what_is_said_otherwise_is_a_revision_with_a_position(source: Client) -> None:
    first = await source.intake(body())
    again = await source.intake(body(headline="said otherwise"))
    assert (again.status, again.json["position"]) == (200, 2)
    assert "duplicate" not in again.json
    alert = again.json["alert"]
    assert (alert["id"], alert["revision"], alert["headline"]) == (first.json["alert"]["id"], 2, "said otherwise")


async def test_a_cancellation_names_the_alert_in_its_references(source: Client) -> None:
    first = (await source.intake(body())).json["alert"]
    answer = await source.intake(body(identifier="c-1", msgType="Cancel", references=[first["source_id"]]))
    assert (answer.json["alert"]["id"], answer.json["alert"]["state"]) == (first["id"], "cancelled")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"not json", 400, "request.not_json"),
        (b'{"event": "x"', 400, "request.not_json"),
        (b'["x"]', 400, "alert.invalid"),
        (b'{"event": "x"}', 400, "alert.invalid"),
        (b'{"identifier": "x"}', 400, "alert.invalid"),
        (b"[" * 100_000, 400, "request.not_json"),
        (bytes(1024 * 1024), 413, "request.too_large"),
    ],
)
async def test_what_is_no_alert_is_refused_in_words(
    source: Client, operator: Client, sent: bytes, status: int, code: str
) -> None:
    answer = await source.intake(sent)
    assert (answer.status, answer.code) == (status, code)
    assert answer.json["error"]["message"].endswith(".")
    assert (await operator.get("/api/alerts")).json == {"position": 0, "alerts": []}


@pytest.mark.parametrize(
    ("signing", "code"),
    [
        ({"signature": "v1,AAAA"}, "signature.wrong"),
        ({"signature": "v1"}, "signature.wrong"),
        ({"signature": "v1,é"}, "signature.wrong"),
        ({"signature": "v2,AAAA v1,====="}, "signature.wrong"),
        ({"secret": OTHER_SECRET}, "signature.wrong"),
        ({"off_s": -310}, "signature.stale"),
        ({"off_s": 310}, "signature.stale"),
        ({"off_s": -1e9}, "signature.stale"),
    ],
)
async def test_a_signature_that_does_not_fit_is_refused(source: Client, signing: dict[str, Any], code: str) -> None:
    answer = await source.intake(body(), **signing)
    assert (answer.status, answer.code) == (401, code)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_an_unsigned_request_is_refused(source: Client, missing: str) -> None:
    headers = {name: value for name, value in signed(body()).items() if name != missing}
    answer = await source.request("POST", "/intake/alerts", data=body(), headers=headers)
    assert (answer.status, answer.code) == (401, "signature.wrong")
    assert missing in answer.json["error"]["message"]


@pytest.mark.parametrize("timestamp", ["soon", "-5", "1e9", "9" * 400, "1795201401.5"])
async def test_a_time_stamp_that_is_none_is_refused(source: Client, timestamp: str) -> None:
    headers = {**signed(body()), "webhook-timestamp": timestamp}
    answer = await source.request("POST", "/intake/alerts", data=body(), headers=headers)
    assert answer.status == 401


async def test_a_body_that_was_changed_on_the_way_is_refused(source: Client) -> None:
    answer = await source.request("POST", "/intake/alerts", data=body(priority=1), headers=signed(body()))
    assert (answer.status, answer.code) == (401, "signature.wrong")


async def test_a_source_of_the_other_kind_does_not_fit(source: Client) -> None:
    answer = await source.intake(GUNSHOT, "/intake/gunshot")
    assert answer.code == "signature.wrong"


async def test_one_of_several_signatures_is_enough(source: Client) -> None:
    good = signed(body())["webhook-signature"]
    answer = await source.intake(body(), signature=f"v1a,x v1,AAAA {good}")
    assert answer.status == 201


async def test_a_gunshot_comes_in_as_xml(source: Client) -> None:
    answer = await source.intake(GUNSHOT, "/intake/gunshot", secret=OTHER_SECRET)
    assert answer.status == 201
    alert = answer.json["alert"]
    assert (alert["source"], alert["source_id"], alert["priority"]) == ("shots", "53-348", 1)
    assert alert["point"] == {"lat": 41.7641, "lon": -72.6739}
    assert alert["radius_m"] == 25
    assert alert["parameters"]["rounds"] == "4"


async def test_a_test_that_is_reviewed_stays_a_test(source: Client) -> None:
    said = []
    for word in ("Test", "Reviewed", "Live"):
        xml = f"<a id='7' type='Single Gunshot' status='{word}' lat='41.7' lon='-72.6'/>".encode()
        answer = await source.intake(xml, "/intake/gunshot", secret=OTHER_SECRET)
        said.append(answer.json["alert"]["status"])
    assert said == ["Test", "Test", "Actual"]


@pytest.mark.parametrize(
    ("xml", "status", "code"),
    [
        (b"<Incident><IncidentId>1</Incident>", 400, "alert.not_xml"),
        (b"", 400, "alert.not_xml"),
        (b'{"identifier": "1"}', 400, "alert.not_xml"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Incident><IncidentId>&a;</IncidentId></Incident>', 400, "alert.not_xml"),
        (b"<Incident><Rounds>4</Rounds></Incident>", 400, "alert.invalid"),
        (b"<a>" * 20_000, 400, "alert.not_xml"),
        (b"<a>" + bytes(1024 * 1024 - 3), 413, "request.too_large"),
    ],
)
async def test_xml_that_is_no_alert_is_refused_in_words(source: Client, xml: bytes, status: int, code: str) -> None:
    answer = await source.intake(xml, "/intake/gunshot", secret=OTHER_SECRET)
    assert (answer.status, answer.code) == (status, code)


async def test_a_vendor_that_can_not_sign_has_a_secret_path(source: Client) -> None:
    answer = await source.request("POST", f"/intake/gunshot/{PATH_SECRET}", data=GUNSHOT)
    assert answer.status == 201
    assert answer.json["alert"]["source"] == "old-shots"


async def test_a_secret_path_that_is_wrong_is_refused(source: Client) -> None:
    for wrong in ("a", PATH_SECRET[:-1], "%C3%A9"):
        answer = await source.request("POST", f"/intake/gunshot/{wrong}", data=GUNSHOT)
        assert (answer.status, answer.code) == (401, "signature.wrong")


async def test_a_secret_path_is_good_from_the_listed_addresses_only(tmp_path: Path, valkey: EmbeddedValkey) -> None:
    config = a_config(tmp_path, valkey.url)
    proxied = a_config(
        tmp_path, valkey.url, web=type(config.web)(port=0, behind_proxy=True, public_origin="https://a.b")
    )
    async with running(proxied) as server:
        for forwarded, status in (
            ("192.0.2.9", 403),
            ("127.0.0.1, 192.0.2.9", 403),
            ("192.0.2.9, 127.0.0.1", 201),
            ("::ffff:127.0.0.1", 200),
            ("nonsense", 403),
        ):
            answer = await server.client().request(
                "POST", f"/intake/gunshot/{PATH_SECRET}", data=GUNSHOT, headers={"X-Forwarded-For": forwarded}
            )
            assert answer.status == status, forwarded
    async with running(config) as server:
        answer = await server.client().request(
            "POST", f"/intake/gunshot/{PATH_SECRET}", data=GUNSHOT, headers={"X-Forwarded-For": "192.0.2.9"}
        )
        assert answer.status == 200, "without a declared proxy the header means nothing"


async def test_while_the_disk_is_full_the_answer_is_503_and_nothing_is_lost(
    server: Running, source: Client, operator: Client
) -> None:
    assert (await source.intake(body(identifier="before"))).status == 201
    db = server.services.db

    def fill(conn: Any) -> None:
        pages = conn.scalar(text("PRAGMA page_count"))
        conn.execute(text(f"PRAGMA max_page_count = {pages}"))

    await db.write(fill)
    padding = "x" * 100_000
    answer = await source.intake(body(identifier="during", note=padding))
    assert (answer.status, answer.code) == (503, "log.unavailable")
    assert "Retry-After" in answer.headers
    alerts = (await operator.get("/api/alerts")).json["alerts"]
    assert [alert["source_id"] for alert in alerts] == ["before"], "reading goes on, and nothing was stored"
    await db.write(lambda conn: conn.execute(text("PRAGMA max_page_count = 1000000")))
    assert (await source.intake(body(identifier="during", note=padding))).status == 201
