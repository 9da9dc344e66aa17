"""SimulatedCity: a city of real RTSP cameras on this machine, for the demo, for tests and for benches.

As a process of its own, ``python -m streams.cameras.simulated``, it makes the clips, then serves them until SIGTERM,
and says on stdout, one JSON object a line, how far it is.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvloop

from streams import child
from streams.cameras.clip_maker import make_all
from streams.cameras.clips import Clip, Light, Recipe
from streams.cameras.simulated_camera import SimulatedCamera
from streams.cameras.simulated_connection import SignIn, SimulatedConnection
from streams.city import City, generate
from streams.errors import SourceError, StreamsError
from streams.formats.digest import Credentials

__all__ = ["SignIn", "SimulatedCamera", "SimulatedCity", "recipes"]

logger = logging.getLogger(__name__)

PASSWORD_VARIABLE = "SIGHTLINE_CAMERA_PASSWORD"  # noqa: S105 - a name

_LIGHTS: tuple[Light, ...] = ("dusk", "day", "night")
_SHARP = {4, 9}
"""Numbers of the cameras with 1280x720 at 25 pictures a second."""


class SimulatedCity:
    """One RTSP server on loopback, with a path per camera. Use it as a context.

    Args:
        port: 0 for any free one.
        sign_in: what clients must know; None lets everybody in.
        session_timeout_s: a client that says nothing for so long is cut off.
    """

    def __init__(
        self,
        cameras: Iterable[SimulatedCamera],
        *,
        port: int = 0,
        sign_in: SignIn | None = None,
        session_timeout_s: float = 60.0,
    ) -> None:
        self.cameras = {camera.id: camera for camera in cameras}
        self.port = port
        self._sign_in = sign_in
        self._session_timeout_s = session_timeout_s
        self._server: asyncio.Server | None = None
        self._connections: set[SimulatedConnection] = set()

    def url(self, camera_id: str) -> str:
        """Without credentials."""
        return f"rtsp://127.0.0.1:{self.port}/{camera_id}"

    async def start(self) -> None:
        """Listen; also again, on the same port, after ``kill``.

        Raises:
            SourceError: the port is in use.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._connection, "127.0.0.1", self.port)
        except OSError as error:
            raise SourceError(
                f"the simulated cameras can't listen on 127.0.0.1:{self.port}: {error.strerror}"
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def kill(self) -> None:
        """Close the port and cut every connection, without a word."""
        if self._server is not None:
            self._server.close()
            for connection in list(self._connections):
                connection.abort()
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.kill()

    def _connection(self) -> SimulatedConnection:
        return SimulatedConnection(
            self.cameras,
            sign_in=self._sign_in,
            session_timeout_s=self._session_timeout_s,
            connections=self._connections,
        )


def recipes(city: City) -> list[Recipe]:
    """What each camera of a city shows, in the order of their numbers: each its own street and light."""
    return [
        Recipe(
            title=f"{post.number:02}   {post.name}",
            seed=city.seed * 100 + post.number,
            light=_LIGHTS[post.number % len(_LIGHTS)],
            **(
                {"width": 1280, "height": 720, "fps": 25, "max_bitrate_bps": 2_500_000} if post.number in _SHARP else {}
            ),
        )
        for post in city.posts
    ]


async def serve(*, folder: Path, port: int, seed: int, sign_in: SignIn | None) -> None:
    """Make what is missing in the folder, then play until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    city = generate(seed)
    making = asyncio.create_task(make_all(recipes(city), folder, on_progress=_say_progress))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((making, stopping), return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            return
        clips = await asyncio.to_thread(lambda: [Clip.open(path) for path in making.result()])
        cameras = [SimulatedCamera(post.id, clip) for post, clip in zip(city.posts, clips, strict=True)]
        async with SimulatedCity(cameras, port=port, sign_in=sign_in) as server:
            _say(ready=True, port=server.port, cameras={camera.id: server.url(camera.id) for camera in cameras})
            await stopping
    finally:
        for task in (making, stopping):
            task.cancel()
        await asyncio.gather(making, stopping, return_exceptions=True)


def _say_progress(done: int, of: int) -> None:
    _say(progress=f"drawing the streets of the simulated cameras: {done} of {of}")


def _say(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m streams.cameras.simulated",
        description="A city of simulated RTSP cameras on loopback. Progress comes on stdout, one JSON object a line: "
        '{"progress": "…"}, then {"ready": true, "port": 8554, "cameras": {"id": "url"}}. When it can not start it '
        "says why on stderr and ends with code 1. SIGTERM stops it.",
    )
    parser.add_argument("--folder", type=Path, required=True, help="where the clips are kept; about 25 MB")
    parser.add_argument("--port", type=int, default=8554, help="0 for any free one; default %(default)s")
    parser.add_argument("--seed", type=int, default=7, help="which city; default %(default)s")
    parser.add_argument(
        "--username", default="", help=f"ask for Digest sign-in, with the password in {PASSWORD_VARIABLE}"
    )
    parser.add_argument("--parent", type=int, metavar="PID", help="the process that started this one: end when it ends")
    options = parser.parse_args(arguments)
    if options.parent is not None:
        child.die_with_parent(options.parent, grace_s=3.0)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    sign_in = None
    if options.username:
        sign_in = SignIn(Credentials(options.username, os.environ.get(PASSWORD_VARIABLE, "")))
    try:
        uvloop.run(serve(folder=options.folder, port=options.port, seed=options.seed, sign_in=sign_in))
    except StreamsError as error:
        logger.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
