from dataclasses import replace
from pathlib import Path
from typing import Literal

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.access_unit import AccessUnit, VideoParameters
from streams.cameras.muxer import Muxer
from streams.errors import FormatError
from streams.formats.h264 import join_avcc
from streams.formats.mp4_file import Mp4File, Piece
from streams.fragment import Flag, Kind, pack
from tests.streams.filming import (
    START_S,
    complaints,
    film,
    fragments,
    hashes,
    later,
    shown_at,
    source_hashes,
    written,
)
from tests.streams.formats import jpegs

START_MS = round(START_S * 1000)


@pytest.mark.parametrize(("codec", "b_frames"), [("h264", 0), ("h264", 2), ("h265", 0), ("h265", 2)])
def test_a_stranger_sees_what_the_camera_sent(codec: Literal["h264", "h265"], b_frames: int, tmp_path: Path) -> None:
    units = film(codec, b_frames=b_frames)
    path = tmp_path / "clip.mp4"
    file = written(path, fragments(units))
    assert complaints(path) == ""
    assert hashes(path) == source_hashes(units)
    assert shown_at(path) == pytest.approx([number / 25 for number in range(50)])
    assert file.pieces == (Piece("", 0, START_MS, START_MS + 49 * 40, 50),)
    assert file.codec == ("avc1" if codec == "h264" else "hvc1")


