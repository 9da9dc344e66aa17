"""An encoder process decodes what strangers send: whatever it answers must cost nobody else anything."""

from dataclasses import replace
from math import nan

import pytest

from streams.access_unit import Codec
from streams.cameras import encoder
from streams.cameras.clips import Clip
from streams.errors import SourceGarbled
from streams.formats import encoder_pipe
from tests.streams.cameras.encoding import SOURCE_AND_240P, START_S, encoding
from tests.streams.until import until


def _answer(data: bytes, *, codec: Codec = "h264", captured_at: float = START_S) -> bytes:
    return encoder_pipe.picture(data, codec=codec, is_key=True, captured_at=captured_at, timestamp=0)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(b"\xff" * 24, "The encoder's answer can't be read", id="noise"),
        pytest.param(encoder_pipe.parameters("h264", [b""]), "The encoder's answer can't be read", id="empty unit"),
        pytest.param(encoder_pipe.parameters("h264", [b"\x67"]), "The encoder's answer can't be read", id="half"),
        pytest.param(_answer(b"\x65"), "a picture without parameter sets", id="no parameters"),
        pytest.param(_answer(b"\xff\xd8", codec="mjpeg"), "The encoder's answer can't be read", id="half a JPEG"),
        pytest.param(_answer(b"\x65", captured_at=nan), "a capture time of nan", id="no time"),
        pytest.param(encoder_pipe.taken() * 2, "more pictures taken than given", id="taken twice"),
        pytest.param(encoder_pipe.parameters("h264", ()) * 300, "The encoder's answer can't be read", id="no sets"),
        pytest.param(
            encoder_pipe.failure(SourceGarbled.code, "It can't be read.") * 2, "It can't be read.", id="failure"
        ),
    ],
)
async def test_whatever_the_process_answers_costs_nothing_but_its_renditions(
    clip: Clip, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, answer: bytes, said: str
) -> None:
    monkeypatch.setattr(encoder, "_WORKER", "tests.streams.cameras.workers.parrot")
    async with encoding(clip, caplog) as camera:
        camera.encoder.want(SOURCE_AND_240P)
        await until(lambda: camera.pids)
        camera.encoder.push(replace(camera.unit(), data=answer, is_key=True))
        await until(lambda: camera.losses)
        assert said in str(camera.losses[0])
        assert not camera.made
        await until(lambda: len(camera.pids) == 2)


async def test_a_picture_that_nobody_can_take_is_the_loss_of_the_encoder_and_no_more(
    clip: Clip, caplog: pytest.LogCaptureFixture
) -> None:
    async with encoding(clip, caplog) as camera:
        camera.made = {}  # has no place for any rendition
        camera.encoder.want(SOURCE_AND_240P)

        def is_lost() -> bool:
            camera.push(1)
            return bool(camera.losses)

        await until(is_lost)
        assert str(camera.losses[0]) == "The encoder's answer was of no use (KeyError); the log says more."
        await until(lambda: len(camera.pids) == 2)


async def test_a_process_that_never_stops_answering_is_ended(
    clip: Clip, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "_WORKER", "tests.streams.cameras.workers.parrot")
    sets = encoder_pipe.parameters("h264", (*clip.parameters.sps, *clip.parameters.pps))
    async with encoding(clip, caplog) as camera:
        camera.encoder.want(SOURCE_AND_240P)
        await until(lambda: camera.pids)
        camera.encoder.push(replace(camera.unit(), data=sets * 1000, is_key=True))
        await until(lambda: camera.losses)
        assert "more than 200 messages for one picture" in str(camera.losses[0])
