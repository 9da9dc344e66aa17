"""What a city camera shows, well and badly: a street by day and by night, and what can happen to its picture."""

from functools import lru_cache

import cv2
import numpy as np

from streams.cameras.clips import Light
from streams.cameras.perspective import Image
from streams.cameras.scene import Scene
from streams.formats.picture_pipe import CodedPicture
from tests.streams.cameras.coded_pictures import Planes, coded

WIDTH, HEIGHT = 640, 360


@lru_cache(8)
def _scene(light: Light, seed: int, grain: int) -> Scene:
    return Scene("04  Main St", seed=seed, width=WIDTH, height=HEIGHT, length_s=60, light=light, grain=grain)


def street(light: Light = "day", *, seed: int = 4, at_s: float = 5, grain: int = 3) -> Image:
    """Another second has other traffic, another seed is another street."""
    return _scene(light, seed, grain).draw(at_s)


def turned(image: Image, share: float) -> Image:
    """The camera looks more to the side, by such a share of the width."""
    way = np.array([[1, 0, share * WIDTH], [0, 1, 0]], np.float32)
    return _image(cv2.warpAffine(image, way, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT))


def zoomed(image: Image, factor: float) -> Image:
    way = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 0, factor)
    return _image(cv2.warpAffine(image, way, (WIDTH, HEIGHT)))


def blurred(image: Image, pixels: float) -> Image:
    """The lens only: what the camera writes into its picture stays sharp."""
    soft = _image(cv2.GaussianBlur(image, (0, 0), pixels))
    return with_clock(soft, 5)


def dimmed(image: Image, factor: float) -> Image:
    return _image(image * factor)


def in_haze(image: Image) -> Image:
    return _image(image * 0.35 + 130)


def in_rain(image: Image) -> Image:
    random, rain = np.random.default_rng(1), image.copy()
    for x, y in random.integers((0, 0), (WIDTH, HEIGHT), (600, 2)):
        cv2.line(rain, (int(x), int(y)), (int(x) + 3, int(y) + 18), (200, 200, 200), 1)
    return _image(cv2.addWeighted(image, 0.6, rain, 0.4, 0))


def covered(level: int) -> Image:
    """Something right before the lens, of such a brightness, and the noise of the sensor."""
    random = np.random.default_rng(2)
    return with_clock(_image(np.full((HEIGHT, WIDTH, 3), level) + random.normal(0, 2, (HEIGHT, WIDTH, 1))), 5)


def half_covered(image: Image, share: float, level: int) -> Image:
    """Something that is out of focus before a part of the lens, from the left."""
    hidden = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    hidden[:, : round(share * WIDTH)] = 1
    soft = cv2.GaussianBlur(hidden, (0, 0), 20).reshape(HEIGHT, WIDTH, 1)
    noise = np.random.default_rng(2).normal(0, 2, (HEIGHT, WIDTH, 1))
    return _image(image * (1 - soft) + level * soft + noise)


def with_clock(image: Image, seconds: int) -> Image:
    """As cameras burn it in."""
    text = f"2026-11-21 18:00:{seconds:02}"
    return _image(cv2.putText(image.copy(), text, (10, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1))


def as_jpeg(image: Image, quality: int = 90) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def grey(image: Image) -> Image:
    """As a check gets it, after a JPEG."""
    read = cv2.imdecode(np.frombuffer(as_jpeg(image), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert read is not None
    return read.astype(np.uint8, copy=False)


def as_mjpeg(image: Image) -> CodedPicture:
    return CodedPicture("mjpeg", (), as_jpeg(image))


def as_h264(image: Image, *, reordered: bool = False) -> CodedPicture:
    """The key frame of a stream; ``reordered`` with B-frames, for which decoders wait."""
    planes: Planes = cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420).astype(np.uint8, copy=False)
    stream = coded([planes] * 4, reordered=reordered)
    return CodedPicture("h264", stream.sets, stream.units[0])


def _image(values: cv2.typing.MatLike | np.typing.NDArray[np.floating]) -> Image:
    return np.clip(values, 0, 255).astype(np.uint8)
