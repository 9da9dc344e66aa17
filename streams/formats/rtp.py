"""H.264 over RTP (RFC 3550, RFC 6184): packets to pictures and back."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from streams.errors import FormatError
from streams.formats.h264 import NalType, is_vcl, iter_annex_b, nal_type

MAX_PICTURE_BYTES = 8 * 1024 * 1024

_HEADER = struct.Struct(">BBHI")
_FRAGMENT = struct.Struct(">BBHIxxxxBB")
"""The header and the first two bytes of the payload."""
_FULL_HEADER = struct.Struct(">BBHII")
_HEADER_BYTES = 12
_STAP_A, _FU_A = 24, 28

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


class Depacketiser:
    """Puts pictures together from packets in order, as TCP delivers them.

    A picture is complete when a packet of it has the marker bit, or when the timestamp changes: some cameras never set
    the marker, and some set it on parameter sets too. After a loss nothing is given before the next key frame: what
    comes out can always be decoded.
    """

    def __init__(self, payload_type: int) -> None:
        self.seen = 0
        """Pictures completed, those included that were dropped after a loss."""
        self.dropped = 0
        self._payload_type = payload_type
        self._expected: int | None = None
        self._run_start = 0
        self._trust = 0
        self._timestamp = 0
        self._arrived_at = 0.0
        self._nals: list[bytes] = []
        self._has_vcl = False
        self._fragments: list[bytes] = []
        self._size = 0
        self._is_damaged = False
        self._awaits_key = False
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
        if end <= _HEADER_BYTES or (self._fragments and self._goes_on(packet, arrived_at)):
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
        if timestamp != self._timestamp:
            if self._has_vcl or self._fragments:
                self._complete(pictures)
            self._timestamp = timestamp
            self._is_damaged = False
        if is_after_loss and not _begins_picture(packet, begin):
            self._is_damaged = True
        self._arrived_at = arrived_at
        self._size += end + _PACKET_COST
        if self._size > MAX_PICTURE_BYTES:
            raise FormatError(f"a picture of more than {MAX_PICTURE_BYTES} bytes")

        kind = packet[begin] & 0x1F
        if kind == _FU_A:
            if end - begin > 2:
                header = packet[begin + 1]
                if header & 0x80:
                    self._end_fragments()
                    # The type of the first fragment holds, whatever the others say.
                    self._fragments = [bytes((packet[begin] & 0xE0 | header & 0x1F,)), packet[begin + 2 : end]]
                elif self._fragments:
                    self._fragments.append(packet[begin + 2 : end])
                else:
                    self._lose_picture()
                if header & 0x40:
                    self._end_fragments()
        else:
            self._end_fragments()
            if kind == _STAP_A:
                self._add_all(packet[begin + 1 : end])
            elif kind < _STAP_A:
                self._add(packet[begin:end])
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
        if len(packet) < _FRAGMENT.size:
            return False
        first, second, sequence, timestamp, indicator, header = _FRAGMENT.unpack_from(packet)
        size = self._size + len(packet) + _PACKET_COST
        if (
            sequence != self._expected
            or header >= 0x40  # the first piece or the last
            or indicator & 0x1F != _FU_A
            or timestamp != self._timestamp
            or second != self._payload_type
            or first != 0x80
            or size > MAX_PICTURE_BYTES
        ):
            return False
        self._expected = (sequence + 1) & 0xFFFF
        self._arrived_at = arrived_at
        self._size = size
        self._fragments.append(packet[_FRAGMENT.size :])
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
        self._fragments = []
        self._is_damaged = True
        self._awaits_key = True

    def _end_fragments(self) -> None:
        if self._fragments:
            nal = b"".join(self._fragments)
            self._fragments = []
            self._add(nal)

    def _add_all(self, aggregate: bytes) -> None:
        """STAP-A, RFC 6184 §5.7.1."""
        position = 0
        while position + 2 < len(aggregate):
            size = aggregate[position] << 8 | aggregate[position + 1]
            position += 2
            self._add(aggregate[position : position + size])
            position += size

    def _add(self, nal: bytes) -> None:
        if not nal:
            return
        kind = nal[0] & 0x1F
        # Some cameras put what an Annex B file holds between two packets' worth of start codes into one NAL unit.
        if (kind == 0 or NalType.SEI <= kind <= NalType.DELIMITER) and b"\x00\x00\x01" in nal:
            for part in iter_annex_b(nal):
                if nal_type(part):
                    self._append(part)
        elif kind:
            self._append(nal)

    def _append(self, nal: bytes) -> None:
        self._size += _NAL_COST
        if self._size > MAX_PICTURE_BYTES:
            raise FormatError(f"a picture of more than {MAX_PICTURE_BYTES} bytes")
        if is_vcl(nal):
            if not self._has_vcl and self._timestamp == self._last_timestamp and not _is_first_slice(nal):
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
        if self._awaits_key and not is_damaged:
            self._awaits_key = all(nal_type(nal) != NalType.IDR for nal in nals)
        if is_damaged or self._awaits_key:
            self.dropped += 1
            return
        pictures.append(Picture(nals, self._timestamp, self._arrived_at))


class Packetiser:
    """Cuts pictures into packets: single NAL units and FU-A (RFC 6184 packetization-mode 1)."""

    def __init__(self, *, payload_type: int, ssrc: int, sequence: int = 0, max_packet_bytes: int = 1400) -> None:
        self._payload_type = payload_type
        self._ssrc = ssrc
        self._sequence = sequence
        self._max_payload = max_packet_bytes - _HEADER_BYTES

    def packets(self, nals: Sequence[bytes], timestamp: int) -> list[bytes]:
        """Packets of one picture in order; the last has the marker bit. ``timestamp`` is taken modulo 2**32."""
        payloads: list[bytes] = []
        for nal in nals:
            if len(nal) <= self._max_payload:
                payloads.append(nal)
            else:
                payloads.extend(self._fragments(nal))
        last = len(payloads) - 1
        return [self._packet(payload, timestamp, index == last) for index, payload in enumerate(payloads)]

    def _fragments(self, nal: bytes) -> Iterable[bytes]:
        indicator, kind = nal[0] & 0xE0 | _FU_A, nal[0] & 0x1F
        step = self._max_payload - 2
        for begin in range(1, len(nal), step):
            start = 0x80 if begin == 1 else 0
            end = 0x40 if begin + step >= len(nal) else 0
            yield bytes((indicator, start | end | kind)) + nal[begin : begin + step]

    def _packet(self, payload: bytes, timestamp: int, marker: bool) -> bytes:
        second = self._payload_type | (0x80 if marker else 0)
        header = _FULL_HEADER.pack(0x80, second, self._sequence, timestamp & 0xFFFFFFFF, self._ssrc)
        self._sequence = (self._sequence + 1) & 0xFFFF
        return header + payload


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


def _begins_picture(packet: bytes, begin: int) -> bool:
    kind = packet[begin] & 0x1F
    if kind == _FU_A:
        return len(packet) > begin + 2 and packet[begin + 1] & 0x80 != 0 and packet[begin + 2] & 0x80 != 0
    if kind == _STAP_A or NalType.SEI <= kind <= NalType.DELIMITER:
        return True
    return kind in {NalType.SLICE, NalType.IDR} and _is_first_slice(packet[begin : begin + 2])


def _is_first_slice(nal: bytes) -> bool:
    """Whether ``first_mb_in_slice``, the first number of a slice header (§7.3.3), is 0; told for types 1 and 5 only."""
    return nal_type(nal) not in {NalType.SLICE, NalType.IDR} or (len(nal) > 1 and nal[1] & 0x80 != 0)
