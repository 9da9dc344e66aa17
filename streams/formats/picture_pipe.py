"""PicturePipe: what goes to the process that looks at single pictures of a camera, and what comes back.

Each is one message, then its end: 4 bytes length of the head (big-endian), the head as JSON, then the bytes whose
lengths the head says, one after the other.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from math import isfinite
from typing import Any

from streams.access_unit import Codec
from streams.errors import FormatError, SourceError, SourceGarbled
from streams.formats import jpeg
from streams.mask import Mask

MAX_ANSWER_BYTES = 12 * 1024 * 1024
MAX_SIDE = 8192
MAX_REFERENCE_BYTES = 256 * 1024
_CODECS: tuple[Codec, ...] = ("h264", "h265", "mjpeg")
_MAX_HEAD_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """One picture that can be decoded alone."""

    codec: Codec
    sets: tuple[bytes, ...]
    """Parameter sets; none of JPEG."""
    data: bytes
    """As in ``AccessUnit.data``."""


@dataclass(frozen=True, slots=True)
class Question:
    picture: CodedPicture
    before: CodedPicture | None = None
    """Another one of some seconds before; without, nobody can tell whether it is frozen."""
    reference: bytes = b""
    """How it should look: the ``reference`` of an earlier answer; b"" when there is none."""
    masks: Sequence[Mask] = ()
    """What is hidden counts for nothing."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is measured of a picture. Shares are of its cells, 0 to 1, those that are hidden left out."""

    dark: float
    """Cells that are black, and have nothing in them."""
    flat: float
    """Cells that have nothing in them, bright or dark."""
    lit: float
    """Cells that are not dark."""
    detail: float | None
    """Fine detail against shapes, of the cells that have something in them; None when these are few."""
    changed: float | None = None
    """Cells in which something is another than in the picture before; None without one."""
    places: int = 0
    """Cells of the reference that have something in them: what can be compared. The shares that follow are of these."""
    seen: float | None = None
    """Those that have something in them now; None without a reference of the same shape."""
    held: float | None = None
    """Those that show what the reference shows there."""
    sharpness: float | None = None
    """Fine detail against shapes, as a multiple of the reference's; None when few have something in them now."""
    blank: float | None = None
    """Those that have nothing in them now though there is light."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not (isfinite(value) and 0 <= value <= 1e9):
                raise ValueError(f"{field.name} of {value}")


@dataclass(frozen=True, slots=True)
class Answer:
    picture: bytes
    """JPEG, as large as the camera's picture."""
    width: int
    height: int
    reference: bytes
    """A smaller JPEG, to compare later pictures with."""
    figures: Figures


def pack_question(question: Question) -> bytes:
    pictures = [question.picture, *([question.before] if question.before else [])]
    blobs = [blob for picture in pictures for blob in (*picture.sets, picture.data)]
    head = {
        "pictures": [
            {"codec": picture.codec, "sets": [len(each) for each in picture.sets], "bytes": len(picture.data)}
            for picture in pictures
        ],
        "reference": len(question.reference),
        "masks": [mask.outline for mask in question.masks],
    }
    return _pack(head, [*blobs, question.reference])


def unpack_question(message: bytes) -> Question:
    """
    Raises:
        FormatError: it is none.
    """
    try:
        head, rest = _unpack(message)
        pictures = []
        for said in head["pictures"]:
            sets = tuple(rest.take(size) for size in said["sets"])
            pictures.append(CodedPicture(_CODECS[_CODECS.index(said["codec"])], sets, rest.take(said["bytes"])))
        reference = rest.take(head["reference"])
        masks = tuple(Mask.of(points) for points in head["masks"])
        return Question(pictures[0], pictures[1] if len(pictures) > 1 else None, reference, masks)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise FormatError("a question that can't be read") from error


def pack_answer(answer: Answer) -> bytes:
    head = {"picture": len(answer.picture), "reference": len(answer.reference), "figures": asdict(answer.figures)}
    return _pack(head, [answer.picture, answer.reference])


def pack_failure(code: str, sentence: str) -> bytes:
    return _pack({"code": code, "failure": sentence}, [])


def unpack_answer(message: bytes) -> Answer:
    """The process may have been taken over by what it decoded, so all of it is checked.

    Raises:
        SourceGarbled: it says that a picture can't be decoded.
        SourceError: it says that it has failed.
        FormatError: it is no answer.
    """
    try:
        head, rest = _unpack(message)
        if "failure" in head:
            kind = SourceGarbled if head.get("code") == SourceGarbled.code else SourceError
            raise kind(str(head["failure"])[:300])
        picture, reference = rest.take(head["picture"]), rest.take(head["reference"])
        if len(reference) > MAX_REFERENCE_BYTES or not rest.is_empty:
            raise ValueError("too much")
        width, height = _checked(picture)
        _checked(reference)
        return Answer(picture, width, height, reference, read_figures(head["figures"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise FormatError("an answer that can't be read") from error


def read_figures(said: Mapping[str, Any]) -> Figures:
    """
    Raises:
        KeyError, TypeError, ValueError: they are none.
    """
    # Newer ones were not measured by an older program.
    present = [field.name for field in fields(Figures) if field.name in said or field.default is MISSING]
    values = {name: _number(said[name]) for name in present}
    return Figures(**values | {"places": int(said["places"])})


def _number(value: Any) -> Any:
    return None if value is None else float(value)


def _checked(picture: bytes) -> tuple[int, int]:
    width, height = jpeg.size(picture)
    if not picture.startswith(jpeg.START) or max(width, height) > MAX_SIDE:
        raise ValueError("no JPEG of the size we asked for")
    return width, height


class _Rest:
    """What follows a head, piece by piece."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def take(self, size: int) -> bytes:
        if not isinstance(size, int) or not 0 <= size <= len(self._data):
            raise ValueError("cut off")
        taken, self._data = bytes(self._data[:size]), self._data[size:]
        return taken

    @property
    def is_empty(self) -> bool:
        return not self._data


def _pack(head: Mapping[str, Any], blobs: Sequence[bytes]) -> bytes:
    text = json.dumps(head).encode()
    return b"".join((len(text).to_bytes(4, "big"), text, *blobs))


def _unpack(message: bytes) -> tuple[Mapping[str, Any], _Rest]:
    size = int.from_bytes(message[:4], "big")
    if size > _MAX_HEAD_BYTES:
        raise ValueError("a head that is too long")
    rest = _Rest(memoryview(message)[4:])
    head = json.loads(rest.take(size))
    if not isinstance(head, dict):
        raise TypeError("no object")
    return head, rest
