import csv
import io

from server.core.uptime import NOTE, Uptime, report
from server.core.uptime_table import table
from streams.config import CameraConfig

CAMERAS = [
    CameraConfig("main-4th", 4, "Main St, 4th Ave", "rtsp://192.0.2.1/", district="Downtown"),
    CameraConfig("park", 5, '=HYPERLINK("x")', "rtsp://192.0.2.1/", district="Downtown"),
    CameraConfig("harbor", 6, "Harbor", "rtsp://192.0.2.1/"),
]
SPENT = {
    "main-4th": {"live": 6000, "stalled": 1000, "down": 2000, "unknown": 1000, "idle": 500},
    "park": {"live": 10_000, "idle": 90_000},
    "gone": {"live": 5},
}
REPORT = report(CAMERAS, SPENT, from_ms=0, to_ms=100_000)


def test_shares_are_of_the_time_in_which_pictures_were_asked_for() -> None:
    main, park, harbor = REPORT["cameras"]
    assert (main["up"], main["stalled"], main["down"], main["unknown"]) == (0.6, 0.1, 0.2, 0.1)
    assert (main["asked_ms"], main["idle_ms"]) == (10_000, 500)
    assert (park["up"], park["idle_ms"]) == (1, 90_000)
    assert (harbor["up"], harbor["asked_ms"]) == (None, 0), "of a camera that was never asked nothing is said"
    assert REPORT["note"] == NOTE


def test_a_district_is_all_its_cameras_together() -> None:
    nowhere, downtown = REPORT["districts"]
    assert (nowhere["district"], nowhere["cameras"], nowhere["up"]) == ("", 1, None)
    assert (downtown["district"], downtown["cameras"], downtown["up"], downtown["asked_ms"]) == (
        "Downtown",
        2,
        0.8,
        20_000,
    )
    assert (REPORT["all"]["cameras"], REPORT["all"]["up"]) == (3, 0.8)


def test_a_state_that_this_program_does_not_know_is_unknown() -> None:
    assert Uptime.of({"dozing": 5, "unknown": 1}) == Uptime(unknown_ms=6)


def test_as_a_table_it_has_a_row_for_each_and_runs_nothing_in_a_spreadsheet() -> None:
    rows = list(csv.DictReader(io.StringIO(table(REPORT))))
    assert [(row["id"], row["name"], row["district"], row["up"]) for row in rows] == [
        ("main-4th", "Main St, 4th Ave", "Downtown", "0.6"),
        ("park", '\'=HYPERLINK("x")', "Downtown", "1.0"),
        ("harbor", "Harbor", "", ""),
        ("", "", "", ""),
        ("", "", "Downtown", "0.8"),
        ("", "all", "", "0.8"),
    ]
    assert rows[0]["idle_ms"] == "500"
