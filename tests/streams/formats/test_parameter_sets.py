from pathlib import Path

import pytest

from streams.access_unit import VideoParameters
from streams.formats.h264 import split_annex_b
from streams.formats.parameter_sets import ParameterSets
from streams.formats.reordering import is_b_slice, may_reorder, without_reordering

VECTORS = Path(__file__).parents[2] / "vectors" / "h264"

CAMERA_SPS = bytes.fromhex("674d001e95a82d0f69b808080810")  # of order type 2, and no word of reordering
# These say already that nothing is reordered, so they stay as they are.
SPS_A = without_reordering(CAMERA_SPS)  # 720x480
SPS_B = without_reordering(bytes.fromhex("674d001f95a814016e40"))  # 1280x720
PPS_A = bytes.fromhex("68ee3c80")
PPS_B = bytes.fromhex("68ee3880")
PPS_1 = bytes([0x68, 0b01010000])  # id 1, of SPS 0
SLICE = b"\x65\x88\x80"


def sets_of(parameters: VideoParameters | None) -> tuple[bytes, ...] | None:
    return None if parameters is None else (*parameters.sps, *parameters.pps)


def test_there_is_nothing_before_one_set_of_each_kind() -> None:
    sets = ParameterSets()
    assert sets_of(sets.parameters) is None
    sets.update([SPS_A, SLICE])
    assert sets_of(sets.parameters) is None
    sets.update([PPS_A])
    assert sets_of(sets.parameters) == (SPS_A, PPS_A)


def test_the_description_holds_until_the_stream_says_its_own() -> None:
    sets = ParameterSets()
    sets.describe([SPS_A, PPS_A])
    assert sets_of(sets.parameters) == (SPS_A, PPS_A)
    sets.update([SPS_B, SLICE])
    # A stream that says only half: the rest is taken from the description.
    assert sets_of(sets.parameters) == (SPS_B, PPS_A)
    sets.update([SPS_B, PPS_B, SLICE])
    assert sets_of(sets.parameters) == (SPS_B, PPS_B)


def test_a_repetition_gives_the_same_object() -> None:
    sets = ParameterSets()
    sets.update([SPS_A, PPS_A, SLICE])
    before = sets.parameters
    sets.update([SPS_A, PPS_A, SLICE])
    sets.update([SLICE])
    assert sets.parameters is before


def test_zero_bytes_after_a_set_make_no_other_one() -> None:
    sets = ParameterSets()
    sets.update([SPS_A, PPS_A, SLICE])
    before = sets.parameters
    sets.update([SPS_A + b"\0", PPS_A + b"\0\0", SLICE])
    assert sets.parameters is before


def test_of_several_the_sps_of_the_key_frame_stands_first() -> None:
    other_sps = without_reordering(bytes.fromhex("6742001e5a50501e88"))  # id 1, 640x480
    other_pps = bytes.fromhex("6848e3c8")  # id 1, of SPS 1
    other_key = bytes([0x65, 0b10001000, 0b01000000])  # of PPS 1
    for tell in (ParameterSets.describe, ParameterSets.update):
        sets = ParameterSets()
        tell(sets, [SPS_A, PPS_A, other_sps, other_pps])
        sets.update([SLICE])
        assert sets_of(sets.parameters) == (SPS_A, other_sps, PPS_A, other_pps)
        sets.update([other_key])
        assert sets_of(sets.parameters) == (other_sps, SPS_A, PPS_A, other_pps)
        assert sets.parameters is not None
        assert (sets.parameters.width, sets.parameters.height) == (640, 480)
        before = sets.parameters
        # Neither of a slice that is no key frame, nor of one that refers to nothing or is cut off.
        for unit in (b"\x41\x88\x80", bytes([0x65, 0b10001000, 0b00101000]), b"\x65", b"\x65\x00\x00\x00\x00\x00"):
            sets.update([unit])
        assert sets.parameters is before
        sets.update([SLICE])
        assert sets_of(sets.parameters) == (SPS_A, other_sps, PPS_A, other_pps)


def test_a_new_sps_sweeps_out_what_belonged_to_the_old_one() -> None:
    sets = ParameterSets()
    sets.update([SPS_A, PPS_A, PPS_1])
    assert sets_of(sets.parameters) == (SPS_A, PPS_A, PPS_1)
    sets.update([PPS_A, SPS_B])  # in this order too
    assert sets_of(sets.parameters) == (SPS_B, PPS_A)


