"""Product: all of Sightline as `sightline up` starts it, with a configuration and data of its own."""

import asyncio
import json
import os
import signal
import uuid
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientSession, ClientTimeout

from tests.browser.running import Running
from tests.free_port import free_port

PASSWORD = "browser-tests"
PASSWORD_VARIABLE = "SIGHTLINE_TEST_PASSWORD"
PEOPLE = (
    ("operator", "Dana Ortiz", "operator", ""),
    ("officer-7", "M. Okafor", "officer", "7"),
    ("officer-12", "A. Reyes", "officer", "12"),
    ("dispatcher", "Lee Brandt", "dispatcher", ""),
    # Nobody signs in with this one but the test of wrong passwords.
    ("visitor", "V. Isitor", "operator", ""),
    ("supervisor", "S. Upton", "operator", ""),
)
MAY_LIFT_MASKS = "supervisor"


@dataclass(frozen=True, slots=True)
class Post:
    """A camera of the configuration."""

    id: str
    number: int
    name: str
    url: str
    lat: float
    lon: float
    heading_deg: float = 0.0
    masks: str = ""
    """As in the configuration; empty: none."""


class Product:
    """Runs as a context. ``address`` is what to type into a browser."""

    def __init__(self, folder: Path, posts: Sequence[Post], *, city: Mapping[str, Any]) -> None:
        self._folder = folder
        self._posts = posts
        self._city = city
        self._tokens: dict[str, str] = {}
        self._stack = AsyncExitStack()
        self.address = f"http://127.0.0.1:{free_port()}"

    async def __aenter__(self) -> Self:
        file = await asyncio.to_thread(self._write_configuration)
        command = Running("up", "--config", str(file), environ={PASSWORD_VARIABLE: PASSWORD})
        await self._stack.enter_async_context(command)
        self._http = await self._stack.enter_async_context(ClientSession(timeout=ClientTimeout(total=10)))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def post(self, camera: str) -> Post:
        return next(post for post in self._posts if post.id == camera)

    async def raise_alert(self, **fields: Any) -> dict[str, Any]:
        """An alert by hand, in the operator's name; ``identifier`` and ``event`` are needed."""
        alert: dict[str, Any] = (await self._call("POST", "/api/alerts", fields))["alert"]
        return alert

    async def push(self, camera: str, person: str, identifier: str) -> dict[str, Any]:
        body = {"id": identifier, "cameras": [camera], "to": {"people": [person]}, "note": ""}
        push: dict[str, Any] = (await self._call("POST", "/api/pushes", body))["push"]
        return push

    async def command(self, alert_id: str, **fields: Any) -> None:
        """What the operator does about an alert (docs/wire.md §6.3)."""
        await self._call("POST", f"/api/alerts/{alert_id}/commands", {"id": uuid.uuid4().hex, **fields})

    async def recall(self, push_id: str) -> None:
        await self._call("POST", f"/api/pushes/{push_id}/recall", None)

    async def receipts_about(self, item_id: str, stage: str) -> int:
        """How often the log says that this item reached this stage, read from its first entry on."""
        headers = {"Authorization": f"Bearer {await self._token('operator')}"}
        found = 0
        async with self._http.ws_connect(self.address + "/ws/events", headers=headers) as socket:
            hello = await socket.receive_json(timeout=10)
            await socket.send_json({"type": "resume", "installation": hello["installation"], "position": 0})
            last = (await socket.receive_json(timeout=10))["to"]
            position = 0
            while position < last:
                message = await socket.receive_json(timeout=10)
                position = message.get("position", position)
                for receipt in message.get("receipts", ()):
                    found += (receipt["item_id"], receipt["stage"]) == (item_id, stage)
        return found

    async def kill_server(self) -> None:
        """As a crash would end it: its launcher is expected to start another."""
        ps = await asyncio.create_subprocess_exec("ps", "-A", "-o", "pid=,args=", "-ww", stdout=PIPE)
        listing, _ = await ps.communicate()
        ours = [line.split(None, 1) for line in listing.decode().splitlines() if str(self._folder) in line]
        pids = [int(pid) for pid, command in ours if "-m server server" in command]
        assert pids, "no server process was found"
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    async def _call(self, method: str, path: str, body: Any, *, person: str = "operator") -> Any:
        headers = {"Authorization": f"Bearer {await self._token(person)}"}
        async with self._http.request(method, self.address + path, json=body, headers=headers) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def _token(self, person: str) -> str:
        if person not in self._tokens:
            who = {"username": person, "password": PASSWORD, "device": f"test-{person}"}
            async with self._http.post(self.address + "/api/session", json=who) as answer:
                assert answer.status == 201, await answer.text()
                self._tokens[person] = (await answer.json())["token"]
        return self._tokens[person]

    def _write_configuration(self) -> Path:
        lines = [
            f"data_folder = {json.dumps(str(self._folder / 'data'))}",
            'city_file = "city.geojson"',
            f"\n[web]\nport = {self.address.rsplit(':', 1)[1]}",
            '\n[notify]\ncontact = "mailto:tests@city.example"',
            "\n[clips]\nrecord_alerts = false\nkeep_free_gib = 0",
        ]
        for person, name, role, unit in PEOPLE:
            lines.append(
                f'\n[[person]]\nid = "{person}"\nname = "{name}"\nrole = "{role}"\npassword_env = "{PASSWORD_VARIABLE}"'
            )
            lines += [f'unit = "{unit}"'] if unit else []
            lines += ['rights = ["lift_masks"]'] if person == MAY_LIFT_MASKS else []
        for post in self._posts:
            lines.append(
                f'\n[[camera]]\nid = "{post.id}"\nnumber = {post.number}\nname = "{post.name}"\nurl = "{post.url}"\n'
                f"lat = {post.lat}\nlon = {post.lon}\nheading_deg = {post.heading_deg}\nfov_deg = 60"
            )
            lines += [f"masks = {post.masks}"] if post.masks else []
        (self._folder / "city.geojson").write_text(json.dumps(self._city))
        file = self._folder / "sightline.toml"
        file.write_text("\n".join(lines) + "\n")
        return file
