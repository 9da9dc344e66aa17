import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats.bits import BitReader, BitWriter


def test_codes_are_those_of_the_standard() -> None:
    # Table 9-2: 1, 010, 011, 00100; then the stop bit.
    bits = BitReader(bytes([0b1_010_011_0, 0b0100_1000]))
    assert [bits.ue() for _ in range(4)] == [0, 1, 2, 3]
    assert bits.position == 12
    # Table 9-3
    bits = BitReader(bytes([0b1_010_011_0, 0b0100_0010, 0b1_1000000]))
    assert [bits.se() for _ in range(5)] == [0, 1, -1, 2, -2]


def test_the_byte_that_prevents_start_codes_is_no_bit() -> None:
    assert BitReader(b"\x00\x00\x03\x01").u(24) == 1
    written = BitWriter()
    written.u(24, 1)
    assert written.end() == b"\x00\x00\x03\x01\x80"


def test_reading_beyond_the_end_is_refused() -> None:
    with pytest.raises(FormatError, match="ends too early"):
        BitReader(b"\x00").u(9)
    with pytest.raises(FormatError, match="more than 32 bits"):
        BitReader(bytes(8)).ue()


numbers = st.tuples(st.integers(0, 32), st.integers(0, 2**32 - 2))


@given(st.lists(numbers, max_size=60))
def test_what_was_written_is_read_back(fields: list[tuple[int, int]]) -> None:
    """Of 0 bits means Exp-Golomb."""
    written = BitWriter()
    for count, number in fields:
        if count:
            written.u(count, number % 2**count)
        else:
            written.ue(number)
    data = written.end()
    assert not any(data[at : at + 2] == b"\0\0" and data[at + 2] < 3 for at in range(len(data) - 2))
    bits = BitReader(data)
    assert [bits.u(count) if count else bits.ue() for count, _ in fields] == [
        number % 2**count if count else number for count, number in fields
    ]
    assert bits.u(1) == 1


@given(st.binary(max_size=12), st.integers(0, 20))
def test_a_code_is_read_as_bit_by_bit(data: bytes, skipped: int) -> None:
    bits = "".join(f"{byte:08b}" for byte in data.replace(b"\0\0\3", b"\0\0"))[skipped:]
    reader = BitReader(data)
    try:
        reader.u(skipped)
        number = reader.ue()
    except FormatError as error:
        said = str(error)
        is_long = bits.startswith("0" * 32)
        assert is_long or "1" not in bits[:32] or len(bits) < 2 * bits.index("1") + 1
        assert ("more than 32 bits" in said) == is_long
    else:
        zeros = bits.index("1")
        assert number + 1 == int(bits[zeros : 2 * zeros + 1], 2)
        assert reader.position == skipped + 2 * zeros + 1
