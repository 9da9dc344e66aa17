"""What the configuration says of masks, and of the presets of movable cameras."""

from pathlib import Path

import pytest

from streams.preset import Preset
from tests.streams.config_files import camera, read, refusal


def test_masks_are_read_as_points(tmp_path: Path) -> None:
    (masked,) = read(tmp_path, camera("masks = [[[0, 0], [0.5, 0], [0.5, 1.0]], [[0, 0], [1, 0], [1, 1]]]")).cameras
    assert [mask.outline[1] for mask in masked.masks] == [(0.5, 0.0), (1.0, 0.0)]


@pytest.mark.parametrize(
    ("masks", "sentence"),
    [
        ("[[[0, 0], [1, 0]]]", "camera[0].masks: number 0: a mask of 2 points, expected 3 to 100"),
        ("[[[0, 0], [640, 0], [1, 1]]]", "camera[0].masks: number 0: a mask with a point at 640, expected fractions"),
        ("[[1, 2, 3]]", "camera[0].masks: number 0: expected a mask as a list of points [x, y]"),
        ("[0.5]", "camera[0].masks: expected a list of lists, got a list"),
        ("true", "camera[0].masks: expected a list of lists, got true or false"),
    ],
)
def test_a_mask_that_hides_nothing_is_refused(tmp_path: Path, masks: str, sentence: str) -> None:
    assert sentence in refusal(tmp_path, camera(f"masks = {masks}"))


def test_masks_of_presets_are_those_of_the_camera_and_their_own(tmp_path: Path) -> None:
    everywhere, north, south = ([[0, 0], [x, 0], [x, 1]] for x in (0.1, 0.2, 0.3))
    presets = "".join(
        f'\n[[camera.preset]]\nname = "{name}"\nmasks = {masks}'
        for name, masks in (("north", [north]), ("south", [south, north]), ("sky", []))
    )
    (camera_read,) = read(tmp_path, camera(f"masks = [{everywhere}]{presets}")).cameras
    everywhere_mask, north_mask, south_mask = camera_read.masks
    assert [mask.outline[1][0] for mask in camera_read.masks] == [0.1, 0.2, 0.3]
    assert camera_read.presets == (
        Preset("north", (everywhere_mask, north_mask)),
        Preset("south", (everywhere_mask, south_mask, north_mask)),
        Preset("sky", (everywhere_mask,)),
    )


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("[[camera.preset]]\nmasks = []", "camera[0].preset[0].name: is missing"),
        ('[[camera.preset]]\nname = "n"\n[[camera.preset]]\nname = "n"', "'n' is the name of another preset too"),
        (
            '[[camera.preset]]\nname = "n"\nmasks = [[[0, 0]]]',
            "camera[0].preset[0].masks: number 0: a mask of 1 points",
        ),
        ('[[camera.preset]]\nname = "n"\nmask = []', "camera[0].preset[0].mask"),
    ],
)
def test_a_preset_that_is_none_is_refused(tmp_path: Path, lines: str, sentence: str) -> None:
    assert sentence in refusal(tmp_path, camera(lines))
