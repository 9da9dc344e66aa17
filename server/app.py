"""The server process: puts its parts together, owns their tasks, and stops them in order."""

import asyncio
import errno
import gc
import json
import logging
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import uvloop
from aiohttp import web

from server import composition
from server.auth import accounts
from server.auth.passwords import Passwords
from server.auth.sessions import Sessions
from server.config import Config, WebConfig
from server.errors import LogUnavailable
from server.store.db import Database
from server.web import routes
from server.web.origins import own_origins
from server.web.pages import Pages
from server.web.services import Services, wall_ms
from streams.bus import channels
from streams.bus.wakeups import Wakeups
from streams.errors import ConfigError

logger = logging.getLogger(__name__)

BACKLOG = 1024
BUS_WAIT_S = 3.0
"""Without the bus we start all the same, a little later."""
GOODBYE_S = 2.5
HTTP_STOP_S = 3.0
_EMPTY_CITY = b'{"type": "FeatureCollection", "features": []}'

OnReady = Callable[[str, Services], None]
"""Is given the address, and what the doors are made of."""


def run(config: Config) -> int:
    """Serve until SIGTERM or SIGINT. The exit code: 1 when it could not start, with a sentence on stderr."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_until_signal(config))
    except (ConfigError, LogUnavailable) as error:
        sys.stderr.write(f"sightline: {error}\n")
        return 1
    return 0


async def _until_signal(config: Config) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(config, stop=stop, on_ready=say_ready)


def say_ready(address: str, _services: Services) -> None:
    """The ready line, for whoever started us."""
    # What is here now stays: the collector need not look through it each time, in the middle of pictures.
    gc.collect()
    gc.freeze()
    sys.stdout.write(json.dumps({"ready": "server", "address": address}) + "\n")
    sys.stdout.flush()


async def serve(config: Config, *, stop: asyncio.Event, on_ready: OnReady, pages: Pages | None = None) -> None:
    """Serve until ``stop`` is set.

    Args:
        on_ready: called once, when requests are answered.

    Raises:
        ConfigError: the port is taken, or something the configuration names can't be used.
        LogUnavailable: the database can't be reached.
    """
    if not config.streams.bus.url:
        raise ConfigError("bus.url: is missing; a server alone needs the address of the bus that streams uses too")
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(await asyncio.to_thread(_listen, config.web))
        city = await asyncio.to_thread(_read_city, config.city_file)
        tls = await asyncio.to_thread(_tls, config.web)
        db = await Database.open(config.database.url)
        stack.push_async_callback(db.close)
        passwords = Passwords()
        stack.callback(passwords.close)
        await accounts.seed(db, passwords, composition.accounts_of(config), now_ms=wall_ms())
        wakeups = Wakeups(config.streams.bus.url)
        stack.push_async_callback(wakeups.close)
        port = listener.getsockname()[1]
        services = await composition.services(config, db, Sessions(db, passwords), wakeups, city, stack, port)
        app = routes.application(services, routes.table(pages or Pages()), own_origins(config.web, port))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=HTTP_STOP_S, handle_signals=False)
        await runner.setup()
        async with asyncio.TaskGroup() as group:
            lanes = [group.create_task(part, name=name) for name, part in _parts(services).items()]
            with suppress(TimeoutError):
                async with asyncio.timeout(BUS_WAIT_S):
                    await wakeups.subscribed.wait()
            site = web.SockSite(runner, listener, ssl_context=tls, backlog=BACKLOG)
            await site.start()
            on_ready(composition.address(config.web, port), services)
            await stop.wait()
            await _stop(services, site, runner)
            for lane in lanes:
                lane.cancel()
    logger.info("stopped")


def _parts(services: Services) -> dict[str, Coroutine[Any, Any, None]]:
    """What goes on until the server stops, by a name for each."""
    on_message = {
        channels.LOG: services.log.on_log,
        channels.STATES: services.board.on_states,
        channels.STREAMS: services.video.rooms.on_streams,
        channels.ONLINE: services.alerts.online.on_online,
        channels.DEVICES: services.alerts.devices.on_devices,
        channels.POSITIONS: services.alerts.positions.on_positions,
        channels.POLICIES: services.policies.on_policies,
    }
    parts = {
        "wake-ups": services.wakeups.run(on_message, on_reconnect=services.log.wake),
        "log": services.log.run(),
        "alerts": services.alerts.run(),
        "policies": services.policies.run(),
        "roster": services.roster.run(),
        "escalator": services.escalator.run(),
        "expiry": services.expiry.run(),
        "janitor": services.janitor.run(),
        "recorder": services.recorder.run(),
        "probe": services.probe.run(),
        "sources": services.source_watch.run(),
        "video": services.video.run(),
        "looks": services.looks.run(),
        "cameras": services.board.run(),
        "picture checks": services.picture_checks.run(),
        "camera watch": services.camera_watch.run(),
        "admission": services.admission.run(),
    }
    return parts | ({"bell": services.bell.run()} if services.bell else {})


async def _stop(services: Services, site: web.SockSite, runner: web.AppRunner) -> None:
    """Sockets first, so that clients go elsewhere at once; then requests; then what they have left to be written."""
    await site.stop()
    services.alerts.close_all()
    services.video.close_all()
    with suppress(TimeoutError):
        async with asyncio.timeout(GOODBYE_S):
            await services.admission.empty.wait()
    await runner.cleanup()
    await services.looks.close()
    await services.camera_watch.close()


def _listen(config: WebConfig) -> socket.socket:
    try:
        family, _, _, _, where = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0]
        is_shared = config.processes > 1 and hasattr(socket, "SO_REUSEPORT")
        return socket.create_server(where[:2], family=family, backlog=BACKLOG, reuse_port=is_shared)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                f"Port {config.port} on {config.host} is in use by another program; "
                "choose another one with web.port or SIGHTLINE_PORT."
            ) from None
        raise ConfigError(f"web.host: cannot listen on {config.host} port {config.port}: {error.strerror}") from None


def _tls(config: WebConfig) -> ssl.SSLContext | None:
    if config.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # Without a password it would ask for one on the terminal, and wait.
        context.load_cert_chain(config.tls_certificate, config.tls_key, password="")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"web.tls_certificate: {config.tls_certificate} cannot be used with {config.tls_key}: "
            f"{error.strerror or error}. Expected a certificate and its key in PEM, the key without a password."
        ) from None
    return context


def _read_city(path: Path | None) -> bytes:
    if path is None:
        return _EMPTY_CITY
    try:
        body = path.read_bytes()
        json.loads(body)
    except OSError as error:
        raise ConfigError(f"city_file: {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"city_file: {path} is no GeoJSON: {error}") from None
    return body
