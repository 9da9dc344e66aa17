"""``watch``: follow a camera; print how it is, or save its pictures."""

import argparse
import asyncio
from pathlib import Path
from time import monotonic

from clients.cli import words
from clients.cli.client import Client
from clients.cli.errors import ClientError, Unavailable
from clients.cli.fragment import Fragment, Kind
from clients.cli.line import Lost, Opened
from clients.cli.output import Output
from clients.cli.recording import Chunk, Recording
from clients.cli.video import QUALITIES, CameraState, Dropped, Parameters, Shown, Watch

HELP = "follow a camera: print how its pictures come, or save them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("camera", help="the id of the camera")
    parser.add_argument(
        "--save",
        type=Path,
        metavar="FILE",
        help="write the pictures to FILE: .mp4, or .mjpeg for a camera that sends JPEG; replaces an existing file",
    )
    parser.add_argument("--seconds", type=seconds, metavar="N", help="end after N seconds of pictures")
    parser.add_argument(
        "--quality",
        choices=QUALITIES,
        help="what to be sent: as the camera sends it, smaller, or without its masks, which needs a right and a purpose"
        " (default: auto, what the link carries; source with --save)",
    )
    parser.add_argument("--purpose", help="why, for the audit (default: command line; none for --quality unmasked)")


def seconds(text: str) -> float:
    """
    Raises:
        ValueError: argparse says which argument it was.
    """
    value = float(text)
    if not value > 0:
        raise ValueError
    return value


def wish(arguments: argparse.Namespace) -> tuple[str, str]:
    """Quality and purpose."""
    quality = arguments.quality or ("source" if arguments.save else "auto")
    # To see what masks hide takes a reason, which nobody else can give.
    return quality, arguments.purpose or ("" if quality == "unmasked" else "command line")


async def run(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    meter = Meter()
    recording = Recording(arguments.save) if arguments.save else None
    quality, purpose = wish(arguments)
    async with Watch(client, arguments.camera, purpose=purpose, quality=quality) as watch:
        try:
            async with asyncio.TaskGroup() as tasks:
                printer = tasks.create_task(_print_every_second(arguments.camera, meter, output))
                await _follow(watch, arguments, meter, recording, output)
                printer.cancel()
        except* (ClientError, OSError) as group:
            raise group.exceptions[0] from group
    if recording is not None:
        if not recording.pictures:
            raise Unavailable(f"No picture came from {arguments.camera}, so nothing was saved.")
        await output.words(f"{recording.pictures} pictures saved, the last of them in {recording.file}")


class Meter:
    """What came since it was last read."""

    def __init__(self) -> None:
        self.pictures = 0
        self.received_bytes = 0
        self.age_ms: float | None = None
        self.state = ""

    def count(self, fragment: Fragment, age_ms: float) -> None:
        self.received_bytes += len(fragment.body)
        if fragment.is_picture:
            self.pictures += 1
            self.age_ms = age_ms

    def read(self, camera: str, seconds: float) -> dict[str, object]:
        """The numbers as a JSON line, and start anew."""
        line = {
            "type": "second",
            "camera": camera,
            "state": self.state,
            "fps": round(self.pictures / seconds, 1),
            "age_ms": None if self.age_ms is None else round(self.age_ms),
            "kbit_s": round(self.received_bytes * 8 / 1000 / seconds),
        }
        self.pictures = self.received_bytes = 0
        self.age_ms = None
        return line


async def _follow(
    watch: Watch, arguments: argparse.Namespace, meter: Meter, recording: Recording | None, output: Output
) -> None:
    camera = arguments.camera
    started_ms: float | None = None
    async for seen in watch:
        match seen:
            case Fragment():
                meter.count(seen, watch.age_ms(seen))
                for chunk in recording.add(seen) if recording else ():
                    await asyncio.to_thread(_append, chunk)
                if seen.kind == Kind.GAP:
                    await output.words(f"camera {camera}: its pictures broke off")
                if seen.is_picture and arguments.seconds is not None:
                    started_ms = seen.captured_ms if started_ms is None else started_ms
                    if seen.captured_ms - started_ms >= arguments.seconds * 1000:
                        return
            case CameraState(state, since_ms, reason):
                meter.state = state
                message = {"state": state, "since_ms": since_ms, "reason": reason}
                await output.result({"type": "state", "camera": camera} | message, words.camera_state(camera, message))
            case Shown(rendition, why, sentence):
                message = {"rendition": rendition, "why": why, "message": sentence}
                await output.result({"type": "rendition", "camera": camera} | message, words.rendition(camera, message))
            case Parameters(codec, width, height):
                await output.words(f"camera {camera} sends {words.clean(codec)}, {width} × {height}")
            case Dropped(skipped):
                if recording:
                    recording.restart()
                await output.words(f"too slow: {skipped} pictures were left out")
            case Opened():
                await output.words(f"connected to the server, waiting for camera {camera}")
            case Lost():
                meter.state = ""
                if recording:
                    recording.restart()
                await output.words(words.lost(seen))


async def _print_every_second(camera: str, meter: Meter, output: Output) -> None:
    last = monotonic()
    while True:
        await asyncio.sleep(1)
        now = monotonic()
        line = meter.read(camera, now - last)
        last = now
        age = "no picture" if line["age_ms"] is None else f"{line['age_ms']} ms old"
        await output.result(line, f"{line['fps']:>5} fps  {age:>12}  {line['kbit_s']:>6} kbit/s  {meter.state}")


def _append(chunk: Chunk) -> None:
    try:
        with chunk.file.open("wb" if chunk.begins else "ab") as file:
            file.write(chunk.data)
    except OSError as error:
        raise ClientError(f"{chunk.file} cannot be written: {error.strerror}.") from error