def test_it_says_how_long_it_is_and_when_it_was_taken(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    written(path, fragments(film()))
    with av.open(path) as container:
        assert container.duration == 2_000_000
        assert container.metadata["creation_time"] == "2026-11-20T18:40:00.000000Z"
        (stream,) = container.streams
        assert isinstance(stream, av.VideoStream)
        assert (stream.frames, stream.codec_context.width, float(stream.average_rate or 0)) == (50, 322, 25)
        # Where one may jump to.
        container.seek(1_000_000)
        assert next(container.decode(video=0)).time == pytest.approx(0.8)


def test_a_hole_takes_its_time(tmp_path: Path) -> None:
    muxer = Muxer(4)
    units = film()
    messages = fragments(units[:20], muxer)
    messages.append(muxer.gap(START_MS + 800))
    messages += fragments(later(units[:10], 5.0), muxer)
    path = tmp_path / "clip.mp4"
    file = written(path, messages)
    assert complaints(path) == ""
    assert shown_at(path) == pytest.approx([number / 25 for number in [*range(20), *range(125, 135)]])
    assert file.pieces == (
        Piece("", 0, START_MS, START_MS + 760, 20),
        Piece("gap", 5000, START_MS + 5000, START_MS + 5360, 10),
    )


def test_what_can_not_be_decoded_is_left_out(tmp_path: Path) -> None:
    messages = fragments(film())
    # 0 is the init segment; a group is 10 pictures.
    path = tmp_path / "clip.mp4"
    file = written(path, messages[:14] + messages[15:])
    assert complaints(path) == ""
    whole = source_hashes(film())
    assert hashes(path) == whole[:13] + whole[20:]
    assert shown_at(path)[13] == pytest.approx(0.8)
    assert [(piece.why, piece.pictures) for piece in file.pieces] == [("", 13), ("lost", 30)]


def test_it_begins_with_a_key_frame() -> None:
    messages = fragments(film())
    file = Mp4File()
    assert [len(file.add(message)) > 0 for message in [messages[0], *messages[5:15]]] == [False] * 7 + [True] * 4
    assert file.pieces[0].first_ms == START_MS + 400


def test_a_reader_that_was_started_again_goes_on_in_its_place(tmp_path: Path) -> None:
    units = film()
    path = tmp_path / "clip.mp4"
    file = written(path, [*fragments(units[:20]), *fragments(later(units[:20], 2.0))])
    assert complaints(path) == ""
    assert shown_at(path) == pytest.approx([number / 25 for number in [*range(20), *range(50, 70)]])
    assert [(piece.why, piece.starts_ms) for piece in file.pieces] == [("", 0), ("restarted", 2000)]


def test_a_clock_that_is_set_back_does_not_turn_the_file_back(tmp_path: Path) -> None:
    muxer = Muxer(4)
    messages = [*fragments(film()[:20], muxer), muxer.gap(START_MS), *fragments(later(film()[:20], -3600.0), muxer)]
    path = tmp_path / "clip.mp4"
    file = written(path, messages)
    assert complaints(path) == ""
    assert shown_at(path) == pytest.approx([number / 25 for number in range(40)])
    assert file.pieces[1] == Piece("gap", 800, START_MS - 3_600_000, START_MS - 3_600_000 + 760, 20)


def test_other_parameters_are_a_second_description(tmp_path: Path) -> None:
    muxer = Muxer(4)
    small = later(film(width=162)[:20], 0.8)
    path = tmp_path / "clip.mp4"
    file = written(path, [*fragments(film()[:20], muxer), *fragments(small, muxer)])
    assert path.read_bytes().count(b"avcC") == 2
    assert len(file.pieces) == 1
    assert complaints(path) == ""
    with av.open(path) as container:
        widths = [picture.width for picture in container.decode(video=0)]
    assert widths == [322] * 20 + [162] * 20
    assert hashes(path) == source_hashes(film()[:20]) + source_hashes(small)


def test_where_parameters_change_key_frames_carry_them_for_chromium(tmp_path: Path) -> None:
    messages = fragments(film()[:20])
    plain, carrying = Mp4File(), Mp4File(carries_sets=True)
    for number, message in enumerate(messages):
        sample, longer = plain.add(message), carrying.add(message)
        sets = (*film()[0].parameters.sps, *film()[0].parameters.pps)
        assert longer == (join_avcc(sets) if number in (1, 11) else b"") + sample
    assert not plain.changes


def test_the_same_parameters_again_are_the_same_description(tmp_path: Path) -> None:
    muxer = Muxer(4)
    messages = [*fragments(film()[:20], muxer), muxer.gap(START_MS + 800), *fragments(later(film()[:20], 2.0), muxer)]
    path = tmp_path / "clip.mp4"
    written(path, messages)
    assert path.read_bytes().count(b"avcC") == 1


def test_pictures_of_another_codec_are_left_out(tmp_path: Path) -> None:
    muxer = Muxer(4)
    messages = [
        *fragments(film()[:10], muxer),
        *fragments(later(film("h265")[:10], 0.4), muxer),
        *fragments(later(film()[:10], 0.8), muxer),
    ]
    path = tmp_path / "clip.mp4"
    file = written(path, messages)
    assert complaints(path) == ""
    assert shown_at(path) == pytest.approx([number / 25 for number in [*range(10), *range(20, 30)]])
    assert [(piece.why, piece.pictures) for piece in file.pieces] == [("", 10), ("codec", 10)]


def test_jpeg_pictures_stand_in_it_too(tmp_path: Path) -> None:
    parameters = VideoParameters("mjpeg", 0, 0, "image/jpeg")
    units = [
        AccessUnit(parameters, jpegs.picture(64 if number < 3 else 96), True, START_S + number / 2, None)
        for number in range(5)
    ]
    path = tmp_path / "clip.mp4"
    file = written(path, fragments(units))
    assert complaints(path) == ""
    assert file.codec == "jpeg"
    # Nobody knows how long after the first picture of a camera the second one was, but by when they came.
    assert shown_at(path) == pytest.approx([0, 0.5, 1, 1.5, 2], abs=0.05)
    data = path.read_bytes()
    assert all(unit.data in data for unit in units)
    with av.open(path) as container:
        assert container.streams.video[0].codec_context.name == "mjpeg"
        assert [picture.width for picture in container.decode(video=0)] == [64, 64, 64, 96, 96]


def test_offsets_below_zero_begin_with_the_first_picture(tmp_path: Path) -> None:
    units = [replace(unit, composition_offset=unit.composition_offset - 7200) for unit in film(b_frames=2)]
    path = tmp_path / "clip.mp4"
    written(path, fragments(units))
    assert complaints(path) == ""
    assert shown_at(path) == pytest.approx([number / 25 for number in range(50)])
    assert hashes(path) == source_hashes(film(b_frames=2))


def test_a_file_of_nothing_is_refused() -> None:
    file = Mp4File()
    file.add(fragments(film())[0])
    assert file.codec == "avc1"
    with pytest.raises(FormatError, match="a picture at least"):
        file.head()


def test_a_damaged_picture_costs_no_other_group(tmp_path: Path) -> None:
    messages = fragments(film())
    messages[14] = replace(messages[14], message=messages[14].message[:60])
    path = tmp_path / "clip.mp4"
    file = written(path, messages)
    whole = source_hashes(film())
    assert hashes(path) == whole[:13] + whole[20:]
    assert [(piece.why, piece.pictures) for piece in file.pieces] == [("", 13), ("lost", 30)]


def test_after_damaged_parameters_nothing_is_taken_until_there_are_others() -> None:
    odd = pack(Kind.INIT, Flag.NONE, camera_number=4, sequence=11, captured_ms=0, dts=0, body=b"no boxes")
    file = Mp4File()
    for message in [*fragments(film())[:11], odd]:
        file.add(message)
    assert not any(file.add(message) for message in fragments(film())[11:])
    assert file.add(fragments(film())[0]) == b""
    assert file.add(fragments(film())[1])


@given(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from(["as it is", "gap", "cut", "later", "back"])), max_size=80)
)
def test_whatever_comes_in_whatever_order_makes_a_file_or_none(steps: list[tuple[int, str]]) -> None:
    messages = fragments(film())
    file, samples = Mp4File(), 0
    for index, what in steps:
        message = messages[index]
        if what == "gap":
            message = replace(message, kind=Kind.GAP)
        elif what == "cut":
            message = replace(message, message=message.message[: 40 + index])
        elif what == "later":
            message = replace(message, captured_ms=message.captured_ms + 1e15, dts=message.dts + 2**62)
        elif what == "back":
            message = replace(message, captured_ms=-message.captured_ms, dts=0)
        samples += len(file.add(message))
    assert (samples > 0) == bool(file.pieces)
    if file.pieces:
        head = file.head()
        times = list(file._times)
        assert times == sorted(set(times))
        assert int.from_bytes(head[-8:-4]) == samples + 8


def test_more_than_four_gigabytes_find_their_place() -> None:
    """Without as many bytes: the index is told of them."""
    file = Mp4File()
    for message in fragments(film()):
        file.add(message)
    file._sizes[0] = 2**32 - 1
    head = file.head()
    assert head[-16:-8] == b"\0\0\0\1mdat"
    at = head.index(b"co64")
    second = int.from_bytes(head[at + 20 : at + 28])
    assert second > len(head) + 2**32 - 1
