"""Recording: pictures into files that players open: fragmented MP4 for H.264, a row of JPEGs for MJPEG. No I/O."""

import struct
from dataclasses import dataclass
from pathlib import Path

from clients.cli.errors import NotUnderstood, Unrecordable
from clients.cli.fragment import Fragment, Kind

_TICKS_PER_MS = 90


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes to append to a file."""

    file: Path
    data: bytes
    begins: bool = False
    """The first of its file: what was in it is replaced."""


class Recording:
    """Begins with a key frame, and at time 0. After a gap the file goes on, its time too.

    When the camera changes its resolution, another file begins, ``NAME-2.mp4``: players take one init segment a file.
    """

    def __init__(self, file: Path) -> None:
        """``file`` must end in ``.mp4`` or ``.mjpeg``.

        Raises:
            Unrecordable: another ending.
        """
        if file.suffix not in {".mp4", ".mjpeg"}:
            raise Unrecordable(f"{file.name} should end in .mp4 (or .mjpeg, for a camera that sends JPEG pictures).")
        self._first_file = self.file = file
        self._files = 0
        self._init = b""
        self._written_init = b""
        self._start_dts = 0
        self._last: Fragment | None = None
        self._awaits_key = True
        self.pictures = 0

    def add(self, fragment: Fragment) -> list[Chunk]:
        """Take the next message of the camera.

        Raises:
            Unrecordable: pictures of the other kind than the name of the file says.
        """
        match fragment.kind:
            case Kind.JPEG:
                return self._add_jpeg(fragment)
            case Kind.INIT:
                self._init = fragment.body
                self._awaits_key = True
            case Kind.GAP:
                self._awaits_key = True
            case Kind.FRAME:
                return self._add_frame(fragment)
            case _:
                pass  # of a later version
        return []

    def restart(self) -> None:
        """Pictures were left out: wait for the next key frame."""
        self._awaits_key = True

    def _add_jpeg(self, fragment: Fragment) -> list[Chunk]:
        if self._first_file.suffix != ".mjpeg":
            raise Unrecordable("This camera sends JPEG pictures; save them to a name that ends in .mjpeg.")
        self.pictures += 1
        return [Chunk(self.file, fragment.body, begins=self.pictures == 1)]

    def _add_frame(self, fragment: Fragment) -> list[Chunk]:
        if self._first_file.suffix != ".mp4":
            raise Unrecordable("This camera sends H.264; save it to a name that ends in .mp4.")
        if not self._init or (self._awaits_key and not fragment.is_key):
            return []
        chunks = []
        if self._init != self._written_init:
            self._begin_file(fragment)
            chunks.append(Chunk(self.file, self._init, begins=True))
        elif self._awaits_key:
            self._go_on(fragment)
        self._awaits_key = False
        self._last = fragment
        self.pictures += 1
        chunks.append(Chunk(self.file, _with_decode_time(fragment.body, fragment.dts - self._start_dts)))
        return chunks

    def _begin_file(self, fragment: Fragment) -> None:
        self._files += 1
        first = self._first_file
        self.file = first if self._files == 1 else first.with_name(f"{first.stem}-{self._files}{first.suffix}")
        self._written_init = self._init
        self._start_dts = fragment.dts

    def _go_on(self, fragment: Fragment) -> None:
        """Let the file's time go on by the time that has passed, also where the camera's timeline started again."""
        assert self._last is not None, "an init was written, so a frame was"
        passed = max(1, round((fragment.captured_ms - self._last.captured_ms) * _TICKS_PER_MS))
        if fragment.is_discontinuity or fragment.dts <= self._last.dts:
            self._start_dts += fragment.dts - self._last.dts - passed


def _with_decode_time(body: bytes, dts: int) -> bytes:
    """The frame with another ``baseMediaDecodeTime`` (ISO 14496-12 §8.8.12), so that a file begins at 0."""
    at = _content(body, _content(body, _content(body, 0, b"moof"), b"traf"), b"tfdt")
    if body[at] != 1:
        raise NotUnderstood(f"A frame came with a tfdt of version {body[at]}, expected 1.")
    return body[: at + 4] + struct.pack(">Q", dts) + body[at + 12 :]


def _content(data: bytes, position: int, kind: bytes) -> int:
    """Where the content of the first box of this kind begins, among the boxes from ``position`` on."""
    while position + 12 <= len(data):
        size, found = struct.unpack_from(">I4s", data, position)
        if found == kind:
            return position + 8
        position += max(size, 8)
    raise NotUnderstood(f"A frame came without a box {kind.decode()}.")
