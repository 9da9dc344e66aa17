from dataclasses import replace
from typing import Any

import pytest

from server.core.clips import MISSING, ClipOrder, ClipRecord, ClipState, Hole, LegalHold, Retention, holes
from server.errors import RequestInvalid
from streams.formats.mp4_file import Break, Piece
from tests.server.filmed import A_CLIP, A_FILM, RECORDING, a_clip_order
from tests.server.samples import NOW_MS

BODY = {"id": "clip-1", "camera": "main-4th", "from_ms": 1_000, "to_ms": 2_000, "why": "Two cars"}


def piece(first_ms: int, last_ms: int, why: Break = "") -> Piece:
    return Piece(why, 0, first_ms, last_ms, 10)


def test_an_order_says_what_is_wanted() -> None:
    assert ClipOrder.parse({**BODY, "alert": "alert-1"}) == ClipOrder(
        "clip-1", "main-4th", 1_000, 2_000, "Two cars", "alert-1"
    )
    assert ClipOrder.parse(BODY).alert_id is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "no/slash"),
        ("id", "key"),
        ("camera", None),
        ("from_ms", "1000"),
        ("from_ms", -1),
        ("to_ms", 1_000),
        ("to_ms", 1_000 + 3600 * 1000 + 1),
        ("why", " "),
        ("why", "x" * 501),
        ("why", None),
        ("alert", 7),
    ],
)
def test_an_order_that_is_wrong_names_the_field(path: str, value: Any) -> None:
    with pytest.raises(RequestInvalid) as caught:
        ClipOrder.parse({**BODY, path: value})
    assert caught.value.path == path


def test_a_clip_does_not_begin_later_than_a_minute_from_now() -> None:
    a_clip_order().check(NOW_MS - 60_000)
    with pytest.raises(RequestInvalid) as caught:
        a_clip_order().check(NOW_MS - 60_001)
    assert caught.value.path == "from_ms"


def test_what_is_kept_says_what_it_holds() -> None:
    assert A_CLIP.state is ClipState.KEPT
    assert (A_CLIP.first_ms, A_CLIP.last_ms) == (NOW_MS + 5_000, NOW_MS + 8_960)
    assert (A_CLIP.pictures, A_CLIP.bytes, A_CLIP.sha256) == (75, 2000, A_FILM.sha256)
    assert A_CLIP.keep_until_ms == NOW_MS + 1_013_000
    assert A_CLIP.holes == (Hole(NOW_MS, NOW_MS + 5_000, MISSING["start"]),)


def test_a_record_survives_its_wire_form() -> None:
    held = replace(A_CLIP, hold=LegalHold("operator", NOW_MS, "Case 26-7"))
    for record in (A_CLIP, held, RECORDING, RECORDING.failed("Full.", now_ms=NOW_MS), held.removed(now_ms=NOW_MS)):
        assert ClipRecord.from_wire(record.to_wire()) == record


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([piece(-4_000, 10_000)], []),
        ([piece(1_900, 8_100)], []),
        ([piece(2_100, 10_000)], [Hole(0, 2_100, MISSING["start"])]),
        ([piece(0, 7_900)], [Hole(7_900, 10_000, MISSING["end"])]),
        ([piece(0, 4_000), piece(5_000, 10_000, "gap")], [Hole(4_000, 5_000, MISSING["gap"])]),
        ([piece(0, 4_000), piece(4_400, 10_000, "lost")], [Hole(4_000, 4_400, MISSING["lost"])]),
        ([piece(0, 4_000), piece(4_400, 10_000, "restarted")], []),
        # The clock was set back in the middle: nobody can tell what is missing, and nothing is made up.
        ([piece(0, 4_000), piece(-9_000, -5_000, "gap")], [Hole(4_000, 10_000, MISSING["end"])]),
        ([], [Hole(0, 10_000, MISSING["end"])]),
    ],
)
def test_holes_are_what_no_piece_covers(pieces: list[Piece], expected: list[Hole]) -> None:
    assert holes(0, 10_000, pieces) == tuple(expected)


def test_clips_of_alerts_stay_as_long_as_those_do() -> None:
    retention = Retention.of_days(30, 365)
    assert retention.of(A_CLIP) == 30 * 86_400_000
    assert retention.of(replace(A_CLIP, alert_id="alert-1")) == 365 * 86_400_000
