"""The process behind ``Lightbox``: decodes one or two pictures of a camera, measures them, and ends.

    python -m streams.cameras.picture_check_worker PID_OF_PARENT

A question of ``formats.picture_pipe`` comes on stdin until its end, the answer goes to stdout.
"""

import os
import sys

import av
import cv2
import numpy as np
import numpy.typing as npt

from streams import child
from streams.cameras import sandbox, worker_end
from streams.cameras.picture_check import measure, shrunk
from streams.cameras.picture_decoder import PictureDecoder
from streams.cameras.process_limits import ProcessLimits
from streams.errors import SourceGarbled
from streams.formats import picture_pipe
from streams.formats.picture_pipe import Answer, CodedPicture, Question

_LIMITS = ProcessLimits(memory_bytes=2 * 1024 * 1024 * 1024, open_files=32, cpu_s=10)
_QUALITY, _REFERENCE_QUALITY = 88, 90
_LEAST_QUALITY = 40
_MAX_PICTURE_BYTES = 8 * 1024 * 1024

Image = npt.NDArray[np.uint8]


def answer(question: Question) -> Answer:
    """
    Raises:
        SourceGarbled, FormatError: a picture can't be decoded; the sentence is for people.
    """
    now = _decoded(question.picture)
    small = shrunk(now)
    before = None if question.before is None else _grey(shrunk(_decoded(question.before)))
    reference = None
    if question.reference:
        read = cv2.imdecode(np.frombuffer(question.reference, np.uint8), cv2.IMREAD_GRAYSCALE)
        reference = None if read is None else read.astype(np.uint8, copy=False)
    figures = measure(_grey(small), before, reference, question.masks)
    height, width = now.shape[:2]
    return Answer(_jpeg(now, _MAX_PICTURE_BYTES), width, height, _reference(small), figures)


def _decoded(picture: CodedPicture) -> Image:
    decoder = PictureDecoder()
    decoder.describe(picture.codec, list(picture.sets))
    frames = [*decoder.decode(picture.data, is_key=True, captured_at=0.0, timestamp=0), *decoder.finish()]
    if not frames:
        raise SourceGarbled("The picture can't be decoded.")
    image: Image = frames[-1].frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
    return image


def _grey(image: Image) -> Image:
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def _jpeg(image: Image, max_bytes: int, quality: int = _QUALITY) -> bytes:
    while True:
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if data.nbytes <= max_bytes or quality <= _LEAST_QUALITY:
            return data.tobytes()
        quality -= 15


def _reference(image: Image) -> bytes:
    return _jpeg(image, picture_pipe.MAX_REFERENCE_BYTES, _REFERENCE_QUALITY)


def work(send: worker_end.Send) -> None:
    """
    Raises:
        SourceError, FormatError: as for ``answer``.
    """
    send(picture_pipe.pack_answer(answer(picture_pipe.unpack_question(sys.stdin.buffer.read()))))


def _import_all() -> None:
    """Libraries import at first use, which is forbidden later."""
    checked = np.tile(np.repeat(np.array([20, 220], np.uint8), 20), (360, 16))
    frame = av.VideoFrame.from_ndarray(np.repeat(checked[:, :, None], 3, axis=2), "bgr24")
    image: Image = frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
    measure(_grey(image), checked, checked)
    _jpeg(image, _MAX_PICTURE_BYTES)


def main() -> None:
    child.die_with_parent(int(sys.argv[1]))
    os.nice(10)  # Never in the way of the alert lane.
    cv2.setNumThreads(1)
    _LIMITS.set()
    _import_all()
    sandbox.lock_encoder()
    worker_end.run(work, picture_pipe.pack_failure, memory_bytes=_LIMITS.memory_bytes)


if __name__ == "__main__":
    main()
