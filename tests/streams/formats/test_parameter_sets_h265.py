import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.access_unit import VideoParameters
from streams.formats.bits import BitReader, BitWriter
from streams.formats.fmp4 import init_segment, read_init
from streams.formats.parameter_sets_h265 import H265ParameterSets

VPS = bytes.fromhex("40010c01ffff01600000030090000003000003005d959409")
SPS = bytes.fromhex("42010101600000030090000003000003005da00280802d16595952930b9a020000030002000003003210")  # 1280x720
PPS = bytes.fromhex("4401c073c189")


def sps(number: int, width: int) -> bytes:
    """The same of another id and width."""
    whole = BitReader(SPS[2:])
    bits = BitWriter()
    bits.u(104, whole.u(104))
    bits.ue(number)
    bits.ue(1)
    bits.ue(width)
    bits.ue(720)
    bits.u(1, 0)
    bits.ue(0)
    bits.ue(0)
    return SPS[:2] + bits.end()


def pps(number: int, sps_number: int) -> bytes:
    bits = BitWriter()
    bits.ue(number)
    bits.ue(sps_number)
    return b"\x44\x01" + bits.end()


def key(pps_number: int, kind: int = 19) -> bytes:
    bits = BitWriter()
    bits.u(2, 0b10)
    bits.ue(pps_number)
    return bytes((kind << 1, 1)) + bits.end()


def sets_of(parameters: VideoParameters | None) -> tuple[bytes, ...] | None:
    return None if parameters is None else (*parameters.vps, *parameters.sps, *parameters.pps)


def test_there_is_nothing_before_one_set_of_each_kind() -> None:
    for order in itertools.permutations((VPS, SPS, PPS)):
        sets = H265ParameterSets()
        for nal in order:
            assert sets.parameters is None
            sets.update([nal])
        assert sets_of(sets.parameters) == ((VPS, SPS, PPS) if order.index(PPS) > order.index(SPS) else None)
        # In one picture any order does.
        sets = H265ParameterSets()
        sets.update([*order, key(0)])
        assert sets_of(sets.parameters) == (VPS, SPS, PPS)


def test_what_the_description_leaves_out_comes_from_the_stream_and_the_other_way_round() -> None:
    sets = H265ParameterSets()
    sets.describe([SPS, PPS])
    assert sets.parameters is None
    sets.update([VPS, key(0)])
    assert sets_of(sets.parameters) == (VPS, SPS, PPS)
    sets.update([sps(0, 640), key(0)])
    assert sets_of(sets.parameters) == (VPS, sps(0, 640), PPS)


def test_a_repetition_gives_the_same_object() -> None:
    sets = H265ParameterSets()
    sets.update([VPS, SPS, PPS, key(0)])
    before = sets.parameters
    sets.update([VPS, SPS + b"\0", PPS + b"\0\0", key(0)])
    sets.update([key(0)])
    assert sets.parameters is before


def test_all_pps_stand_in_the_init_segment_and_the_sps_of_the_key_frame_first() -> None:
    other, all_pps = sps(3, 640), (PPS, pps(5, 3), pps(9, 0))
    sets = H265ParameterSets()
    sets.update([*reversed(all_pps), other, VPS, SPS, key(0)])
    assert sets_of(sets.parameters) == (VPS, SPS, other, *all_pps)
    sets.update([key(5)])
    assert sets_of(sets.parameters) == (VPS, other, SPS, *all_pps)
    assert sets.parameters is not None
    assert (sets.parameters.width, sets.parameters.codec) == (640, "h265")
    assert read_init(init_segment(sets.parameters)) == sets.parameters
    before = sets.parameters
    # Neither of a slice that is no key frame, nor of one that refers to nothing or is cut off.
    for unit in (key(0, kind=1), key(20), b"\x26\x01\x80"):
        sets.update([unit])
    assert sets.parameters is before


def test_a_new_sps_sweeps_out_what_belonged_to_the_old_one() -> None:
    sets = H265ParameterSets()
    sets.update([VPS, SPS, PPS, pps(4, 0)])
    sets.update([PPS, sps(0, 640)])
    assert sets_of(sets.parameters) == (VPS, sps(0, 640), PPS)


def test_many_ids_are_bounded() -> None:
    sets = H265ParameterSets()
    sets.update([VPS, SPS, *(pps(number, 0) for number in range(300))])
    assert sets.parameters is not None
    assert sets.parameters.pps == tuple(pps(number, 0) for number in range(64))


@pytest.mark.parametrize("nal", [b"\x40\x01", b"\x42\x01\x01", b"\x44\x01", b"\x7e\x01\x01", b"\x46\x01\x10"])
def test_what_can_not_be_read_does_no_harm(nal: bytes) -> None:
    sets = H265ParameterSets()
    sets.describe([nal])
    sets.update([nal, VPS, SPS, PPS, key(0)])
    before = sets.parameters
    sets.update([nal])
    assert sets_of(sets.parameters) == (VPS, SPS, PPS)
    assert sets.parameters == before


@given(st.lists(st.tuples(st.sampled_from([19, 32, 33, 34]), st.binary(max_size=60)), max_size=6))
def test_any_units_are_taken_without_an_error(made: list[tuple[int, bytes]]) -> None:
    sets = H265ParameterSets()
    sets.update([bytes((kind << 1, 1)) + data for kind, data in made])
    assert sets.parameters is None or sets.parameters.codec == "h265"
