"""Clips: short encoded loops for simulated cameras, made once and kept as files.

A clip file is its own format, because a player of loops wants one access unit by its number and nothing else:

    8 bytes "SLCLIP01", 4 bytes length of the head (big-endian), the head as JSON, all access units one after the other

The name of a file holds the hash of its recipe, so another recipe never meets an old file.
"""

import hashlib
import json
import mmap
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal, Self

from streams.access_unit import CLOCK_HZ, VideoParameters
from streams.errors import FormatError
from streams.formats.h264 import video_parameters

Light = Literal["day", "dusk", "night"]

_MAGIC = b"SLCLIP01"
_DRAWING = 1
"""Part of every recipe's hash: count it up when the scene or the encoder settings change."""
_MAX_HEAD_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to make a clip; the same recipe gives the same street."""

    title: str
    seed: int
    width: int = 640
    height: int = 360
    fps: int = 15
    """Divides 90000, so that timestamps are whole."""
    length_s: int = 60
    """Divides the minute when the burned-in seconds are to be true."""
    key_every_s: float = 1.0
    light: Light = "day"
    max_bitrate_bps: int = 900_000
    grain: int = 0
    """Sensor noise in grey levels. With 6 and more the bit rate sits at ``max_bitrate_bps``."""

    def __post_init__(self) -> None:
        if self.fps < 1 or CLOCK_HZ % self.fps:
            raise ValueError(f"{self.fps} pictures a second, expected a divisor of {CLOCK_HZ}")
        if self.width % 2 or self.height % 2 or min(self.width, self.height) < 64:
            raise ValueError(f"a picture of {self.width}x{self.height}, expected even sides of at least 64")

    @property
    def frames(self) -> int:
        return self.fps * self.length_s

    @property
    def file_name(self) -> str:
        digest = hashlib.sha256(json.dumps([_DRAWING, asdict(self)], sort_keys=True).encode()).hexdigest()
        words = re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")[:40]
        return f"{words or 'clip'}-{digest[:16]}.clip"


class Clip:
    """An encoded loop, read from a file that stays on disk: memory holds the index and what was touched lately.

    ``clip[n]`` is access unit ``n`` as in ``AccessUnit.data``; unit 0 is a key frame, and there are no B-frames.
    """

    def __init__(
        self, data: mmap.mmap, *, start: int, sizes: list[int], keys: list[int], parameters: VideoParameters, fps: int
    ) -> None:
        self._data = data
        self._ends = list(accumulate(sizes, initial=start))
        self._keys = frozenset(keys)
        self.parameters = parameters
        self.fps = fps

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the index of a file made by ``make``.

        Raises:
            FormatError: not a whole clip file.
        """
        with path.open("rb") as file:
            begin = file.read(len(_MAGIC) + 4)
            size = int.from_bytes(begin[len(_MAGIC) :], "big")
            if not begin.startswith(_MAGIC) or size > _MAX_HEAD_BYTES:
                raise FormatError(f"{path.name} is no clip file")
            start = len(begin) + size
            try:
                head: dict[str, Any] = json.loads(file.read(size))
                sizes, keys = list(head["sizes"]), list(head["keys"])
                sps, pps = ([bytes.fromhex(nal) for nal in head[kind]] for kind in ("sps", "pps"))
                fps = int(head["fps"])
            except (ValueError, KeyError, TypeError) as error:
                raise FormatError(f"{path.name} has a damaged head") from error
            if path.stat().st_size != start + sum(sizes) or not sizes:
                raise FormatError(f"{path.name} is not whole")
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return cls(data, start=start, sizes=sizes, keys=keys, parameters=video_parameters(sps, pps), fps=fps)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> bytes:
        return self._data[self._ends[number] : self._ends[number + 1]]

    def is_key(self, number: int) -> bool:
        return number in self._keys

    @property
    def length_s(self) -> float:
        return len(self) / self.fps


def write(
    path: Path, *, fps: int, sps: Sequence[bytes], pps: Sequence[bytes], units: Sequence[bytes], keys: Sequence[int]
) -> None:
    """Write a clip file; it appears whole or not at all. Blocks."""
    head = {
        "fps": fps,
        "sps": [nal.hex() for nal in sps],
        "pps": [nal.hex() for nal in pps],
        "sizes": [len(unit) for unit in units],
        "keys": list(keys),
    }
    text = json.dumps(head).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".making-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines((_MAGIC, len(text).to_bytes(4, "big"), text, *units))
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def is_made(path: Path) -> bool:
    """Whether the file is there and whole."""
    try:
        Clip.open(path)
    except (FormatError, OSError):
        return False
    return True
