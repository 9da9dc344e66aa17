from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.nearest import Fault
from server.core.picture_checks import (
    AGAIN_MS,
    EVERY_MS,
    Check,
    Finding,
    Outcome,
    due_ms,
    faults,
    judge,
    masks_key,
    worst,
)
from streams.formats.picture_pipe import Figures
from streams.mask import Mask

GOOD = Figures(dark=0, flat=0.2, lit=1, detail=0.08, changed=0.7, places=100, seen=0.95, held=0.85, sharpness=0.97)
FIRST = Figures(dark=0, flat=0.2, lit=1, detail=0.08, changed=0.7)
"""Without a reference."""
shares = st.floats(0, 1)
maybe = st.none() | st.floats(0, 10)


def found(figures: Figures, *, width: int = 1280, has_reference: bool = True) -> list[Fault]:
    outcome, findings, note = judge(figures, width=width, has_reference=has_reference)
    assert (outcome is Outcome.FAULTY) == bool(findings)
    assert (outcome is Outcome.UNSURE) == bool(note)
    assert all(finding.message.endswith(".") for finding in findings)
    return [finding.fault for finding in findings]


def test_a_good_picture_is_good() -> None:
    assert judge(GOOD, width=1280, has_reference=True) == (Outcome.GOOD, (), "")
    assert judge(FIRST, width=1280, has_reference=False) == (Outcome.GOOD, (), "")


@pytest.mark.parametrize(
    ("figures", "fault"),
    [
        (replace(GOOD, dark=0.96, flat=0.96, lit=0.02, changed=0.01, seen=0.01), Fault.BLACK),
        (replace(GOOD, flat=0.95, changed=0.01, seen=0.02, held=0.02), Fault.COVERED),
        (replace(GOOD, changed=0.014), Fault.FROZEN),
        (replace(GOOD, sharpness=0.2, held=0.9), Fault.BLURRED),
        (replace(GOOD, held=0.3), Fault.MOVED),
        (replace(GOOD, held=0.4, seen=0.55, blank=0.45), Fault.OBSTRUCTED),
        (replace(FIRST, detail=0.004), Fault.BLURRED),
    ],
)
def test_each_fault_has_its_figures(figures: Figures, fault: Fault) -> None:
    assert found(figures) == [fault]


def test_one_that_is_frozen_may_be_moved_too() -> None:
    assert found(replace(GOOD, changed=0, held=0.1)) == [Fault.FROZEN, Fault.MOVED]


def test_what_is_dark_and_flat_at_night_is_neither_black_nor_covered() -> None:
    assert found(replace(GOOD, dark=0.6, flat=0.95, lit=0.2, seen=0.3)) == []


def test_small_pictures_are_not_called_blurred_for_it() -> None:
    assert found(replace(FIRST, detail=0.004), width=176) == []


def test_what_could_not_be_told_is_said() -> None:
    for figures in (
        replace(GOOD, changed=None),
        replace(FIRST),
        replace(GOOD, places=5, held=0),
        replace(GOOD, seen=0.3, held=0.1, sharpness=0.1),
    ):
        assert found(figures) == []
        assert judge(figures, width=1280, has_reference=True)[0] is Outcome.UNSURE


@given(
    st.builds(
        Figures,
        shares,
        shares,
        shares,
        maybe,
        st.none() | shares,
        st.integers(0, 200),
        st.none() | shares,
        st.none() | shares,
        maybe,
        st.none() | shares,
    ),
    st.booleans(),
)
def test_every_picture_gets_a_word_and_it_is_kept(figures: Figures, has_reference: bool) -> None:
    outcome, findings, note = judge(figures, width=1280, has_reference=has_reference)
    check = Check("c", 5, "operator", outcome, findings, note, figures)
    assert Check.from_text("c", 5, "operator", check.to_text()) == check
    assert (check.message == "") == (outcome is Outcome.GOOD)
    assert check.to_wire()["message"] == check.message


def test_a_check_of_an_older_program_can_be_read() -> None:
    check = Check("c", 5, "", Outcome.GOOD, figures=GOOD)
    assert Check.from_text("c", 5, "", check.to_text().replace(', "blank": null', "")) == check


def test_in_lists_the_worst_is_said_and_silence_only_until_pictures_come() -> None:
    moved = Check("a", 5, "", Outcome.FAULTY, (Finding(Fault.FROZEN, ""), Finding(Fault.MOVED, "")))
    silent, unsure = Check("b", 5, "", Outcome.UNANSWERED), Check("c", 5, "", Outcome.UNSURE, note="Dark.")
    checks = {check.camera: check for check in (moved, silent, unsure)}
    assert (worst(moved), worst(silent), worst(unsure)) == (Fault.FROZEN, Fault.SILENT, None)
    assert faults(checks, live=[]) == {"a": Fault.FROZEN, "b": Fault.SILENT}
    assert faults(checks, live=["a", "b"]) == {"a": Fault.FROZEN}


def test_a_camera_is_due_a_day_after_it_was_checked_and_sooner_when_it_was_silent() -> None:
    assert due_ms(None) == 0
    assert due_ms(Check("a", 5, "", Outcome.GOOD)) == 5 + EVERY_MS
    assert due_ms(Check("a", 5, "", Outcome.UNANSWERED)) == 5 + AGAIN_MS


def test_other_masks_have_another_key() -> None:
    mask = Mask(((0.0, 0.0), (0.5, 0.0), (0.5, 1.0)))
    other = Mask(((0.0, 0.0), (0.5, 0.0), (0.6, 1.0)))
    assert masks_key(()) == ""
    assert len({masks_key([mask]), masks_key([other]), masks_key([mask, other])}) == 3
