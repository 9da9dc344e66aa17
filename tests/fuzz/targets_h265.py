"""Targets of H.265, of packets out of order, and of what encoder processes answer. See ``targets``."""

import struct
from collections.abc import Callable

from streams.access_unit import AccessUnit
from streams.cameras.decode_order import DecodeOrder
from streams.cameras.muxer import Muxer
from streams.errors import FormatError
from streams.formats import encoder_pipe, fmp4, h265, rtp_h265
from streams.formats.h264 import split_annex_b
from streams.formats.parameter_sets_h265 import H265ParameterSets
from streams.formats.rtp import MAX_PICTURE_BYTES, Depacketiser
from streams.formats.rtp_order import PacketOrder
from streams.formats.rtp_packetiser import Packetiser
from streams.formats.rtsp import Lost
from streams.rendition import Rendition
from tests.fuzz.packets import framed, unframed

_VPS = bytes.fromhex("40010c01ffff01600000030090000003000003005d959409")
_SPS = bytes.fromhex("42010101600000030090000003000003005da00280802d16595952930b9a020000030002000003003210")
_PPS = bytes.fromhex("4401c073c189")
_IDR = b"\x26\x01\xaf" + b"i" * 300
_SETS = (_VPS, _SPS, _PPS)
_MAX_NALS = 8192
PARAMETERS = h265.video_parameters([_VPS], [_SPS], [_PPS])

SEEDS_H265 = (*_SETS, b"\0\0\1".join(_SETS), b"\0\0\1".join((*_SETS, _IDR)))
WORDS_H265 = (b"\0\0\1", b"\0\0\1\x40\1", b"\0\0\1\x42\1", b"\0\0\1\x44\1", b"\0\0\1\x26\1\x80", b"\0\0\3")
_AGGREGATE = b"\x60\1" + b"".join(struct.pack(">H", len(nal)) + nal for nal in _SETS)
_PACKETISER = Packetiser(rtp_h265.pack, payload_type=96, ssrc=7, sequence=65_530, max_packet_bytes=92)
SEEDS_RTP_H265 = tuple(
    framed(packet for n in range(4) for packet in _PACKETISER.packets(nals, n * 3600))
    for nals in ([*_SETS, _IDR], [_AGGREGATE, _IDR], [b"\0\0\1".join((*_SETS, _IDR))], [b"\x2a" + _IDR[1:]])
)
WORDS_RTP_H265 = (b"\x60\1\0\3", b"\x62\1\x93", b"\x62\1\x13", b"\x62\1\x53")
SEEDS_ENCODER_PIPE = (
    encoder_pipe.order([Rendition.SOURCE], [[(0.1, 0.2), (0.3, 0.4), (0.5, 0.6)]]),
    encoder_pipe.parameters("h265", _SETS),
    encoder_pipe.failure("source.ended", "It ended."),
)
WORDS_ENCODER_PIPE = (b"[", b"{", b"9" * 400, b"1e999", b"null", b'{"masks": [[[')
SEEDS_RTP_ORDER = (framed([struct.pack(">BBHII", 0x80, 96, n ^ 1, n, 7) for n in range(60)]),)


def take_h265(data: bytes) -> object:
    nals = split_annex_b(data)
    outcome: list[object] = [min(len(nals), 9)]
    readers: tuple[Callable[[bytes], object], ...] = (h265.parse_sps, h265.vps_id, h265.pps_ids, h265.slice_pps_id)
    for read in readers:
        for nal in (data, *nals[:4]):
            try:
                read(nal)
                outcome.append(read.__name__)
            except FormatError as error:
                outcome.append((read.__name__, str(error)[:9]))
    sets = H265ParameterSets()
    sets.update(nals[:_MAX_NALS])
    if (parameters := sets.parameters) is not None:
        outcome.append((parameters.codec_string[:6], h265.sample(nals)[1]))
        try:
            fmp4.init_segment(parameters)
        except FormatError as error:
            outcome.append(str(error)[-20:])
    return frozenset(outcome)


def take_rtp_h265(data: bytes) -> object:
    """All the way of a picture: packets, parameter sets, decode order, fragments."""
    unpacker = rtp_h265.Unpacker(has_order_numbers=len(data) % 2 == 1)
    depacketiser, sets, order, muxer = Depacketiser(96, unpacker), H265ParameterSets(), DecodeOrder(), Muxer(1)
    fragments = 0
    try:
        for packet in unframed(data):
            for picture in depacketiser.push(packet, 1.0):
                assert all(len(nal) > 2 for nal in picture.nals)
                sets.update(picture.nals)
                if (parameters := sets.parameters) is None:
                    continue
                sample, is_key = h265.sample(picture.nals)
                timestamp, offset = order.next(picture.timestamp)
                fragments += len(muxer.push(AccessUnit(parameters, sample, is_key, 1.0, timestamp, offset)))
    except FormatError as error:
        return str(error)[-20:]
    assert sum(map(len, unpacker.fragments)) <= MAX_PICTURE_BYTES
    return min(depacketiser.seen, 9), min(depacketiser.dropped, 9), min(fragments, 9), min(unpacker.orphans, 3)


def take_encoder_pipe(data: bytes) -> object:
    size = encoder_pipe.HEADER.size
    header, body = data[:size].ljust(size, b"\0"), data[size:]
    reads: tuple[Callable[[], object], ...] = (
        lambda: encoder_pipe.unpack_header(header).kind,
        lambda: len(encoder_pipe.unpack_order(body)[1]),
        lambda: min(len(encoder_pipe.unpack_parameters(body)), 4),
        lambda: encoder_pipe.unpack_failure(body)[0][:20],
    )
    outcome: list[object] = []
    for read in reads:
        try:
            outcome.append(read())
        except FormatError as error:
            outcome.append(str(error)[:12])
    return tuple(outcome)


def take_rtp_order(data: bytes) -> object:
    order = PacketOrder(0)
    given = lost = came = 0
    for n, packet in enumerate(unframed(data)):
        came += 1
        for event in order.push(packet, n / 1000):
            if isinstance(event, Lost):
                lost += 1
            else:
                given += len(event.packets)
    assert given <= came
    return min(given, 9), min(lost, 9)
