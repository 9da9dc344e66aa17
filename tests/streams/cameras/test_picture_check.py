"""What is measured of pictures, and that a person would say the same."""

from collections.abc import Sequence

import numpy as np
import pytest

from server.core.nearest import Fault
from server.core.picture_checks import Outcome, judge
from streams.cameras.clips import Light
from streams.cameras.perspective import Image
from streams.cameras.picture_check import measure, shrunk
from streams.mask import Mask
from tests.fakes.street import (
    HEIGHT,
    WIDTH,
    blurred,
    covered,
    dimmed,
    grey,
    half_covered,
    in_haze,
    in_rain,
    street,
    turned,
    with_clock,
    zoomed,
)

LIGHTS: Sequence[Light] = ("day", "dusk", "night")


def found(
    now: Image, *, reference: Image | None = None, before: Image | None = None, masks: Sequence[Mask] = ()
) -> list[Fault]:
    """By default with a picture before that is another one."""
    earlier = grey(street(seed=99) if before is None else before)
    known = None if reference is None else grey(reference)
    figures = measure(grey(now), earlier, known, masks)
    return [finding.fault for finding in judge(figures, width=WIDTH, has_reference=reference is not None)[1]]


@pytest.mark.parametrize("seed", [4, 17])
@pytest.mark.parametrize("now", LIGHTS)
@pytest.mark.parametrize("then", LIGHTS)
def test_neither_traffic_nor_the_time_of_day_is_a_fault(then: Light, now: Light, seed: int) -> None:
    reference = street(then, seed=seed)
    assert found(street(now, seed=seed, at_s=33, grain=6), reference=reference) == []
    assert found(street(now, seed=seed, at_s=33)) == []


@pytest.mark.parametrize("light", LIGHTS)
def test_neither_is_the_weather(light: Light) -> None:
    reference, now = street(light), street(light, at_s=33)
    for picture in (in_rain(now), in_haze(now), dimmed(now, 0.3)):
        assert found(picture, reference=reference) == []


@pytest.mark.parametrize("light", LIGHTS)
def test_a_mast_that_sways_is_none(light: Light) -> None:
    assert found(turned(street(light, at_s=33), 0.01), reference=street(light)) == []


@pytest.mark.parametrize("light", LIGHTS)
def test_a_camera_that_looks_elsewhere_has_moved(light: Light) -> None:
    reference, now = street(light), street(light, at_s=33)
    for picture in (turned(now, 0.05), turned(now, -0.12), turned(now, 0.3), zoomed(now, 1.3)):
        assert found(picture, reference=reference) == [Fault.MOVED]
    assert found(street(light, seed=23), reference=reference) == [Fault.MOVED]


def test_one_that_looks_elsewhere_since_the_day_is_found_at_night() -> None:
    assert found(turned(street("night", at_s=33), 0.12), reference=street("day")) == [Fault.MOVED]


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("pixels", [2, 3, 5])
def test_a_lens_out_of_focus_is_blurred_though_its_clock_is_sharp(light: Light, pixels: float) -> None:
    now = street(light, at_s=33)
    assert found(blurred(now, pixels), reference=street(light)) == [Fault.BLURRED]


def test_what_was_never_sharp_is_found_without_a_reference() -> None:
    assert found(blurred(street(), 8)) == [Fault.BLURRED]


@pytest.mark.parametrize("reference", [None, street()])
def test_a_black_picture_is_black_whatever_the_clock_says(reference: Image | None) -> None:
    assert found(covered(3), reference=reference, before=covered(3)) == [Fault.BLACK]


@pytest.mark.parametrize("level", [60, 120, 220])
@pytest.mark.parametrize("reference", [None, street()])
def test_a_covered_lens_shows_nothing_though_there_is_light(reference: Image | None, level: int) -> None:
    assert found(covered(level), reference=reference) == [Fault.COVERED]


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("level", [60, 150])
@pytest.mark.parametrize("share", [0.5, 0.7])
def test_a_lens_that_is_covered_by_half_is_found(share: float, level: int, light: Light) -> None:
    now = half_covered(street(light, at_s=33), share, level)
    assert found(now, reference=street(light)) == [Fault.OBSTRUCTED]


@pytest.mark.parametrize("light", LIGHTS)
def test_a_frozen_picture_is_found_though_its_clock_runs(light: Light) -> None:
    frozen = street(light)
    assert found(with_clock(frozen, 8), before=with_clock(frozen, 5)) == [Fault.FROZEN]


@pytest.mark.parametrize("light", LIGHTS)
def test_a_street_without_anybody_is_not_frozen(light: Light) -> None:
    """Nothing moves, but the sensor has a grey level of noise."""
    still = street(light, grain=0).astype(int)
    before, now = (
        np.clip(still + np.random.default_rng(seed).integers(-1, 2, (HEIGHT, WIDTH, 1)), 0, 255).astype(np.uint8)
        for seed in (1, 2)
    )
    assert found(now, before=before) == []


def test_at_a_place_that_is_too_dark_to_compare_nothing_is_claimed() -> None:
    figures = measure(grey(dimmed(street("night", at_s=33), 0.15)), grey(street(seed=99)), grey(street("day")))
    outcome, findings, note = judge(figures, width=WIDTH, has_reference=True)
    assert (outcome, findings) == (Outcome.UNSURE, ())
    assert "can be made out" in note


def test_what_is_masked_counts_for_nothing() -> None:
    """Black bars that stay where they are would else hold the view, and make a picture dark."""
    outline = ((0.0, 0.3), (1.0, 0.3), (1.0, 1.0), (0.0, 1.0))

    def hidden(image: Image) -> Image:
        image = image.copy()
        image[round(0.3 * HEIGHT) :] = 0
        return image

    masks = [Mask(outline)]
    reference, now = hidden(street()), hidden(street(at_s=33))
    assert found(now, reference=reference, masks=masks) == []
    assert found(hidden(turned(street(at_s=33), 0.12)), reference=reference, masks=masks) == [Fault.MOVED]
    assert measure(grey(now), masks=masks).dark == 0
    assert measure(grey(now)).dark > 0.5


def test_a_picture_that_is_wholly_masked_says_nothing() -> None:
    everything = [Mask(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))]
    figures = measure(grey(street()), grey(street()), grey(street()), everything)
    assert (figures.flat, figures.places, figures.held) == (0, 0, None)
    assert judge(figures, width=WIDTH, has_reference=True)[0] is Outcome.UNSURE


def test_pictures_of_another_shape_are_not_compared() -> None:
    square = grey(street())[:, :WIDTH]
    other = shrunk(np.ascontiguousarray(grey(street())[:, :HEIGHT]))
    figures = measure(square, other, other)
    assert (figures.changed, figures.held, figures.places) == (None, None, 0)


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (176, 144), (64, 64), (720, 1280), (8000, 16)])
def test_pictures_of_every_size_can_be_looked_at(width: int, height: int) -> None:
    small = shrunk(np.zeros((height, width), np.uint8))
    assert small.shape[1] == 640
    assert measure(small, small, small).dark == 1
