import cv2
import numpy as np
import pytest

from streams.cameras.clips import Clip
from streams.errors import FormatError, SourceGarbled
from streams.formats.h264 import nal_type, split_avcc, video_parameters
from streams.rendition import Rendition
from tests.streams.cameras.coded_pictures import EVERY, START_S, Bench, Coded, Planes, coded, luma

MASK = [(0.2, 0.25), (0.7, 0.2), (0.75, 0.8), (0.3, 0.75)]
RUNGS = [pytest.param(each, id=each.word) for each in sorted(EVERY)]


def _scene(count: int, *, hidden: int, width: int = 640, height: int = 544) -> list[Planes]:
    """Spots that move, and noise, by the seed ``hidden``, in what ``MASK`` hides."""
    seen, unseen = np.random.default_rng(1), np.random.default_rng(hidden)
    size = (height * 3 // 2, width)
    spots = seen.integers(16, 235, (size[0] // 16, size[1] // 16), np.uint8)
    base = cv2.resize(spots, (width, size[0]), interpolation=cv2.INTER_LINEAR)
    inside = np.zeros(size, np.uint8)
    chroma = inside[height:].reshape(2, height // 2, width // 2)
    for plane in (inside[:height], chroma[0], chroma[1]):
        points = np.array(MASK) * (plane.shape[1], plane.shape[0]) - 0.5
        # Without its border, to stay within what is hidden.
        cv2.fillPoly(plane, [points.astype(np.int32)], (1,))
        plane[:] = cv2.erode(plane, np.ones((3, 3), np.uint8))
    return [
        np.where(inside == 1, unseen.integers(16, 235, size, np.uint8), np.roll(base, 2 * n, axis=1)).astype(np.uint8)
        for n in range(count)
    ]


def _of(clip: Clip) -> Coded:
    parameters = clip.parameters
    keys = frozenset(number for number in range(len(clip)) if clip.is_key(number))
    units = tuple(clip[number] for number in range(len(clip)))
    return Coded("h264", (*parameters.sps, *parameters.pps), units, keys)


def _inside(shape: tuple[int, ...], *, shrunk_by: int) -> Planes:
    height, width = shape
    area = np.zeros((height, width), np.uint8)
    cv2.fillPoly(area, [(np.array(MASK) * (width, height) - 0.5).astype(np.int32)], (1,))
    size = 2 * shrunk_by + 1
    return cv2.erode(area, np.ones((size, size), np.uint8)).astype(np.uint8, copy=False)


# Masks


@pytest.fixture(scope="module")
def two_secrets() -> tuple[Coded, Coded]:
    """A second and some of the same scene, but for what is under the mask."""
    return coded(_scene(30, hidden=2)), coded(_scene(30, hidden=3))


@pytest.mark.parametrize("rendition", RUNGS)
def test_pictures_that_differ_under_a_mask_only_come_out_the_same(
    two_secrets: tuple[Coded, Coded], rendition: Rendition
) -> None:
    assert two_secrets[0].units != two_secrets[1].units
    made = []
    for clip in two_secrets:
        bench = Bench({rendition}, [MASK])
        bench.play(clip)
        made.append(bench.made[rendition])

    assert made[0] == made[1]
    assert made[0]


@pytest.mark.parametrize("rendition", RUNGS)
def test_without_a_mask_they_come_out_different(two_secrets: tuple[Coded, Coded], rendition: Rendition) -> None:
    made = []
    for clip in two_secrets:
        bench = Bench({rendition})
        bench.play(clip)
        made.append(bench.made[rendition])

    assert made[0][0].data != made[1][0].data


@pytest.mark.parametrize("rendition", RUNGS)
def test_under_a_mask_everything_is_black_from_the_first_picture_through_a_change_of_size(
    clip: Clip, other_clip: Clip, rendition: Rendition
) -> None:
    bench = Bench({rendition}, [MASK])
    bench.play(_of(clip))
    bench.play(_of(other_clip))
    pictures = luma(bench.made[rendition])

    assert len(pictures) == len(bench.made[rendition])
    assert len({picture.shape for picture in pictures}) == 2
    for picture in pictures:
        inside = _inside(picture.shape, shrunk_by=2)
        assert picture[inside == 1].max() <= 24, "black, and what coding does to it"
        assert picture[inside == 0].std() > 20, "the rest is a picture"


def test_a_mask_holds_from_the_next_picture_on_which_is_a_key_frame(clip: Clip) -> None:
    half = Coded("h264", _of(clip).sets, _of(clip).units[:15], _of(clip).keys)
    bench = Bench({Rendition.SOURCE})
    bench.play(half)
    bench.order({Rendition.SOURCE}, [MASK])
    bench.play(half)
    made = bench.made[Rendition.SOURCE]
    pictures = luma(made)

    assert [n for n, each in enumerate(made) if each.is_key] == [0, 15]
    inside = _inside(pictures[0].shape, shrunk_by=2) == 1
    assert [picture[inside].max() <= 24 for picture in pictures] == [False] * 15 + [True] * 15


def test_masks_are_not_painted_into_what_the_decoder_builds_upon(clip: Clip) -> None:
    """Lifted in the middle of a group of pictures, the picture is as if there had never been one."""
    halves = [
        Coded("h264", _of(clip).sets, _of(clip).units[:2], _of(clip).keys),
        Coded("h264", (), _of(clip).units[2:5], frozenset()),
    ]
    shown = []
    for masks in ([], [MASK]):
        bench = Bench({Rendition.SOURCE}, masks)
        bench.play(halves[0])
        bench.order({Rendition.SOURCE})
        for unit in halves[1].units:
            bench.give(unit, codec="h264", is_key=False)
            bench.step()
        shown.append(luma(bench.made[Rendition.SOURCE]))

    assert np.abs(shown[0][4].astype(int) - shown[1][4]).max() < 40
    assert len(shown[1]) == 5


def test_a_mask_that_is_not_understood_ends_it() -> None:
    with pytest.raises(FormatError, match="a point at 2"):
        Bench(EVERY, [[(0, 0), (1, 0), (2, 2)]])


# Renditions


def test_each_rung_has_its_size_its_rate_and_a_key_frame_every_two_seconds() -> None:
    bench = Bench()
    clip = coded(_scene(25, hidden=2))
    for _ in range(5):
        bench.play(clip)

    assert {each.word: len(made) for each, made in bench.made.items()} == {
        "source": 125,
        "480p": 50,
        "240p": 25,
        "stills": 5,
    }
    for rendition, size in [
        (Rendition.SOURCE, (544, 640)),
        (Rendition.P480, (480, 564)),
        (Rendition.P240, (240, 282)),
        (Rendition.STILLS, (240, 282)),
    ]:
        made = bench.made[rendition]
        assert {picture.shape for picture in luma(made)} == {size}
        keys = [each.captured_at - START_S for each in made if each.is_key]
        assert rendition is Rendition.STILLS or keys == pytest.approx([0, 2, 4], abs=0.05)
    assert bench.taken == 125


def test_pictures_keep_their_capture_times_and_timestamps(clip: Clip) -> None:
    bench = Bench()
    bench.play(_of(clip))

    source = bench.made[Rendition.SOURCE]
    assert [each.captured_at for each in source] == [START_S + n / 25 for n in range(50)]
    assert [each.timestamp for each in source] == [3600 * n for n in range(50)]
    for made in bench.made.values():
        assert all((each.captured_at - START_S) * 90_000 == pytest.approx(each.timestamp, abs=1) for each in made)


def test_h264_comes_in_main_profile_without_reordering(clip: Clip) -> None:
    bench = Bench({Rendition.P480})
    bench.play(_of(clip))
    first = bench.made[Rendition.P480][0]
    parameters = video_parameters(
        [nal for nal in first.sets if nal_type(nal) == 7], [nal for nal in first.sets if nal_type(nal) == 8]
    )

    assert parameters.codec_string.startswith("avc1.4D")
    assert (parameters.width, parameters.height) == (320, 180)
    assert {nal_type(nal) for nal in split_avcc(first.data)} == {5}


def test_renditions_are_switched_on_and_off_between_pictures(clip: Clip) -> None:
    bench = Bench({Rendition.P240})
    bench.play(_of(clip))
    bench.order({Rendition.SOURCE})
    bench.play(_of(clip))
    before = len(bench.made[Rendition.P240])
    bench.order({Rendition.SOURCE, Rendition.P240})
    bench.play(_of(clip))

    assert before == 10
    assert len(bench.made[Rendition.SOURCE]) == 100
    assert bench.made[Rendition.P240][before].is_key
    assert bench.made[Rendition.P240][before].captured_at == START_S + 4


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_h264_and_h265_come_in(codec: str) -> None:
    pictures = [np.roll(_scene(1, hidden=2, width=128, height=96)[0], n, axis=1) for n in range(12)]
    for each in pictures:
        each[:96, :32], each[:96, 32:] = 30, 200
    bench = Bench({Rendition.SOURCE})
    bench.play(coded(pictures, "h265" if codec == "h265" else "h264"))
    shown = luma(bench.made[Rendition.SOURCE])

    assert len(shown) >= 10
    assert all(np.corrcoef(shown[n].ravel(), pictures[n][:96].ravel())[0, 1] > 0.5 for n in range(len(shown)))


def test_jpeg_comes_in_and_its_full_range_is_brought_to_the_limited_one() -> None:
    bench = Bench({Rendition.SOURCE})
    bench.describe("mjpeg")
    grey = np.full((96, 128, 3), 255, np.uint8)
    grey[:, :64] = 0
    _, data = cv2.imencode(".jpg", grey)
    for _ in range(3):
        bench.give(data.tobytes(), codec="mjpeg", is_key=True)
        bench.step()
    shown = luma(bench.made[Rendition.SOURCE])

    assert len(shown) == 3
    assert abs(int(np.median(shown[2][:, :56])) - 16) <= 3
    assert abs(int(np.median(shown[2][:, 72:])) - 235) <= 3


def test_reordered_pictures_come_out_in_the_order_in_which_they_are_shown() -> None:
    pictures = [np.full((144, 128), 40 + 8 * n, np.uint8) for n in range(24)]
    clip = coded(pictures, every=24, reordered=True)
    bench = Bench({Rendition.SOURCE, Rendition.P480})
    bench.play(clip)
    made = bench.made[Rendition.SOURCE]

    # The last ones are still in the decoder.
    assert [round((np.median(shown) - 40) / 8) for shown in luma(made)] == list(range(len(made)))
    assert len(made) >= 20
    assert [n for n, each in enumerate(made) if each.is_key] == [0]
    times = [each.captured_at for each in made]
    assert times == sorted(times)
    assert len(bench.made[Rendition.P480]) in {8, 9, 10}


# What cameras do


def test_nothing_comes_before_an_order(clip: Clip) -> None:
    bench = Bench(())
    bench.play(_of(clip))

    assert not bench.made
    assert bench.taken == 50


def test_nothing_is_shown_before_a_key_frame_and_from_a_broken_picture_to_the_next(clip: Clip) -> None:
    whole = _of(clip)
    units = list(whole.units)
    units[7] = (2).to_bytes(4, "big") + b"\x41\xff"
    bench = Bench({Rendition.SOURCE})
    bench.play(Coded("h264", whole.sets, tuple(units), whole.keys), missing=[0])
    first = round((bench.made[Rendition.SOURCE][0].captured_at - START_S) * 25)
    numbers = [round((each.captured_at - START_S) * 25) for each in bench.made[Rendition.SOURCE]]

    assert first == 5
    assert numbers == [5, 6, *range(10, 50)]


def test_a_camera_of_which_nothing_can_be_decoded_is_given_up(clip: Clip) -> None:
    bench = Bench({Rendition.SOURCE})
    nonsense = Coded("h264", (), (b"\0\0\0\x05\x65nope",), frozenset({0}))
    for _ in range(250):
        bench.play(nonsense)
    with pytest.raises(SourceGarbled, match="Of 250 pictures none could be decoded"):
        bench.play(nonsense)
    assert not bench.made


@pytest.mark.parametrize("size", [(66, 50), (64, 50), (66, 64)])
def test_any_even_size_comes_through_with_its_mask(size: tuple[int, int]) -> None:
    width, height = size
    bench = Bench(EVERY, [MASK])
    bench.play(coded(_scene(3, hidden=2, width=width, height=height)))

    for rendition in EVERY:
        picture = luma(bench.made[rendition])[0]
        assert picture.shape == (height, width)
        assert picture[_inside((height, width), shrunk_by=2) == 1].max() <= 24


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_of_odd_sizes_and_of_grey_comes_through_with_its_mask(channels: int) -> None:
    bench = Bench(EVERY, [MASK])
    bench.describe("mjpeg")
    for size in [(95, 127), (96, 127), (301, 403)]:
        picture = np.full((*size, 3), 220, np.uint8)
        _, data = cv2.imencode(".jpg", picture[:, :, 0] if channels == 1 else picture)
        bench.give(data.tobytes(), codec="mjpeg", is_key=True)
        for _ in range(25):
            bench.step()

    for rendition in EVERY:
        shown = luma(bench.made[rendition])
        assert len(shown) == 3
        for picture in shown:
            inside = _inside(picture.shape, shrunk_by=2) == 1
            assert picture[inside].max() <= 40, "black, and how a hard border rings in so small a picture"
            assert np.median(picture[~inside]) > 180
