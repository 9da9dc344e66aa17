"""CameraFinding: what is the matter with one entry of a list of cameras."""

from dataclasses import dataclass
from enum import StrEnum


class CameraTrouble(StrEnum):
    BROKEN = "no camera"
    NO_ADDRESS = "no address"
    BAD_ADDRESS = "bad address"
    UNKNOWN_SCHEME = "unknown scheme"
    CREDENTIALS = "credentials in the address"
    UNPLAYABLE = "unplayable"
    DUPLICATE = "duplicate"
    TOO_MANY = "too many"
    BAD_ID = "id"
    BAD_NUMBER = "number"
    NO_POSITION = "no position"
    ZERO_POSITION = "position (0, 0)"
    BAD_POSITION = "bad position"
    NO_HEADING = "no heading"
    BAD_FOV = "field of view"
    IN_CLEAR = "password in the list"

    @property
    def is_left_out(self) -> bool:
        """The entry can't be used; with the others it is, without what is wrong."""
        return self in _LEFT_OUT


_LEFT_OUT = frozenset(
    {
        CameraTrouble.BROKEN,
        CameraTrouble.NO_ADDRESS,
        CameraTrouble.BAD_ADDRESS,
        CameraTrouble.UNKNOWN_SCHEME,
        CameraTrouble.CREDENTIALS,
        CameraTrouble.UNPLAYABLE,
        CameraTrouble.DUPLICATE,
        CameraTrouble.TOO_MANY,
    }
)


@dataclass(frozen=True, slots=True)
class CameraFinding:
    """``where`` the entry stands in the list, the ``name`` of its camera ("" without one), and a sentence. It never
    holds the address, in which a password may stand."""

    where: str
    name: str
    trouble: CameraTrouble
    sentence: str
