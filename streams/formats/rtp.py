"""Video over RTP (RFC 3550): packets to pictures. How NAL units stand in packets, each codec says."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from streams.errors import FormatError

MAX_PICTURE_BYTES = 8 * 1024 * 1024

_HEADER = struct.Struct(">BBHI")
_HEADER_BYTES = 12

# A hole in the sequence numbers means a loss when so many packets in order have been seen; it means nothing again after
# so many runs of a single packet. Some cameras don't count at all.
_TRUSTED_RUN, _TRUST = 32, 8
_PACKET_COST = 64
"""Bytes that a packet takes besides its own, so that many tiny ones are bounded too."""
_NAL_COST = 512
"""The same for a NAL unit, of which one packet can bring thousands; and each is looked at."""


@dataclass(frozen=True, slots=True)
class Picture:
    """NAL units of one access unit, and of what stood before it without a picture (parameter sets, mostly)."""

    nals: list[bytes]
    timestamp: int
    """RTP timestamp, 1/90000 s, wrapping at 2**32."""
    arrived_at: float
    """As given to ``push`` with its last packet."""
    is_key: bool
    """A decoder can start here."""


class Unpacker(Protocol):
    """Puts NAL units of one codec together from payloads in order. It keeps what ``Depacketiser`` bounds: who pushes
    must call ``end`` or ``lose`` before more has come than a picture may have."""

    fragments: list[bytes]
    """Of the NAL unit of which more is to come; empty when there is none."""
    orphans: int
    """Fragments without the beginning of their NAL unit, so far."""

    def push(self, payload: bytes) -> Sequence[bytes]:
        """What one payload, not empty, completes. What is cut off or unknown is ignored."""

    def extend(self, packet: bytes) -> bool:
        """Take a whole packet with a header of 12 bytes, if it is a fragment that neither begins nor ends its unit."""

    def end(self) -> list[bytes]:
        """The picture is over: the NAL unit that is not, because its last fragment isn't marked as such."""

    def lose(self) -> None:
        """Packets were lost: what had begun will not be whole."""

    def parts(self, nal: bytes) -> Iterable[bytes]:
        """The NAL units in one: some cameras put what an Annex B file holds between start codes into it."""

    def begins_picture(self, payload: bytes) -> bool:
        """Whether nothing of the same picture stands before it."""

    def is_vcl(self, nal: bytes) -> bool:
        """Whether it holds a piece of a picture."""

    def starts(self, nals: Sequence[bytes], timestamp: int) -> bool:
        """Whether a decoder can start at this whole picture; asked for each, in order."""

    def is_first_slice(self, nal: bytes) -> bool:
        """Whether it begins a picture, as far as can be told."""

    def is_skipped(self, nal: bytes) -> bool:
        """Whether it is of a picture that a decoder can't have that has started at the last key frame."""


