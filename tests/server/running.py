"""A whole server in the test's own loop: real HTTP, real SQLite, real Valkey; and clients to talk to it."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientSession
from argon2 import PasswordHasher
from websockets.asyncio.client import ClientConnection, connect
from yarl import URL

from server.app import serve
from server.config import Config, DatabaseConfig, SourceConfig, WebConfig
from server.people_config import PersonConfig
from server.web.services import Services
from streams.config import BusConfig, CameraConfig, StreamsConfig

PASSWORD = "correct horse"
# Cheap on purpose: what passwords cost is tested where they are made.
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ....").decode()
OTHER_SECRET = "whsec_" + base64.b64encode(b"another secret of thirty-two by..").decode()
PATH_SECRET = "no-signature-but-a-secret-path"

PEOPLE = tuple(
    PersonConfig(person, name, role, unit, PASSWORD_HASH)
    for person, name, role, unit in (
        ("operator", "M. Ortiz", "operator", ""),
        ("dispatcher", "D. Lee", "dispatcher", ""),
        ("admin", "A. Min", "admin", ""),
        ("officer-12", "A. Reyes", "officer", "12"),
        ("officer-7", "C. Okafor", "officer", "7"),
    )
)
CAMERAS = (
    CameraConfig("main-4th", 4, "Main St / 4th Ave", "rtsp://127.0.0.1/a", lat=41.76, lon=-72.67, district="Downtown"),
    CameraConfig("harbor", 5, "Harbor Gate", "rtsp://127.0.0.1/b"),
)
SOURCES = (
    SourceConfig("cad", "alerts", secret=SECRET),
    SourceConfig("shots", "gunshot", secret=OTHER_SECRET, timezone="America/New_York"),
    SourceConfig("old-shots", "gunshot", path_secret=PATH_SECRET, allow=("127.0.0.0/8",)),
)


def a_config(folder: Path, bus_url: str, **changes: Any) -> Config:
    config = Config(
        data_folder=folder,
        streams=StreamsConfig(CAMERAS, BusConfig(bus_url), folder),
        web=WebConfig(port=0),
        database=DatabaseConfig(f"sqlite:///{folder}/log.db"),
        sources=SOURCES,
        people=PEOPLE,
    )
    return replace(config, **changes)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """Of the error that it is."""
        return str(self.json["error"]["code"])


class Client:
    """Somebody who talks to the server, with a bearer token once signed in."""

    def __init__(self, http: ClientSession, address: str) -> None:
        self.http = http
        self.address = address
        self.token = ""
        self.headers: dict[str, str] = {}

    async def request(self, method: str, path: str, **options: Any) -> Answer:
        headers = {**self.headers, **options.pop("headers", {})}
        async with self.http.request(
            method, URL(self.address + path, encoded=True), headers=headers, allow_redirects=False, **options
        ) as response:
            return Answer(response.status, dict(response.headers), await response.text())

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.request("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return await self.request("POST", path, json=body, **options)

    async def sign_in(self, username: str, device: str = "") -> Self:
        body = {"username": username, "password": PASSWORD, "device": device or f"device-of-{username}"}
        answer = await self.post("/api/session", body)
        assert answer.status == 201, answer
        self.token = answer.json["token"]
        self.headers = {"Authorization": f"Bearer {self.token}"}
        return self

    async def intake(self, body: bytes, path: str = "/intake/alerts", **signing: Any) -> Answer:
        headers = signed(body, **signing)
        return await self.request("POST", path, data=body, headers=headers)

    def connect(self, path: str, **options: Any) -> connect:
        headers = {**self.headers, **options.pop("headers", {})}
        address = self.address.replace("http", "ws", 1) + path
        return connect(address, additional_headers=headers, compression=None, max_size=None, proxy=None, **options)

    @asynccontextmanager
    async def events(self) -> AsyncIterator["Talk"]:
        async with self.connect("/ws/events") as connection:
            yield Talk(connection)

    @asynccontextmanager
    async def video(self) -> AsyncIterator["Talk"]:
        async with self.connect("/ws/video") as connection:
            yield Talk(connection)


def signed(
    body: bytes, *, secret: str = SECRET, off_s: float = 0, message_id: str = "msg-1", signature: str = ""
) -> dict[str, str]:
    """The headers of Standard Webhooks, made by hand from docs/wire.md §7."""
    timestamp = str(int(time.time() + off_s))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature or f"v1,{base64.b64encode(digest).decode()}",
        "Content-Type": "application/octet-stream",
    }


@dataclass
class Talk:
    """One WebSocket connection; what was heard is kept."""

    connection: ClientConnection
    heard: list[Any] = field(default_factory=list)
    """JSON values, and bytes."""

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def next(self, timeout_s: float = 10) -> Any:
        async with asyncio.timeout(timeout_s):
            data = await self.connection.recv()
        self.heard.append(data if isinstance(data, bytes) else json.loads(data))
        return self.heard[-1]

    async def until(self, kind: str, timeout_s: float = 10, **fields: Any) -> Any:
        """The next message of this type that has these fields."""
        async with asyncio.timeout(timeout_s):
            while True:
                message = await self.next(timeout_s)
                if isinstance(message, dict) and message["type"] == kind and fields.items() <= message.items():
                    return message

    async def binary(self, timeout_s: float = 10) -> bytes:
        """The next binary message."""
        async with asyncio.timeout(timeout_s):
            while True:
                message = await self.next(timeout_s)
                if isinstance(message, bytes):
                    return message

    async def closed(self, timeout_s: float = 10) -> tuple[int | None, str]:
        """Wait until the other side has closed; its code and reason."""
        async with asyncio.timeout(timeout_s):
            await self.connection.wait_closed()
        return self.connection.close_code, self.connection.close_reason or ""


@dataclass
class Running:
    address: str
    services: Services
    config: Config
    http: ClientSession
    task: asyncio.Task[None]
    _stop: asyncio.Event

    def client(self) -> Client:
        return Client(self.http, self.address)

    async def signed_in(self, username: str, device: str = "") -> Client:
        return await self.client().sign_in(username, device)

    async def stop(self) -> None:
        self._stop.set()
        async with asyncio.timeout(15):
            await self.task


@asynccontextmanager
async def running(config: Config, **options: Any) -> AsyncIterator[Running]:
    """Start a server and stop it in the end."""
    stop = asyncio.Event()
    ready: asyncio.Future[tuple[str, Services]] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(config, stop=stop, on_ready=lambda *facts: ready.set_result(facts), **options))
    async with AsyncExitStack() as stack:
        waiting: set[asyncio.Future[Any]] = {task, ready}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        http = await stack.enter_async_context(ClientSession())
        server = Running(*await ready, config, http, task, stop)
        try:
            yield server
        finally:
            await server.stop()


async def gather_positions(talk: Talk, last: int) -> Sequence[int]:
    """The positions of entries that are heard, up to and with ``last``."""
    positions: list[int] = []
    while not positions or positions[-1] < last:
        positions.append((await talk.until("entry"))["position"])
    return positions
