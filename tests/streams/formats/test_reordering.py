from dataclasses import dataclass, replace
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import FormatError
from streams.formats.bits import BitReader, BitWriter
from streams.formats.fmp4 import init_segment
from streams.formats.h264 import NalType, join_avcc, nal_type, parse_sps, sample, split_annex_b, video_parameters
from streams.formats.reordering import Restriction, is_b_slice, may_reorder, read_restriction, without_reordering

BARE_SPS = bytes.fromhex("674d001f95a814016e40")  # 1280x720, Main, no VUI
PPS = bytes.fromhex("68ee3c80")


@dataclass(frozen=True, slots=True)
class Vui:
    """None leaves a part out."""

    aspect: tuple[int, int] | int | None
    overscan: int | None
    signal: int | None
    colours: int | None
    chroma_place: int | None
    timing: int | None
    nal_hrd: list[int] | None
    vcl_hrd: list[int] | None
    restriction: tuple[int, int] | None


@st.composite
def vuis(draw: st.DrawFn) -> Vui:
    word = st.integers(0, 2**32 - 2)
    hrd = st.none() | st.lists(word, min_size=1, max_size=32)
    aspect = st.none() | st.integers(0, 254) | st.tuples(st.integers(0, 65535), st.integers(0, 65535))
    return Vui(
        aspect=draw(aspect),
        overscan=draw(st.none() | st.integers(0, 1)),
        signal=draw(st.none() | st.integers(0, 15)),
        colours=draw(st.none() | st.integers(0, 2**24 - 1)),
        chroma_place=draw(st.none() | st.integers(0, 5)),
        timing=draw(st.none() | st.integers(0, 2**65 - 1)),
        nal_hrd=draw(hrd),
        vcl_hrd=draw(hrd),
        restriction=draw(st.none() | st.tuples(st.integers(0, 16), st.integers(0, 16))),
    )


@st.composite
def all_sps(draw: st.DrawFn) -> tuple[bytes, int, int, Vui | None]:
    """The NAL unit, its order type, its number of reference pictures, its VUI."""
    profile = draw(st.sampled_from([66, 77, 88, 100, 110, 122, 244]))
    order_type = draw(st.integers(0, 2))
    ref_frames = draw(st.integers(0, 16))
    vui = draw(st.none() | vuis())
    bits = BitWriter()
    bits.u(8, profile)
    bits.u(8, draw(st.integers(0, 255)))
    bits.u(8, draw(st.sampled_from([10, 31, 51])))
    bits.ue(draw(st.integers(0, 31)))
    if profile >= 100:
        bits.ue(draw(st.integers(0, 2)))
        bits.ue(draw(st.integers(0, 6)))
        bits.ue(draw(st.integers(0, 6)))
        bits.u(2, 0)
    bits.ue(draw(st.integers(0, 12)))
    bits.ue(order_type)
    if order_type == 0:
        bits.ue(draw(st.integers(0, 12)))
    elif order_type == 1:
        offsets = draw(st.lists(st.integers(0, 2**32 - 2), max_size=255))
        bits.u(1, 0)
        for number in (draw(st.integers(0, 2**32 - 2)), draw(st.integers(0, 2**32 - 2)), len(offsets), *offsets):
            bits.ue(number)
    bits.ue(ref_frames)
    bits.u(1, 0)
    bits.ue(draw(st.integers(3, 255)))
    bits.ue(draw(st.integers(3, 255)))
    bits.u(1, 1)
    bits.u(1, 1)
    if draw(st.booleans()):
        bits.u(1, 1)
        for _ in range(4):
            bits.ue(draw(st.integers(0, 7)))
    else:
        bits.u(1, 0)
    bits.u(1, vui is not None)
    if vui is not None:
        write_vui(bits, vui)
    return b"\x67" + bits.end(), order_type, ref_frames, vui


def write_vui(bits: BitWriter, vui: Vui) -> None:
    bits.u(1, vui.aspect is not None)
    if isinstance(vui.aspect, tuple):
        bits.u(8, 255)
        bits.u(16, vui.aspect[0])
        bits.u(16, vui.aspect[1])
    elif vui.aspect is not None:
        bits.u(8, vui.aspect)
    bits.u(1, vui.overscan is not None)
    if vui.overscan is not None:
        bits.u(1, vui.overscan)
    bits.u(1, vui.signal is not None)
    if vui.signal is not None:
        bits.u(4, vui.signal)
        bits.u(1, vui.colours is not None)
        if vui.colours is not None:
            bits.u(24, vui.colours)
    bits.u(1, vui.chroma_place is not None)
    if vui.chroma_place is not None:
        bits.ue(vui.chroma_place)
        bits.ue(vui.chroma_place)
    bits.u(1, vui.timing is not None)
    if vui.timing is not None:
        bits.u(65, vui.timing)
    for hrd in (vui.nal_hrd, vui.vcl_hrd):
        bits.u(1, hrd is not None)
        if hrd is not None:
            bits.ue(len(hrd) - 1)
            bits.u(8, 0)
            for number in hrd:
                bits.ue(number)
                bits.ue(number)
                bits.u(1, 0)
            bits.u(20, 0)
    if vui.nal_hrd is not None or vui.vcl_hrd is not None:
        bits.u(1, 0)
    bits.u(1, 0)
    bits.u(1, vui.restriction is not None)
    if vui.restriction is not None:
        bits.u(1, 1)
        for number in (0, 0, 15, 15, *vui.restriction):
            bits.ue(number)


