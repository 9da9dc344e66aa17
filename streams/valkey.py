"""EmbeddedValkey: a private Valkey (or Redis) server for one machine, on a unix socket, kept running.

It holds nothing that must survive: fragments and wake-ups in flight. So nothing is saved, and when it dies an empty one
takes its place.
"""

import asyncio
import contextlib
import fcntl
import hashlib
import logging
import os
import shutil
import stat
import subprocess
import tempfile
from asyncio.subprocess import Process
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from streams import child
from streams.errors import BusError
from streams.valkey_program import Program, find_program

logger = logging.getLogger(__name__)

START_TIMEOUT_S = 10.0
PING_EVERY_S = 2.0
FROZEN_AFTER_S = 10.0
RETRY_FIRST_S = 0.1
RETRY_MOST_S = 5.0
GOOD_RUN_S = 30.0
MAX_LOG_BYTES = 1024 * 1024
MAX_SOCKET_PATH_BYTES = 100
"""``sockaddr_un`` has 104 bytes on macOS, 108 on Linux."""


class EmbeddedValkey:
    """Runs the server in ``folder`` until left or cancelled; restarts it when it dies or freezes.

        async with EmbeddedValkey(folder) as valkey:
            ... valkey.url ...

    One at a time per folder. The server dies with this process, even when that is killed with SIGKILL.
    """

    def __init__(self, folder: Path) -> None:
        self.restarts = 0
        self._folder = folder
        self._program: Program | None = None
        self._socket: Path | None = None
        self._lock_file = -1
        self._process: Process | None = None
        self._keeper: asyncio.Task[NoReturn] | None = None

    @property
    def url(self) -> str:
        """For ``streams.bus``; the same through every restart."""
        assert self._socket is not None, "has a URL once it is started"
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int | None:
        """Of the server; None while it is not running."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def __aenter__(self) -> Self:
        await self.start()
        self._keeper = asyncio.create_task(self.run(), name="embedded valkey")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._keeper is not None, "set on entering"
        self._keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._keeper
        # Cancelled before its first step, the keeper has stopped nothing.
        await self._stop()

    async def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            BusError: there is no server to run, it does not start, or another process runs one in this folder.
        """
        self._program = await asyncio.to_thread(find_program)
        self._socket = await asyncio.to_thread(self._prepare)
        try:
            await self._launch()
        except BaseException:
            await self._stop()
            raise

    async def run(self) -> NoReturn:
        """Keep it running until cancelled; then stop it."""
        delay_s = RETRY_FIRST_S
        loop = asyncio.get_running_loop()
        try:
            if self._program is None:
                await self.start()
            while True:
                started_at = loop.time()
                how = await self._watch()
                if loop.time() - started_at > GOOD_RUN_S:
                    delay_s = RETRY_FIRST_S
                logger.warning("embedded valkey %s; starting it again", how)
                while True:
                    await asyncio.sleep(delay_s)
                    delay_s = min(2 * delay_s, RETRY_MOST_S)
                    try:
                        await self._launch()
                    except BusError as error:
                        logger.warning("embedded valkey not started: %s", error)
                    else:
                        break
                self.restarts += 1
        finally:
            await self._stop()

    def _prepare(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        folder = self._folder.resolve()
        lock_file = os.open(folder / "valkey.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # Ends with this process, however that ends.
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(lock_file, 20).decode(errors="replace").strip()
            os.close(lock_file)
            raise BusError(
                f"Process {holder or '?'} already runs a Valkey server in {folder}. "
                "Stop it, or use another data_folder, or set bus.url."
            ) from None
        os.ftruncate(lock_file, 0)
        os.write(lock_file, b"%d\n" % os.getpid())
        self._lock_file = lock_file
        return _socket_folder(folder) / "valkey.sock"

    async def _launch(self) -> None:
        assert self._program is not None, "found"
        assert self._socket is not None, "prepared"
        log = await asyncio.to_thread(self._open_log)
        try:
            # A session of its own: Ctrl-C at the terminal must not reach it before it reaches those who use it.
            process = await asyncio.create_subprocess_exec(
                *child.command(self._program.command(self._socket)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"LC_ALL": "C"},
                start_new_session=True,
            )
        finally:
            os.close(log)
        self._process = process
        exited = asyncio.create_task(process.wait())
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while not await self._answers():
                    if exited.done():
                        words = await asyncio.to_thread(self._last_words)
                        raise BusError(f"{self._program.path} ended with code {exited.result()} at its start: {words}")
                    await asyncio.wait([exited], timeout=0.01)
        except TimeoutError:
            await self._kill()
            raise BusError(
                f"{self._program.path} does not answer at {self._socket} within {START_TIMEOUT_S:g} s."
            ) from None
        finally:
            exited.cancel()

    async def _watch(self) -> str:
        """Return, in words, how it ended."""
        process = self._process
        assert process is not None, "launched"
        loop = asyncio.get_running_loop()
        answered_at = loop.time()
        while True:
            try:
                async with asyncio.timeout(PING_EVERY_S):
                    return f"ended with code {await process.wait()}"
            except TimeoutError:
                if await self._answers():
                    answered_at = loop.time()
                elif loop.time() - answered_at > FROZEN_AFTER_S:
                    await self._kill()
                    return f"gave no answer for {FROZEN_AFTER_S:g} s"

    async def _answers(self) -> bool:
        writer = None
        try:
            async with asyncio.timeout(PING_EVERY_S):
                reader, writer = await asyncio.open_unix_connection(str(self._socket))
                writer.write(b"*1\r\n$4\r\nPING\r\n")
                return await reader.readline() == b"+PONG\r\n"
        except (OSError, TimeoutError):
            return False
        finally:
            if writer is not None:
                writer.transport.abort()

    async def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _stop(self) -> None:
        # Not SIGTERM, which it looks at ten times a second: there is nothing that it could save.
        await self._kill()
        await asyncio.to_thread(self._tidy)

    def _tidy(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.unlink(missing_ok=True)
            if self._socket.parent != self._folder.resolve():
                shutil.rmtree(self._socket.parent, ignore_errors=True)
        if self._lock_file >= 0:
            os.close(self._lock_file)
            self._lock_file = -1
        self._program = None

    def _open_log(self) -> int:
        path = self._folder / "valkey.log"
        is_long = path.exists() and path.stat().st_size > MAX_LOG_BYTES
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if is_long else 0), 0o600)

    def _last_words(self) -> str:
        lines = (self._folder / "valkey.log").read_text(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def _socket_folder(folder: Path) -> Path:
    """``folder``, or a private one of ours under the temporary folder when its path is too long for a socket."""
    if len(os.fsencode(folder / "valkey.sock")) <= MAX_SOCKET_PATH_BYTES:
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"sightline-{os.getuid()}-{digest}"
    with contextlib.suppress(FileExistsError):
        short.mkdir(mode=0o700)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise BusError(f"{short} is not a private folder of this user; remove it, or use a shorter data_folder.")
    return short
