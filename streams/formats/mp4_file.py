"""Mp4File: relayed pictures as one file, for people to keep (ISO 14496-12). Their bytes stay as the camera sent them.

    ftyp
    moov   one track; a chunk for each group of pictures, a sample description for each set of parameters
    mdat   the samples, in decoding order

What is missing takes time here too: the picture before a hole lasts until the one after it. JPEG pictures stand in it
as ISO 14496-1 says (``mp4v``, object type 0x6C), which FFmpeg and VLC play and browsers do not.
"""

import struct
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, chain, groupby, pairwise
from typing import Literal

from streams.access_unit import CLOCK_HZ
from streams.errors import FormatError
from streams.formats.fmp4 import SAMPLE_OFFSET
from streams.formats.mp4_boxes import box, full_box
from streams.formats.sample_description import SampleDescription
from streams.fragment import Flag, Fragment, Kind

MAX_HOLE_TICKS = 3600 * CLOCK_HZ
"""A longer one is a clock that was set: the next picture follows at once."""

Break = Literal["", "gap", "lost", "restarted", "codec"]
"""Why a piece does not follow from the one before: it is the first; the camera was lost; messages were; the reader
began its timeline anew; pictures of another codec, which one file can't hold, came in between."""

_EPOCH_S = 2_082_844_800
"""From 1904, where the times of a movie begin, to 1970."""
_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_DURATION, _COMPOSITION = 48, 100
"""Where they stand in a frame (fmp4.py)."""
_STREAM_TICKS = CLOCK_HZ // 25


@dataclass(frozen=True, slots=True)
class Piece:
    """Pictures that follow each other without a hole."""

    why: Break
    starts_ms: int
    """Time in the file."""
    first_ms: int
    """Capture time, milliseconds since the epoch, UTC."""
    last_ms: int
    pictures: int