def test_what_can_not_be_read_does_no_harm() -> None:
    sets = ParameterSets()
    sets.describe([b"\x67", b"\x68", b"\x09\xf0"])
    sets.update([b"\x67", b"\x68", SLICE])
    assert sets.parameters is None
    sets.update([SPS_A, PPS_A])
    before = sets.parameters
    sets.update([b"\x67\x42", b"\x68"])
    assert sets.parameters == before


def test_many_ids_are_bounded() -> None:
    sets = ParameterSets()
    sets.update([SPS_A, *(pps(number) for number in range(300))])
    assert sets.parameters is not None
    assert sets.parameters.pps == tuple(pps(number) for number in range(31))


OPEN_SPS = bytes.fromhex("6742c01ef40501ec80")  # order type 0, no VUI
B_SLICE = bytes([0x41, 0b10101000])
P_SLICE = bytes([0x41, 0b11100000])


def test_an_sps_that_leaves_no_doubt_says_at_once_that_nothing_is_reordered() -> None:
    sets = ParameterSets()
    sets.update([CAMERA_SPS, PPS_A, SLICE])
    assert sets_of(sets.parameters) == (SPS_A, PPS_A)


def test_an_sps_in_doubt_says_so_after_a_while_without_b_frames_and_never_with_them() -> None:
    assert may_reorder(OPEN_SPS) is None
    calm, busy = ParameterSets(), ParameterSets()
    for sets, slice_ in ((calm, P_SLICE), (busy, B_SLICE)):
        sets.update([OPEN_SPS, PPS_A, SLICE])
        for _ in range(118):
            sets.update([P_SLICE])
        assert sets_of(sets.parameters) == (OPEN_SPS, PPS_A)
        sets.update([slice_])
        for _ in range(200):
            sets.update([P_SLICE])
    assert sets_of(calm.parameters) == (without_reordering(OPEN_SPS), PPS_A)
    assert sets_of(busy.parameters) == (OPEN_SPS, PPS_A)
    # They may come late: what was said is taken back, and not said again.
    calm.update([OPEN_SPS, PPS_A, SLICE])
    before = calm.parameters
    for _ in range(300):
        calm.update([P_SLICE])
    assert calm.parameters is before
    calm.update([P_SLICE, B_SLICE])
    for _ in range(300):
        calm.update([P_SLICE])
    assert sets_of(calm.parameters) == (OPEN_SPS, PPS_A)


def test_an_sps_that_says_it_reorders_is_believed() -> None:
    says = bytes.fromhex("67640015acd941419f9f011000000300100000030320f162d960")  # libx264 with two B-frames
    assert may_reorder(says) is True
    sets = ParameterSets()
    sets.update([says, PPS_A, SLICE])
    for _ in range(300):
        sets.update([P_SLICE])
    assert sets_of(sets.parameters) == (says, PPS_A)


@pytest.mark.parametrize(
    ("name", "is_rewritten"),
    [("Cisco_Men_whisper_640x320_CABAC_Bframe_9", False), ("MPS_MW_A", True), ("SarVui", True)],
)
def test_real_streams_are_judged_by_their_pictures(name: str, is_rewritten: bool) -> None:
    nals = split_annex_b((VECTORS / f"{name}.264").read_bytes())
    sets = ParameterSets()
    for nal in nals * 2:
        sets.update([nal])
    assert sets.parameters is not None
    assert any(map(is_b_slice, nals)) is not is_rewritten
    assert [without_reordering(sps) == sps for sps in sets.parameters.sps] == [is_rewritten] * len(sets.parameters.sps)


@pytest.mark.parametrize("cut", [1, 3])
def test_an_sps_with_cut_off_vui_stays_as_it_came(cut: int) -> None:
    sets = ParameterSets()
    sets.update([CAMERA_SPS[:-cut], PPS_A, SLICE])
    assert sets_of(sets.parameters) == (CAMERA_SPS[:-cut], PPS_A)


def pps(number: int) -> bytes:
    digits = f"{number + 1:b}"
    return b"\x68" + int(f"{digits:0>{2 * len(digits) - 1}}1".ljust(40, "0"), 2).to_bytes(5, "big").rstrip(b"\0")
