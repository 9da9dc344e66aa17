import pytest

from streams.fragment import Flag, Kind, pack, unpack
from streams.rendition import RUNGS, Rendition, split


@pytest.mark.parametrize(
    ("rendition", "camera", "made"),
    [
        (Rendition.SOURCE, (1280, 720), (1280, 720)),
        (Rendition.SOURCE, (177, 145), (176, 144)),
        (Rendition.P480, (1280, 720), (852, 480)),
        (Rendition.P480, (720, 1280), (480, 852)),
        (Rendition.P480, (320, 180), (320, 180)),
        (Rendition.P240, (1920, 1080), (426, 240)),
        (Rendition.STILLS, (2592, 1944), (320, 240)),
        (Rendition.P240, (8192, 2), (8192, 2)),
    ],
)
def test_a_rung_keeps_the_shape_and_never_enlarges(
    rendition: Rendition, camera: tuple[int, int], made: tuple[int, int]
) -> None:
    assert RUNGS[rendition].size(*camera) == made


def test_each_rendition_has_a_word_and_a_rung() -> None:
    assert [each.word for each in Rendition] == ["source", "480p", "240p", "stills", "unmasked"]
    assert all(Rendition.of(each.word) is each for each in Rendition)
    assert set(RUNGS) == set(Rendition) - {Rendition.UNMASKED}


def test_a_word_that_is_no_rendition_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="'4k' is no rendition, expected source, 480p, 240p, stills, unmasked"):
        Rendition.of("4k")


@pytest.mark.parametrize("rendition", Rendition)
@pytest.mark.parametrize("camera_number", [1, 65535])
def test_a_stream_is_a_camera_and_a_rendition(camera_number: int, rendition: Rendition) -> None:
    number = rendition.stream(camera_number)
    assert split(number) == (camera_number, rendition)
    fragment = pack(
        Kind.FRAME, Flag.KEY, camera_number=camera_number, sequence=0, captured_ms=0.0, dts=0, rendition=rendition
    )
    assert fragment.stream_number == unpack(fragment.message).stream_number == number
    assert unpack(fragment.message).flags.rendition is rendition
    assert unpack(fragment.message).is_key
