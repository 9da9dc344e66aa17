"""Encoder: the renditions of one camera, made in a process of its own while any is asked for."""

import asyncio
import logging
import signal
from asyncio.subprocess import Process
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import NoReturn

from streams.access_unit import AccessUnit, VideoParameters
from streams.backoff import Backoff
from streams.cameras.encoder_feed import EncoderFeed
from streams.cameras.worker import worker
from streams.errors import FormatError, SourceError, SourceGarbled, SourceSilent
from streams.formats import encoder_pipe, jpeg
from streams.formats.encoder_pipe import Head, Kind
from streams.formats.h264 import NalType, nal_type, video_parameters
from streams.mask import Mask
from streams.rendition import Rendition

logger = logging.getLogger(__name__)

_WORKER = "streams.cameras.encoder_worker"
_SAID_EVERY_S = 10.0
_MOST_ANSWERS = 200
"""For one picture: parameters and pictures of every rendition, of all that a decoder may have held back."""

Emit = Callable[[Rendition, AccessUnit], None]
"""Takes one picture of a rendition; its parameters are those of the rendition. Called on the event loop, must not
block. May raise FormatError, ValueError: the process that made it is lost then."""
Opening = Callable[[], Iterable[AccessUnit]]
"""The camera's pictures since its newest key frame, if they are at hand. A new process begins with the last of them
instead of waiting for a key frame."""
Lost = Callable[[SourceError], None]
"""Told each time the process ended by itself: every rendition begins again with a key frame."""


