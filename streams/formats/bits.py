"""Bits of a parameter set: the RBSP (H.264 §7.2, H.265 §7.2) that a NAL unit holds, read and written."""

import re

from streams.errors import FormatError

_MAX_BYTES = 4096
_NEEDS_PREVENTION = re.compile(rb"\x00\x00(?=[\x00-\x03])")


class BitReader:
    """Reads the bytes of a NAL unit after its header."""

    def __init__(self, data: bytes) -> None:
        # The emulation prevention byte, 3 after two zero bytes, is no part of the RBSP (H.264 §7.4.1).
        rbsp = data[:_MAX_BYTES].replace(b"\x00\x00\x03", b"\x00\x00")
        # Never as one large number: each bit would cost a copy of it.
        self._bytes = rbsp
        self._size = len(rbsp) * 8
        self._position = 0

    @property
    def position(self) -> int:
        """Bits read."""
        return self._position

    def u(self, count: int) -> int:
        """
        Raises:
            FormatError: so many bits are not left. So do the others.
        """
        end = self._position + count
        if end > self._size:
            raise FormatError("the parameter set ends too early")
        last = (end + 7) >> 3
        value = int.from_bytes(self._bytes[self._position >> 3 : last], "big") >> (last * 8 - end)
        self._position = end
        return value & ((1 << count) - 1)

    def ue(self) -> int:
        """Exp-Golomb code (H.264 §9.1)."""
        begin, offset = self._position >> 3, self._position & 7
        window = int.from_bytes(self._bytes[begin : begin + 5].ljust(5, b"\0"), "big") & (0xFF_FFFF_FFFF >> offset)
        zeros = 40 - offset - window.bit_length()
        if zeros > 31:
            is_cut = self._size - self._position < 32
            raise FormatError(
                f"the parameter set {'ends too early' if is_cut else 'has a number of more than 32 bits'}"
            )
        self._position += zeros + 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        code = self.ue()
        return (code + 1) // 2 if code & 1 else -(code // 2)


class BitWriter:
    """Writes what a ``BitReader`` reads."""

    def __init__(self) -> None:
        self._value = 0
        self._size = 0

    def u(self, count: int, number: int) -> None:
        self._value = self._value << count | number
        self._size += count

    def ue(self, number: int) -> None:
        self.u(2 * (number + 1).bit_length() - 1, number + 1)

    def end(self) -> bytes:
        """The stop bit, and emulation prevention where it is needed (H.264 §7.3.2.11, §7.4.1)."""
        self.u(1, 1)
        self.u(-self._size % 8, 0)
        return _NEEDS_PREVENTION.sub(b"\x00\x00\x03", self._value.to_bytes(self._size // 8, "big"))
