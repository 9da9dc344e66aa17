from streams.access_unit import VideoParameters
from streams.formats.parameter_sets import ParameterSets

SPS_A = bytes.fromhex("674d001e95a82d0f69b808080810")  # 720x480
SPS_B = bytes.fromhex("674d001f95a814016e40")  # 1280x720
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


def pps(number: int) -> bytes:
    digits = f"{number + 1:b}"
    return b"\x68" + int(f"{digits:0>{2 * len(digits) - 1}}1".ljust(40, "0"), 2).to_bytes(5, "big").rstrip(b"\0")