class Encoder:
    """Access units of a camera in, access units of its renditions out, with the same capture times.

    Nothing is queued without end: when the process is half a second late, pictures up to the next key frame are left
    out. A process that crashes, hangs or can't decode is started again, with pauses that grow.

    What masks hide never leaves the process. No picture comes out that was made with other masks than those of the
    time when it was pushed.
    """

    def __init__(
        self,
        emit: Emit,
        *,
        masks: Sequence[Mask] = (),
        opening: Opening = tuple,
        on_lost: Lost = lambda _: None,
        hangs_after_s: float = 10.0,
    ) -> None:
        """
        Args:
            hangs_after_s: a process that has not taken a picture for so long is killed, at the latest after twice that.
        """
        self.skipped = 0
        """Pictures that were left out because the process was late."""
        self._emit = emit
        self._opening = opening
        self._on_lost = on_lost
        self._hangs_after_s = hangs_after_s
        self._masks = tuple(masks)
        self._renditions: frozenset[Rendition] = frozenset()
        self._wanted = asyncio.Event()
        self._unwanted = asyncio.Event()
        self._feed: EncoderFeed | None = None
        self._unsaid = 0
        self._said_at = -inf

    def want(self, renditions: frozenset[Rendition]) -> None:
        """These from now on; of none the process is stopped."""
        if renditions == self._renditions:
            return
        self._renditions = renditions
        if renditions:
            self._unwanted.clear()
            self._wanted.set()
        else:
            self._wanted.clear()
            self._unwanted.set()
        self._order()

    def mask(self, masks: Sequence[Mask]) -> None:
        """These from the next picture on."""
        self._masks = tuple(masks)
        self._order()

    def push(self, unit: AccessUnit) -> None:
        """One picture of the camera. Does not block; without a process that wants it, it is forgotten."""
        if self._feed is not None and not self._feed.push(unit):
            self._skip()

    def interrupt(self) -> None:
        """The camera was lost: nothing of what was pushed comes out any more; what follows begins with a key frame."""
        if self._feed is not None:
            self._feed.interrupt()
            self._feed.order((), self._masks)  # which lets the process forget
            self._order()

    async def run(self) -> NoReturn:
        """Until cancelled."""
        while True:
            await self._wanted.wait()
            async with asyncio.TaskGroup() as group:
                encoding = group.create_task(self._keep_encoding())
                await self._unwanted.wait()
                encoding.cancel()

    async def _keep_encoding(self) -> NoReturn:
        backoff = Backoff()
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            error = await self._encode()
            backoff.ran(loop.time() - began)
            logger.warning("encoder lost: %s", error, extra={"code": error.code})
            self._on_lost(error)
            await asyncio.sleep(backoff.next_s(0.5))

    async def _encode(self) -> SourceError:
        """Have one process work; return how it ended."""
        try:
            async with worker(_WORKER) as process:
                logger.info("encoder started", extra={"pid": process.pid})
                self._feed = EncoderFeed(process, self._hangs_after_s)
                self._open(self._feed)
                await self._take_all(process, self._feed)
        except SourceError as error:
            return error
        except (FormatError, ValueError) as error:
            return SourceGarbled(f"The encoder's answer can't be read: {error}.")
        except OSError as error:
            return SourceError(f"The encoder could not be started: {error.strerror}.")
        except Exception as error:  # it decodes what strangers send: whatever it answers costs nobody else anything
            logger.exception("encoder failed")
            return SourceError(f"The encoder's answer was of no use ({type(error).__name__}); the log says more.")
        finally:
            self._feed = None

    def _open(self, feed: EncoderFeed) -> None:
        units = list(self._opening())
        # Without an order they are decoded, and not shown.
        for unit in units[:-1]:
            feed.push(unit)
        self._order()
        for unit in units[-1:]:
            feed.push(unit)
        feed.opened()

    async def _take_all(self, process: Process, feed: EncoderFeed) -> NoReturn:
        assert process.stdout is not None, "it was asked for"
        parameters: dict[Rendition, VideoParameters] = {}
        answers = 0
        while True:
            answers += 1
            if answers > _MOST_ANSWERS:
                raise FormatError(f"more than {_MOST_ANSWERS} messages for one picture")
            try:
                head = await self._next_head(process.stdout, feed)
                async with asyncio.timeout(self._hangs_after_s):
                    body = await process.stdout.readexactly(head.length)
            except asyncio.IncompleteReadError as error:
                raise _crash(await process.wait()) from error
            except TimeoutError as error:
                raise SourceSilent("The encoder hangs.") from error
            if head.kind is Kind.TAKEN:
                feed.taken()
                answers = 0
            elif head.kind is Kind.FAILURE:
                code, sentence = encoder_pipe.unpack_failure(body)
                raise SourceGarbled(sentence) if code == SourceGarbled.code else SourceError(sentence)
            elif head.kind is Kind.PARAMETERS:
                parameters[head.rendition] = _parameters(encoder_pipe.unpack_parameters(body))
            elif head.kind is Kind.PICTURE and not feed.is_forgetting:
                self._show(head, body, parameters)

    async def _next_head(self, pipe: asyncio.StreamReader, feed: EncoderFeed) -> Head:
        while True:
            try:
                async with asyncio.timeout(self._hangs_after_s):
                    return encoder_pipe.unpack_header(await pipe.readexactly(encoder_pipe.HEADER.size))
            except TimeoutError:
                if feed.hangs:  # else the camera has nothing to say
                    raise

    def _show(self, head: Head, body: bytes, parameters: dict[Rendition, VideoParameters]) -> None:
        if head.rendition not in self._renditions:
            return  # was on the way when it was switched off
        if head.codec == "mjpeg":
            known = VideoParameters("mjpeg", *jpeg.size(body), "image/jpeg")
        elif head.rendition in parameters:
            known = parameters[head.rendition]
        else:
            raise FormatError("a picture without parameter sets")
        self._emit(head.rendition, AccessUnit(known, body, head.is_key, head.captured_at, head.timestamp % 2**32))

    def _skip(self) -> None:
        self.skipped += 1
        self._unsaid += 1
        now = asyncio.get_running_loop().time()
        if now - self._said_at >= _SAID_EVERY_S:
            logger.warning("encoder late: %d pictures left out", self._unsaid)
            self._said_at, self._unsaid = now, 0

    def _order(self) -> None:
        if self._feed is not None:
            self._feed.order(self._renditions, self._masks)


def _parameters(nals: list[bytes]) -> VideoParameters:
    by_kind = {kind: [nal for nal in nals if nal_type(nal) == kind] for kind in (NalType.SPS, NalType.PPS)}
    return video_parameters(by_kind[NalType.SPS], by_kind[NalType.PPS])


def _crash(code: int) -> SourceError:
    if code == -signal.SIGXCPU:
        return SourceError("The encoder used all its time without giving a picture.")
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    return SourceError(f"The encoder {how}.")
