"""Everything on one machine: the launcher holds nothing itself, it starts the parts and keeps them running."""

import asyncio
import contextlib
import errno
import fcntl
import os
import secrets
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from server.config import OVERRIDES, Config, WebConfig
from server.part import READY_TIMEOUT_S, Part
from server.terminal import Terminal
from streams.errors import ConfigError
from streams.valkey import EmbeddedValkey


@dataclass(frozen=True, slots=True)
class Command:
    """What a part runs: the arguments of this Python."""

    name: str
    arguments: tuple[str, ...]
    ready_timeout_s: float = READY_TIMEOUT_S


async def up(
    file: Path,
    config: Config,
    *,
    environ: Mapping[str, str],
    terminal: Terminal,
    extras: Sequence[Command] = (),
    greeting: Sequence[str] = (),
    on_ready: Callable[[], object] = lambda: None,
) -> None:
    """Run all parts until SIGTERM, SIGHUP or Ctrl-C, then stop them: first the server, Valkey last.

    Args:
        file: the configuration, for the parts to read it too.
        extras: more parts, for the demo.
        greeting: lines to be said when everything is ready.
        on_ready: called then.

    Raises:
        ConfigError: the port is taken.
        BusError: the embedded Valkey does not start.
        PartFailed: a part did not become ready; the others are stopped again.
    """
    web = replace(config.web, port=require_free(config.web))
    async with AsyncExitStack() as valkeys:
        environ = {
            **environ,
            OVERRIDES["data_folder"]: str(config.data_folder),
            OVERRIDES["web.port"]: str(web.port),
        }
        if not config.streams.bus.url:
            valkey = await valkeys.enter_async_context(EmbeddedValkey(config.data_folder))
            environ[OVERRIDES["bus.url"]] = valkey.url
            terminal.step("valkey", "is ready")
        await run_parts(
            (
                *extras,
                *_streams(config.streams.intake.processes, file),
                *_servers(_sharing(web, terminal), file),
            ),
            environ=environ,
            terminal=terminal,
            greeting=(f"Sightline is ready: {address(web)}", *greeting),
            on_ready=on_ready,
        )


def _streams(processes: int, file: Path) -> Iterator[Command]:
    """One that is started again under its name has the cameras that it had, and nobody else's move."""
    launch = secrets.token_hex(4)
    for number in range(1, processes + 1):
        name = "streams" if processes == 1 else f"streams {number}"
        yield Command(name, ("-m", "streams", "--config", str(file), "--name", f"{launch}-{number}"))


def _servers(processes: int, file: Path) -> Iterator[Command]:
    for number in range(1, processes + 1):
        name = "server" if processes == 1 else f"server {number}"
        yield Command(name, ("-m", "server", "server", "--config", str(file)))


def _sharing(web: WebConfig, terminal: Terminal) -> int:
    """How many servers can share the port."""
    if web.processes > 1 and not hasattr(socket, "SO_REUSEPORT"):
        terminal.say("web.processes: this system lets no processes share a port (SO_REUSEPORT); starting one server.")
        return 1
    return web.processes


async def run_parts(
    commands: Sequence[Command],
    *,
    environ: Mapping[str, str],
    terminal: Terminal,
    greeting: Sequence[str] = (),
    on_ready: Callable[[], object] = lambda: None,
) -> None:
    """Start the parts together, keep them running until a signal comes, stop them one by one, the last one first.

    Raises:
        PartFailed: as ``up``.
    """
    stop = _stop_event()
    async with AsyncExitStack() as running:
        parts = [
            await running.enter_async_context(
                Part(
                    command.name,
                    command.arguments,
                    environ=environ,
                    terminal=terminal,
                    ready_timeout_s=command.ready_timeout_s,
                )
            )
            for command in commands
        ]
        if await _until_ready(parts, stop):
            terminal.say()
            for line in (*greeting, "Ctrl-C stops it."):
                terminal.say(line)
            on_ready()
            await stop.wait()
        terminal.say("Stopping …")
    terminal.say("Stopped.")


def address(web: WebConfig) -> str:
    """What to type into a browser."""
    if web.public_origin:
        return web.public_origin
    host = f"[{web.host}]" if ":" in web.host else web.host
    return f"{'https' if web.tls_certificate else 'http'}://{host}:{web.port}"


def require_free(web: WebConfig) -> int:
    """Say it in one sentence, before anything is started, when the port is taken.

    Returns:
        The port; for port 0 one that is free now.

    Raises:
        ConfigError: it is taken, or the host is none of this machine's addresses.
    """
    try:
        found = socket.getaddrinfo(web.host, web.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise ConfigError(f"web.host: {web.host} cannot be resolved: {error.strerror}") from None
    port = web.port
    for family, kind, protocol, _, where in found:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(where)
            except OSError as error:
                raise _not_free(web, error) from None
            port = probe.getsockname()[1]
    return port


def _not_free(web: WebConfig, error: OSError) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        return ConfigError(
            f"Port {web.port} on {web.host} is in use by another program; "
            "choose another one with --port, SIGHTLINE_PORT or web.port in the configuration."
        )
    return ConfigError(f"web.host: cannot listen on {web.host} port {web.port}: {error.strerror}")


async def _until_ready(parts: Sequence[Part], stop: asyncio.Event) -> bool:
    """Wait for all of them; False when the person has lost patience."""
    everybody = asyncio.gather(*(part.ready() for part in parts))
    stopped = asyncio.create_task(stop.wait())
    stopped.add_done_callback(lambda _: everybody.cancel())
    try:
        await everybody
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
    finally:
        stopped.cancel()
    return not stop.is_set()


def _stop_event() -> asyncio.Event:
    """Set at the first signal; the second one ends this process at once, and with it its children."""
    stop = asyncio.Event()

    def asked() -> None:
        if stop.is_set():
            os._exit(130)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, asked)
    return stop


@contextlib.contextmanager
def alone(data_folder: Path) -> Iterator[None]:
    """Two launchers on one data folder would write over each other's files.

    Raises:
        ConfigError: there is another one, or the folder can't be written.
    """
    try:
        data_folder.mkdir(parents=True, exist_ok=True)
        lock = (data_folder / ".lock").open("w")
    except OSError as error:
        raise ConfigError(f"data_folder: cannot write to {data_folder}: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(
                f"data_folder: another Sightline is running on {data_folder}; stop it, or choose another data_folder."
            ) from None
        yield
