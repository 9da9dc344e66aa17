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
        self._value = int.from_bytes(rbsp, "big")
        self._size = self._left = len(rbsp) * 8

    @property
    def position(self) -> int:
        """Bits read."""
        return self._size - self._left

    def u(self, count: int) -> int:
        """
        Raises:
            FormatError: so many bits are not left. So do the others.
        """
        if count > self._left:
            raise FormatError("the parameter set ends too early")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def ue(self) -> int:
        """Exp-Golomb code (H.264 §9.1)."""
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > 31:
                raise FormatError("the parameter set has a number of more than 32 bits")
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
