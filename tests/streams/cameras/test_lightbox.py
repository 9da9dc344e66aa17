import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from streams.cameras.lightbox import MAX_WAITING, WORKER, Lightbox
from streams.cameras.worker import worker
from streams.errors import SourceError, SourceGarbled
from streams.formats import jpeg
from streams.formats.picture_pipe import CodedPicture, Question
from tests.fakes.street import HEIGHT, WIDTH, as_h264, as_mjpeg, street, turned
from tests.streams.until import until

HAS_FILTER = sys.platform == "linux" and os.uname().machine in {"x86_64", "aarch64"}
MOODY = "tests.streams.cameras.workers.moody_lightbox"


async def test_a_key_frame_becomes_a_jpeg_and_what_is_measured_of_it() -> None:
    lightbox = Lightbox()
    first = await lightbox.look(Question(as_h264(street())))
    assert (first.width, first.height) == jpeg.size(first.picture) == (WIDTH, HEIGHT)
    assert first.figures.changed is None
    again = Question(as_h264(street(at_s=33)), as_h264(street()), first.reference)
    figures = (await lightbox.look(again)).figures
    assert figures.held is not None
    assert figures.held > 0.8
    assert figures.changed is not None
    assert figures.changed > 0.5
    elsewhere = replace(again, picture=as_h264(turned(street(at_s=33), 0.2)))
    figures = (await lightbox.look(elsewhere)).figures
    assert figures.held is not None
    assert figures.held < 0.45


async def test_a_stream_with_b_frames_is_no_trouble() -> None:
    assert (await Lightbox().look(Question(as_h264(street(), reordered=True)))).width == WIDTH


async def test_neither_is_jpeg() -> None:
    assert (await Lightbox().look(Question(as_mjpeg(street())))).width == WIDTH


@pytest.mark.parametrize(
    "picture",
    [
        CodedPicture("h264", (), b""),
        CodedPicture("h264", (b"g", b"h"), b"\0\0\0\5hello"),
        CodedPicture("h264", (), b"\0\0"),
        CodedPicture("mjpeg", (), b"\xff\xd8\xff"),
    ],
)
async def test_what_can_not_be_decoded_is_said_so(picture: CodedPicture) -> None:
    with pytest.raises(SourceGarbled):
        await Lightbox().look(Question(picture))


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        (b"crash", "ended without an answer"),
        (b"silent", "ended without an answer"),
        (b"hang", "not decoded within 2 s"),
        (b"babble", "no answer that can be used"),
        (b"nonsense", "no answer that can be used"),
    ],
)
async def test_a_decoder_that_goes_wrong_costs_one_picture(mood: bytes, words: str) -> None:
    lightbox = Lightbox(MOODY, deadline_s=2 if mood == b"hang" else 60)
    with pytest.raises(SourceError, match=words) as caught:
        await lightbox.look(Question(CodedPicture("mjpeg", (), mood)))
    assert not isinstance(caught.value, SourceGarbled), "it is not the camera's fault"


async def test_who_comes_when_too_many_wait_is_refused_at_once() -> None:
    lightbox = Lightbox(MOODY)
    question = Question(CodedPicture("mjpeg", (), b"hang"))
    await lightbox._turn.acquire()  # for one that takes long
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(lightbox.look(question)) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(SourceError, match="wait to be decoded"):
            await lightbox.look(question)
        for task in waiting:
            task.cancel()


@pytest.mark.skipif(not HAS_FILTER, reason="there is no filter of system calls for this machine")
async def test_its_process_is_locked_in_before_it_reads_anything() -> None:
    async with worker(WORKER) as process:
        status = Path(f"/proc/{process.pid}/status")
        await until(lambda: "Seccomp:\t2\n" in status.read_text())