@given(all_sps())
def test_any_sps_says_afterwards_that_nothing_is_reordered_and_all_else_as_before(
    made: tuple[bytes, int, int, Vui | None],
) -> None:
    sps, order_type, ref_frames, vui = made
    said = vui.restriction if vui else None
    before, after = read_restriction(sps), read_restriction(without_reordering(sps))
    assert (before.reorder_frames, before.buffered_frames) == (said or (None, None))
    assert may_reorder(sps) == (said[0] > 0 if said else False if order_type == 2 else None)
    assert (after.reorder_frames, after.buffered_frames) == (0, max(1, ref_frames))
    assert replace(parse_sps(without_reordering(sps)), vui_begins=0) == replace(parse_sps(sps), vui_begins=0)
    changed = without_reordering(sps)
    assert BitReader(changed[4:]).u(before.begins) == BitReader(sps[4:]).u(before.begins)
    assert without_reordering(changed) is changed
    assert may_reorder(changed) is False


def test_an_sps_without_vui_says_nothing() -> None:
    assert read_restriction(BARE_SPS) == Restriction(parse_sps(BARE_SPS).vui_begins, False, None, None)


@given(st.binary(max_size=60), st.integers(0, 80))
def test_any_bytes_are_an_sps_or_a_format_error(data: bytes, end: int) -> None:
    for sps in (data, b"\x67\x64\x00\x1e" + data, without_reordering(BARE_SPS)[:end]):
        for read in (without_reordering, may_reorder):
            try:
                read(sps)
            except FormatError:
                continue


def test_more_reference_pictures_than_there_can_be_are_refused() -> None:
    bits = BitWriter()
    for number in (0, 0, 2, 17):
        bits.ue(number)
    bits.u(1, 0)
    bits.ue(9)
    bits.ue(9)
    bits.u(4, 0b1100)
    with pytest.raises(FormatError, match="17 reference pictures"):
        without_reordering(b"\x67\x42\x00\x1e" + bits.end())


# A stranger: FFmpeg's decoder, told to be strict, holds back what the SPS allows it to.


def encoded(options: dict[str, str]) -> list[list[bytes]]:
    """NAL units of 24 pictures from libx264."""
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 320, 192, "yuv420p", Fraction(1, 25)
    encoder.options = {"threads": "1", **options}
    noise = np.random.default_rng(1).integers(0, 255, (192, 320, 3), np.uint8)
    packets = []
    for number in range(24):
        packets += encoder.encode(av.VideoFrame.from_ndarray(np.roll(noise, number * 5, axis=1), "rgb24"))
    return [split_annex_b(bytes(packet)) for packet in (*packets, *encoder.encode())]


def without_vui(sps: bytes) -> bytes:
    begins = parse_sps(sps).vui_begins
    bits = BitWriter()
    bits.u(begins, BitReader(sps[4:]).u(begins))
    bits.u(1, 0)
    return sps[:4] + bits.end()


def held_back(sps: bytes, pictures: list[list[bytes]]) -> int:
    """Pictures that go in before the first one comes out."""
    pps = next(nal for nal in pictures[0] if nal_type(nal) == NalType.PPS)
    avcc = init_segment(video_parameters([sps], [pps])).partition(b"avcC")[2]
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.extradata, decoder.thread_type, decoder.options = avcc, "NONE", {"strict": "1", "threads": "1"}
    for number, nals in enumerate(pictures):
        if decoder.decode(av.Packet(sample(nals)[0])):
            return number
    return len(pictures)


def test_a_decoder_holds_nothing_back_any_more() -> None:
    pictures = encoded({"x264opts": "bframes=0:ref=2:keyint=8"})
    sps = next(nal for nal in pictures[0] if nal_type(nal) == NalType.SPS)
    bare = without_vui(sps)
    assert held_back(bare, pictures) > 4
    assert held_back(without_reordering(bare), pictures) == 0


def test_b_slices_are_told_from_others() -> None:
    def kinds(options: dict[str, str]) -> list[bool]:
        return [any(map(is_b_slice, nals)) for nals in encoded(options)]

    assert not any(kinds({"x264opts": "bframes=0"}))
    assert sum(kinds({"x264opts": "bframes=2:b-adapt=0:slices=4"})) >= 8
    for first in (0, 1, 7, 100):
        for kind in range(10):
            bits = BitWriter()
            bits.ue(first)
            bits.ue(kind)
            bits.ue(0)
            assert is_b_slice(b"\x41" + bits.end()) is (kind in {1, 6})
            assert not is_b_slice(b"\x43" + bits.end())  # a partition without slice header
    assert not any(map(is_b_slice, (b"\x41", b"\x41\x00", b"\x67\xa0", join_avcc([]) + b"\x06\xa0")))
