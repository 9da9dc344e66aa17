"""Up-time through the whole server."""

import csv
import io
from functools import partial

import pytest

from server.core.camera_changes import KEPT_MS, Change
from server.store import camera_changes
from tests.server.running import Client, Running
from tests.vectors.wire import checking

HOUR_MS = 3600 * 1000


@pytest.fixture
async def now_ms(server: Running) -> int:
    """Main St was up for 3 hours of 4, then for an hour nobody watched; nothing is known of the harbor."""
    now_ms = server.services.now_ms()
    changes = [
        Change("main-4th", now_ms - 5 * HOUR_MS, "live"),
        Change("main-4th", now_ms - 3 * HOUR_MS, "down"),
        Change("main-4th", now_ms - 2 * HOUR_MS, "live"),
        Change("main-4th", now_ms - HOUR_MS, "idle"),
    ]
    for write in (
        partial(camera_changes.claim, server="test", now_ms=now_ms),
        partial(camera_changes.write, changes=changes, server="test", now_ms=now_ms),
    ):
        await server.services.db.write(write)
    return now_ms


async def test_the_staff_see_how_much_of_the_time_the_cameras_were_up(operator: Client, now_ms: int) -> None:
    report = (await operator.get(f"/api/cameras/uptime?from_ms={now_ms - 10 * HOUR_MS}&to_ms={now_ms}")).json
    main, harbor = report["cameras"]
    assert (main["up"], main["down"], main["asked_ms"], main["idle_ms"]) == (0.75, 0.25, 4 * HOUR_MS, HOUR_MS)
    assert (harbor["up"], harbor["asked_ms"]) == (None, 0)
    assert [(one["district"], one["up"]) for one in report["districts"]] == [("", None), ("Downtown", 0.75)]
    assert "idle_ms" in report["note"]
    month = (await operator.get("/api/cameras/uptime")).json
    assert month["all"]["up"] == 0.75
    assert month["to_ms"] - month["from_ms"] == 30 * 24 * HOUR_MS


async def test_it_has_the_fields_of_the_example(operator: Client, now_ms: int) -> None:
    example = checking.http()["uptime"]["answer"]["body"]
    report = (await operator.get("/api/cameras/uptime")).json
    assert report.keys() == example.keys()
    for part in ("cameras", "districts"):
        assert report[part][0].keys() == example[part][0].keys()


async def test_as_a_table_for_a_report(operator: Client, now_ms: int) -> None:
    path = f"/api/cameras/uptime?from_ms={now_ms - 10 * HOUR_MS}&to_ms={now_ms}"
    answer = await operator.get(path, headers={"Accept": "text/csv"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    first = next(csv.DictReader(io.StringIO(answer.text)))
    assert (first["id"], first["up"]) == ("main-4th", "0.75")
    assert (await operator.get(f"{path}&format=csv")).text == answer.text


@pytest.mark.parametrize(
    "query", ["from_ms=x", "to_ms=-1", "from_ms=1e3", "from_ms=9999999999999", "to_ms=5&from_ms=5"]
)
async def test_a_time_that_is_none_is_refused(operator: Client, query: str) -> None:
    assert (await operator.get(f"/api/cameras/uptime?{query}")).code == "request.invalid"


async def test_what_is_not_kept_any_more_can_not_be_asked_for(server: Running, operator: Client) -> None:
    before_ms = server.services.now_ms() - KEPT_MS - HOUR_MS
    answer = await operator.get(f"/api/cameras/uptime?from_ms={before_ms}")
    assert "last 400 days" in answer.json["error"]["message"]