class Depacketiser:
    """Puts pictures together from packets in order, as TCP delivers them.

    A picture is complete when a packet of it has the marker bit, or when the timestamp changes: some cameras never set
    the marker, and some set it on parameter sets too. After a loss nothing is given before the next key frame: what
    comes out can always be decoded.
    """

    def __init__(self, payload_type: int, unpacker: Unpacker) -> None:
        self.seen = 0
        """Pictures completed, those included that were dropped after a loss."""
        self.dropped = 0
        self._payload_type = payload_type
        self._unpacker = unpacker
        self._expected: int | None = None
        self._run_start = 0
        self._trust = 0
        self._timestamp = 0
        self._arrived_at = 0.0
        self._nals: list[bytes] = []
        self._has_vcl = False
        self._size = 0
        self._is_damaged = False
        self._awaits_key = False
        self._skips = False
        """From the first key frame after a loss up to the second: what looks back behind the first can't be decoded."""
        self._was_lost = False
        self._last_timestamp: int | None = None
        self._markers_lie = False

    def push(self, packet: bytes, arrived_at: float) -> Sequence[Picture]:
        """Take one RTP packet; give the pictures it completes, usually none or one.

        Packets of another payload type, and those that are no RTP, are ignored.

        Raises:
            FormatError: a picture larger than ``MAX_PICTURE_BYTES``.
        """
        end = len(packet)
        unpacker = self._unpacker
        if end <= _HEADER_BYTES or (unpacker.fragments and self._goes_on(packet, arrived_at)):
            return ()
        first, second, sequence, timestamp = _HEADER.unpack_from(packet)
        if second & 0x7F != self._payload_type or first >> 6 != 2:
            return ()
        begin = _HEADER_BYTES
        if first & 0x3F:  # padding, extension or contributing sources
            begin, end = _payload(packet, first)
            if begin >= end:
                return ()

        pictures: list[Picture] = []
        is_after_loss = sequence != self._expected and self._is_loss(sequence)
        self._expected = (sequence + 1) & 0xFFFF
        payload = packet[begin:end]
        if timestamp != self._timestamp:
            if self._has_vcl or unpacker.fragments:
                self._complete(pictures)
            self._timestamp = timestamp
            self._is_damaged = False
        if is_after_loss and not unpacker.begins_picture(payload):
            self._is_damaged = True
        self._arrived_at = arrived_at
        self._size += end + _PACKET_COST
        if self._size > MAX_PICTURE_BYTES:
            raise FormatError(f"a picture of more than {MAX_PICTURE_BYTES} bytes")

        orphans = unpacker.orphans
        for nal in unpacker.push(payload):
            self._add(nal)
        if unpacker.orphans != orphans:
            self._lose_picture()
        if second & 0x80 and not self._markers_lie:
            self._end_fragments()
            if self._has_vcl:
                self._complete(pictures)
        return pictures

    def lose(self) -> None:
        """Packets before the next one were lost or damaged."""
        self._lose_picture()
        self._was_lost = True
        self._expected = None

    def _goes_on(self, packet: bytes, arrived_at: float) -> bool:
        """Take a packet that is just the next piece of the NAL unit before it, as most are; False for any other."""
        first, second, sequence, timestamp = _HEADER.unpack_from(packet)
        size = self._size + len(packet) + _PACKET_COST
        if (
            sequence != self._expected
            or timestamp != self._timestamp
            or second != self._payload_type
            or first != 0x80
            or size > MAX_PICTURE_BYTES
            or not self._unpacker.extend(packet)
        ):
            return False
        self._expected = (sequence + 1) & 0xFFFF
        self._arrived_at = arrived_at
        self._size = size
        return True

    def _is_loss(self, sequence: int) -> bool:
        """A number out of order has come; whether to believe it."""
        in_order = 0 if self._expected is None else (self._expected - self._run_start) & 0xFFFF
        self._run_start = sequence
        if in_order >= _TRUSTED_RUN:
            self._trust = _TRUST
        elif in_order < 2 and self._trust:
            self._trust -= 1
        if self._trust:
            self._lose_picture()
            return True
        was_lost, self._was_lost = self._was_lost, False
        return was_lost

    def _lose_picture(self) -> None:
        self._unpacker.lose()
        self._is_damaged = True
        self._awaits_key = True

    def _end_fragments(self) -> None:
        if self._unpacker.fragments:
            for nal in self._unpacker.end():
                self._add(nal)

    def _add(self, nal: bytes) -> None:
        if nal:
            for part in self._unpacker.parts(nal):
                self._append(part)

    def _append(self, nal: bytes) -> None:
        self._size += _NAL_COST
        if self._size > MAX_PICTURE_BYTES:
            raise FormatError(f"a picture of more than {MAX_PICTURE_BYTES} bytes")
        unpacker = self._unpacker
        if unpacker.is_vcl(nal):
            if not self._has_vcl and self._timestamp == self._last_timestamp and not unpacker.is_first_slice(nal):
                # The marker stood on each slice: from now on only the timestamp ends a picture.
                self._markers_lie = True
                self._lose_picture()
            self._has_vcl = True
        self._nals.append(nal)

    def _complete(self, pictures: list[Picture]) -> None:
        self._end_fragments()
        if not self._has_vcl:
            return
        nals, is_damaged = self._nals, self._is_damaged
        self._nals, self._has_vcl, self._is_damaged, self._size = [], False, False, 0
        self.seen += 1
        self._last_timestamp = self._timestamp
        is_key = self._unpacker.starts(nals, self._timestamp)
        if is_damaged or not self._can_be_decoded(nals, is_key=is_key):
            self.dropped += 1
            return
        pictures.append(Picture(nals, self._timestamp, self._arrived_at, is_key))

    def _can_be_decoded(self, nals: Sequence[bytes], *, is_key: bool) -> bool:
        """Of a whole picture, after all that was lost before."""
        if not (self._awaits_key or self._skips):
            return True
        if is_key:
            self._skips, self._awaits_key = self._awaits_key, False
            return True
        return not self._awaits_key and not any(map(self._unpacker.is_skipped, nals))


def _payload(packet: bytes, first: int) -> tuple[int, int]:
    """Where the payload begins and ends (RFC 3550 §5.1, §5.3.1); an empty range for what does not fit."""
    begin, end = _HEADER_BYTES + 4 * (first & 0x0F), len(packet)
    if first & 0x10:
        if begin + 4 > end:
            return end, end
        begin += 4 + 4 * (packet[begin + 2] << 8 | packet[begin + 3])
    if first & 0x20:
        end -= packet[end - 1]
    return begin, end
