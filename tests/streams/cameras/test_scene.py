from itertools import pairwise

import numpy as np

from streams.cameras.perspective import Image
from streams.cameras.scene import Scene


def _scene(title: str = "04  Main St / 4th Ave", *, seed: int = 4, grain: int = 0) -> Scene:
    return Scene(title, seed=seed, width=320, height=180, length_s=60, light="dusk", grain=grain)


def _differs(a: Image, b: Image) -> float:
    """Share of pixels that are visibly different."""
    return float(np.mean(np.abs(a.astype(int) - b.astype(int)).max(axis=2) > 12))


def test_a_picture_has_the_size_asked_for() -> None:
    assert _scene().draw(0).shape == (180, 320, 3)


def test_the_same_seed_and_position_give_the_same_picture() -> None:
    assert np.array_equal(_scene().draw(12.3), _scene().draw(12.3))


def test_another_camera_is_visibly_another_street() -> None:
    assert _differs(_scene(seed=4).draw(0), _scene(seed=5).draw(0)) > 0.2


def test_something_moves_all_the_time() -> None:
    scene = _scene()
    street = [scene.draw(second)[24:] for second in range(60)]

    assert all(_differs(a, b) > 0 for a, b in pairwise(street))


def test_the_loop_closes_without_a_jump() -> None:
    scene = _scene()

    # The traffic light turns green at 0, that is all.
    assert _differs(scene.draw(0)[24:], scene.draw(60 - 1e-9)[24:]) < 0.004


def test_the_title_and_the_clock_are_burned_in() -> None:
    clock = slice(0, 20), slice(270, 320)

    assert _differs(_scene("A").draw(7), _scene("B").draw(7)) > 0
    assert _differs(_scene().draw(7.0)[clock], _scene().draw(7.1)[clock]) > 0
    assert np.array_equal(_scene().draw(7.101)[clock], _scene().draw(7.1)[clock])


def test_grain_makes_every_picture_its_own() -> None:
    scene = _scene(grain=6)

    assert not np.array_equal(scene.draw(1.0), scene.draw(1.0))