class Mp4File:
    """The index of the file. Its samples are kept by whoever adds them, one behind the other as ``add`` gives them."""

    def __init__(self, *, carries_sets: bool = False) -> None:
        """
        Args:
            carries_sets: key frames carry their parameter sets as well. Where those change in the middle, Chromium
                goes by them and not by the sample descriptions, which all others go by.
        """
        self._carries_sets = carries_sets
        self._descriptions: list[SampleDescription] = []
        self._description: int | None = None
        """The one that holds for what comes."""
        self._break: Break = ""
        self._is_broken = True
        self._sequence: int | None = None
        self._dts = 0
        self._captured_ms = 0.0
        self._pieces: list[Piece] = []
        self._times = array("Q")
        self._compositions = array("i")
        self._sizes = array("I")
        self._keys = array("I")
        self._chunks: list[tuple[int, int]] = []
        """Index of its first sample, and of its description."""
        self._last_ticks = _STREAM_TICKS

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(self._pieces)

    @property
    def changes(self) -> bool:
        """Whether the parameters change in the middle."""
        return len(self._descriptions) > 1

    @property
    def codec(self) -> str:
        """``avc1``, ``hvc1`` or ``jpeg``; "" while there is no picture."""
        kind = self._descriptions[0].kind if self._descriptions else ""
        return "jpeg" if kind == "mp4v" else kind

    def add(self, fragment: Fragment) -> bytes:
        """Take the next message of the stream.

        Returns:
            The sample that is to follow the others; b"" for what is no picture, or one that can't be decoded because
            it is damaged, or something before it is missing.
        """
        try:
            return self._add(fragment)
        except (FormatError, struct.error):
            # One picture is no reason to lose the others.
            self._interrupt("lost")
            if fragment.kind is Kind.INIT:
                self._description = None
            return b""

    def _add(self, fragment: Fragment) -> bytes:
        follows = self._sequence is not None and fragment.sequence == (self._sequence + 1) & 0xFFFFFFFF
        if fragment.kind is Kind.INIT:
            if follows:
                self._sequence = fragment.sequence
            self._describe(SampleDescription.of_init(fragment.body))
            return b""
        if fragment.kind is Kind.GAP:
            self._interrupt("gap")
            self._sequence = fragment.sequence
            return b""
        body = fragment.body  # a copy each time
        if fragment.kind is Kind.JPEG:
            self._describe(SampleDescription.of_jpeg(body))
        elif len(body) <= SAMPLE_OFFSET:
            raise FormatError(f"a frame of {len(body)} bytes, expected more than {SAMPLE_OFFSET}")
        data = body if fragment.kind is Kind.JPEG else body[SAMPLE_OFFSET:]
        if fragment.flags & Flag.DISCONTINUITY:
            self._interrupt("restarted")
        elif self._sequence is not None and not follows:
            self._interrupt("lost")
        self._sequence = fragment.sequence
        if self._description is None or (self._is_broken and not fragment.is_key):
            return b""
        if fragment.is_key and self._carries_sets:
            data = self._descriptions[self._description].sets + data
        self._take(fragment, body[:SAMPLE_OFFSET], len(data))
        return data

    def head(self) -> bytes:
        """All that stands before the samples.

        Raises:
            FormatError: there is no picture.
        """
        if not self._sizes:
            raise FormatError("a file needs a picture at least")
        brands = b"isomiso4mp41" + (b"avc1" if self.codec == "avc1" else b"")
        file_type = box(b"ftyp", b"isom", struct.pack(">I", 0x200), brands)
        length = sum(self._sizes)
        if length + 8 < 2**32:
            media = struct.pack(">I4s", length + 8, b"mdat")
        else:
            media = struct.pack(">I4sQ", 1, b"mdat", length + 16)
        before = len(file_type) + len(self._movie(0)) + len(media)
        return file_type + self._movie(before) + media

    def _describe(self, description: SampleDescription) -> None:
        if self._descriptions and description.kind != self._descriptions[0].kind:
            # A track is of one codec: what players do with two is anybody's guess.
            self._interrupt("codec")
            self._description = None
            return
        if description not in self._descriptions:
            self._descriptions.append(description)
        self._description = self._descriptions.index(description)

    def _interrupt(self, why: Break) -> None:
        """The first reason is told: what follows from it is not news."""
        if not self._is_broken:
            self._is_broken, self._break = True, why

    def _take(self, fragment: Fragment, boxes: bytes, size: int) -> None:
        assert self._description is not None, "the caller has looked"
        ticks, composition = _STREAM_TICKS, 0
        if fragment.kind is Kind.FRAME:
            (ticks,) = struct.unpack_from(">I", boxes, _DURATION)
            (composition,) = struct.unpack_from(">i", boxes, _COMPOSITION)
        before = self._times[-1] if self._times else None
        if before is None:
            time = 0
        elif self._is_broken:
            hole = round((fragment.captured_ms - self._captured_ms) * CLOCK_HZ / 1000)
            time = before + (hole if 0 < hole <= MAX_HOLE_TICKS else self._last_ticks)
        else:
            time = before + min(max(1, fragment.dts - self._dts), MAX_HOLE_TICKS)
        if fragment.kind is Kind.JPEG and before is not None and not self._is_broken:
            ticks = time - before
        captured_ms = int(fragment.captured_ms)
        if self._is_broken:
            starts_ms = time * 1000 // CLOCK_HZ
            self._pieces.append(Piece(self._break, starts_ms, captured_ms, captured_ms, 1))
        else:
            piece = self._pieces[-1]
            self._pieces[-1] = Piece(piece.why, piece.starts_ms, piece.first_ms, captured_ms, piece.pictures + 1)
        if fragment.is_key:
            self._keys.append(len(self._sizes) + 1)
            self._chunks.append((len(self._sizes), self._description))
        self._times.append(time)
        self._compositions.append(composition)
        self._sizes.append(size)
        self._last_ticks, self._dts, self._captured_ms = ticks, fragment.dts, fragment.captured_ms
        self._is_broken, self._break = False, ""

    def _movie(self, media_at: int) -> bytes:
        """``media_at``: where the samples begin in the file."""
        made_s = self._pieces[0].first_ms // 1000 + _EPOCH_S
        shown_at = [time + offset for time, offset in zip(self._times, self._compositions, strict=True)]
        starts = min(shown_at)
        shown = max(shown_at) - starts + self._last_ticks
        if starts < 0:
            # Nothing is shown before a file begins.
            self._compositions = array("i", (offset - starts for offset in self._compositions))
            starts = 0
        duration = self._times[-1] + self._last_ticks
        header = struct.pack(">QQIQIH10x36s24xI", made_s, made_s, CLOCK_HZ, shown, 0x10000, 0x100, _MATRIX, 2)
        track = struct.pack(
            ">QQI4xQ8x4H36sII", made_s, made_s, 1, shown, 0, 0, 0, 0, _MATRIX, *self._descriptions[0].shown
        )
        media_header = struct.pack(">QQIQHH", made_s, made_s, CLOCK_HZ, duration, 0x55C4, 0)  # language: und
        # Where pictures are reordered the first is shown later than it is decoded: the file begins with it.
        edit = full_box(b"elst", 1, 0, struct.pack(">IQqhh", 1, shown, starts, 1, 0)) if starts else b""
        return box(
            b"moov",
            full_box(b"mvhd", 1, 0, header),
            box(
                b"trak",
                full_box(b"tkhd", 1, 3, track),  # enabled, in movie
                box(b"edts", edit) if edit else b"",
                box(
                    b"mdia",
                    full_box(b"mdhd", 1, 0, media_header),
                    full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, b"vide"), b"video\0"),
                    box(
                        b"minf",
                        full_box(b"vmhd", 0, 1, bytes(8)),
                        box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1))),
                        self._sample_table(media_at),
                    ),
                ),
            ),
        )

    def _sample_table(self, media_at: int) -> bytes:
        count, entries = len(self._sizes), [description.entry for description in self._descriptions]
        durations = chain((after - before for before, after in pairwise(self._times)), (self._last_ticks,))
        starts = [0, *accumulate(self._sizes)]
        ends = [*(first for first, _ in self._chunks[1:]), count]
        chunks = [(end - first, entry + 1) for (first, entry), end in zip(self._chunks, ends, strict=True)]
        to_chunk = b"".join(
            struct.pack(">III", number + 1, *chunk)
            for number, chunk in enumerate(chunks)
            if number == 0 or chunk != chunks[number - 1]
        )
        offsets = [media_at + starts[first] for first, _ in self._chunks]
        return box(
            b"stbl",
            full_box(b"stsd", 0, 0, struct.pack(">I", len(entries)), *entries),
            _runs(b"stts", ">II", 0, durations),
            _runs(b"ctts", ">Ii", 1, self._compositions) if any(self._compositions) else b"",
            # Without it every sample is one to begin with.
            _numbers(b"stss", self._keys) if len(self._keys) < count else b"",
            full_box(b"stsc", 0, 0, struct.pack(">I", len(to_chunk) // 12), to_chunk),
            full_box(b"stsz", 0, 0, struct.pack(f">II{count}I", 0, count, *self._sizes)),
            full_box(b"co64", 0, 0, struct.pack(f">I{len(offsets)}Q", len(offsets), *offsets)),
        )


def _runs(kind: bytes, layout: str, version: int, values: Iterable[int]) -> bytes:
    """Equal values that follow each other are told once, with how many they are."""
    runs = b"".join(struct.pack(layout, count, value) for value, count in _counted(values))
    return full_box(kind, version, 0, struct.pack(">I", len(runs) // 8), runs)


def _counted(values: Iterable[int]) -> Iterator[tuple[int, int]]:
    for value, same in groupby(values):
        yield value, sum(1 for _ in same)


def _numbers(kind: bytes, numbers: "array[int]") -> bytes:
    return full_box(kind, 0, 0, struct.pack(f">I{len(numbers)}I", len(numbers), *numbers))
