"""EncoderFeed: what goes into one encoder process, and how late that is."""

import asyncio
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Iterable, Sequence

from streams.access_unit import CLOCK_HZ, AccessUnit, VideoParameters
from streams.errors import FormatError
from streams.formats import encoder_pipe
from streams.mask import Mask
from streams.rendition import Rendition

_LATE_S = 0.5
_MAX_WAITING_BYTES = 8 * 1024 * 1024
_STARTS_WITHIN_S = 30.0


class EncoderFeed:
    """Nothing is written without end: when the process is half a second late, pictures up to the next key frame are
    left out. What is written to a process that has ended is lost.
    """

    def __init__(self, process: Process, hangs_after_s: float) -> None:
        assert process.stdin is not None, "it was asked for"
        self._pipe = process.stdin
        self._hangs_after_s = hangs_after_s
        self._clock = asyncio.get_running_loop().time
        self._began_at = self._clock()
        self._is_listening = False
        self._parameters: VideoParameters | None = None
        self._waiting: deque[tuple[float, int]] = deque()
        """When each picture that was not taken yet was written, and its bytes."""
        self._waiting_bytes = 0
        self._needs_key = True
        self._is_behind = False
        self._opening = 0
        self._forgotten = 0
        """Pictures of those waiting: how many of the opening, and how many of before an interruption."""

    @property
    def hangs(self) -> bool:
        """Whether a picture has not been taken for too long."""
        if not self._is_listening:
            return self._clock() - self._began_at > _STARTS_WITHIN_S
        return self._late_s > self._hangs_after_s

    @property
    def is_forgetting(self) -> bool:
        """Whether what comes out was made of pictures before an interruption."""
        return self._forgotten > 0

    def order(self, renditions: Iterable[Rendition], masks: Sequence[Mask]) -> None:
        self._write(encoder_pipe.order(renditions, [mask.outline for mask in masks]))

    def opened(self) -> None:
        """What was pushed up to now is the opening."""
        self._opening = len(self._waiting)

    def interrupt(self) -> None:
        """The camera was lost: what follows begins with a key frame, and what is waiting is to be forgotten."""
        self._forgotten = len(self._waiting)
        self._parameters = None
        self._needs_key = True
        self._is_behind = False

    def push(self, unit: AccessUnit) -> bool:
        """Whether it was not left out for being late."""
        if self._needs_key and not unit.is_key:
            return not self._is_behind
        if self._is_late(len(unit.data)):
            self._needs_key = self._is_behind = True
            return False
        self._needs_key = self._is_behind = False
        if unit.parameters != self._parameters:
            self._parameters = unit.parameters
            self._write(encoder_pipe.parameters(unit.parameters.codec, _sets(unit.parameters)))
        timestamp = round(unit.captured_at * CLOCK_HZ) if unit.timestamp is None else unit.timestamp
        self._write(
            encoder_pipe.picture(
                unit.data,
                codec=unit.parameters.codec,
                is_key=unit.is_key,
                captured_at=unit.captured_at,
                timestamp=timestamp + unit.composition_offset,
            )
        )
        self._waiting.append((self._clock(), len(unit.data)))
        self._waiting_bytes += len(unit.data)
        return True

    def taken(self) -> None:
        """The process says so.

        Raises:
            FormatError: it has not been given so many pictures.
        """
        if not self._is_listening:  # The first one only says that it has started.
            self._is_listening = True
            self._excuse()
        elif self._waiting:
            self._waiting_bytes -= self._waiting.popleft()[1]
            self._forgotten = max(0, self._forgotten - 1)
            if self._opening:
                self._opening -= 1
                if not self._opening:
                    self._excuse()
        else:
            raise FormatError("more pictures taken than given")

    def _excuse(self) -> None:
        # What it found waiting was not its fault.
        self._waiting = deque((self._clock(), size) for _, size in self._waiting)

    def _write(self, message: bytes) -> None:
        if not self._pipe.is_closing():  # else the process has ended, which its other pipe is about to tell
            self._pipe.write(message)

    @property
    def _late_s(self) -> float:
        return self._clock() - self._waiting[0][0] if self._waiting else 0.0

    def _is_late(self, more_bytes: int) -> bool:
        if self._waiting_bytes + more_bytes > _MAX_WAITING_BYTES:
            return True
        return self._is_listening and not self._opening and self._late_s > _LATE_S


def _sets(parameters: VideoParameters) -> tuple[bytes, ...]:
    return (*parameters.vps, *parameters.sps, *parameters.pps)
