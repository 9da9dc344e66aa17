import numpy as np
import pytest

from streams.cameras.cover import Cover, Plane
from streams.mask import Mask

WIDTH, HEIGHT = 160, 96
LEFT_HALF = Mask(((0, 0), (0.5, 0), (0.5, 1), (0, 1)))
# Drawn with a single line: the even-odd rule leaves its middle out.
STAR = Mask(((0.5, 0.05), (0.7, 0.9), (0.15, 0.35), (0.85, 0.35), (0.3, 0.9)))
HAIRLINE = Mask(((0.2, 0.2), (0.8, 0.7), (0.2, 0.2)))


def _white() -> Plane:
    return np.full((HEIGHT * 3 // 2, WIDTH), 235, np.uint8)


def _painted(*masks: Mask) -> tuple[Plane, Plane]:
    """Luma, and colour as (2, height / 2, width / 2)."""
    planes = _white()
    Cover(masks, WIDTH, HEIGHT).paint(planes)
    return planes[:HEIGHT], planes[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)


def test_what_is_masked_is_black_and_what_is_far_is_untouched() -> None:
    luma, chroma = _painted(LEFT_HALF)

    assert (luma[:, : WIDTH // 2] == 16).all()
    assert (chroma[:, :, : WIDTH // 4] == 128).all()
    assert (luma[:, WIDTH // 2 + 8 :] == 235).all()
    assert (chroma[:, :, WIDTH // 4 + 4 :] == 235).all()


def test_the_border_is_soft_on_the_outside_only() -> None:
    row = _painted(LEFT_HALF)[0][HEIGHT // 2].astype(int)

    between = [n for n in range(WIDTH) if 16 < row[n] < 235]
    assert between
    assert min(between) > WIDTH // 2
    assert (np.diff(row) >= 0).all()


def test_an_outline_that_crosses_itself_has_no_hole() -> None:
    luma, chroma = _painted(STAR)

    assert luma[int(HEIGHT * 0.5), WIDTH // 2] == 16
    assert (chroma[:, int(HEIGHT * 0.25), WIDTH // 4] == 128).all()
    assert luma[2, 2] == 235


def test_a_mask_without_an_area_hides_its_line() -> None:
    luma, _ = _painted(HAIRLINE)

    for share in np.linspace(0, 1, 50):
        x, y = (0.2 + 0.6 * share) * WIDTH, (0.2 + 0.5 * share) * HEIGHT
        assert luma[int(y), int(x)] == 16


@pytest.mark.parametrize("corner", [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_masks_reach_into_the_corners(corner: tuple[float, float]) -> None:
    x, y = corner
    luma, _ = _painted(Mask((corner, (x, 0.5), (0.5, y))))

    assert luma[round(y * (HEIGHT - 1)), round(x * (WIDTH - 1))] == 16


def test_every_pixel_that_an_outline_touches_is_black() -> None:
    """Against a plain computation: 5 x 5 points of each pixel, inside or outside."""
    corners = ((0.137, 0.211), (0.731, 0.093), (0.873, 0.817), (0.421, 0.611))
    luma, chroma = _painted(Mask(corners))
    steps = (np.arange(5) + 0.5) / 5
    xs = (np.arange(WIDTH)[:, None] + steps).ravel() / WIDTH
    ys = (np.arange(HEIGHT)[:, None] + steps).ravel() / HEIGHT
    x, y = np.meshgrid(xs, ys)
    inside = np.zeros(x.shape, bool)
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
        crosses = (y1 > y) != (y2 > y)
        inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    touched = inside.reshape(HEIGHT, 5, WIDTH, 5).any(axis=(1, 3))

    assert touched.sum() > 1000
    assert (luma[touched] == 16).all()
    assert (chroma[:, touched.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).any(axis=(1, 3))] == 128).all()
