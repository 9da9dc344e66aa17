import pytest

from streams.rendition import RUNGS, Rendition


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
    assert [each.word for each in Rendition] == ["source", "480p", "240p", "stills"]
    assert set(RUNGS) == set(Rendition)
