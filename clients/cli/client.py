"""Client: one signed-in person (or script) at a server; the requests of docs/wire.md §1, §3, §6."""

import asyncio
import json
import logging
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import aiohttp

from clients.cli.address import Address
from clients.cli.errors import ClientError, NotAllowed, NotUnderstood, Refused, SignInRequired, Unavailable, Unreachable

logger = logging.getLogger(__name__)

Json = dict[str, Any]
REQUEST_TIMEOUT_S = 15.0
PAUSES_S = (0.5, 1.0, 2.0)
_PLURALS = {"alert": "alerts", "push": "pushes", "bulletin": "bulletins"}


@dataclass(frozen=True, slots=True)
class Session:
    token: str
    person: Json
    expires_ms: int

    def __repr__(self) -> str:
        return "Session(token='…')"


class Client:
    """Makes requests with one token. Everything that changes something carries an id made here, so it is repeated when
    the answer was lost or the server says 503, and still happens once."""

    def __init__(self, address: Address, token: str = "", *, pauses_s: Sequence[float] = PAUSES_S) -> None:
        """``pauses_s``: between the attempts of a request that is repeated; as many and one more are made."""
        self._pauses_s = pauses_s
        self.address = address
        self.token = token
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()

    async def sign_in(self, username: str, password: str, device: str = "") -> Session:
        """Get a token and use it from now on.

        Raises:
            SignInRequired: the name or the password is wrong.
            Unavailable: too many failures; ``retry_after_s`` says how long to wait.
        """
        body = {"username": username, "password": password} | ({"device": device} if device else {})
        answer = await self._request("POST", "/api/session", body)
        session = Session(_text(answer, "token"), answer.get("person", {}), int(answer.get("expires_ms", 0)))
        self.token = session.token
        return session

    async def sign_out(self) -> None:
        await self._request("DELETE", "/api/session")
        self.token = ""

    async def person(self) -> Json:
        return _object(await self._request("GET", "/api/session"), "person")

    async def cameras(self) -> list[Json]:
        return _objects(await self._request("GET", "/api/cameras"), "cameras")

    async def people(self) -> list[Json]:
        return _objects(await self._request("GET", "/api/people"), "people")

    async def alerts(self) -> list[Json]:
        """Newest first, those that concern the person."""
        return _objects(await self._request("GET", "/api/alerts"), "alerts")

    async def alert(self, alert_id: str) -> Json:
        return _object(await self._request("GET", f"/api/alerts/{alert_id}"), "alert")

    async def raise_alert(self, body: Json) -> Json:
        """Raise an alert; ``body`` as in docs/wire.md §7, ``identifier`` is made when it has none."""
        body = {"identifier": str(uuid.uuid4())} | body
        return _object(await self._repeat("POST", "/api/alerts", body), "alert")

    async def push(
        self,
        cameras: Sequence[str] = (),
        *,
        to: Json,
        media: Sequence[Json] = (),
        note: str = "",
        alert_id: str | None = None,
        status: str = "Actual",
    ) -> Json:
        """Send up to 9 cameras, up to 4 photos (what ``upload`` gave) and words; ``to`` as in docs/wire.md §6.1."""
        body: Json = {"id": str(uuid.uuid4()), "cameras": list(cameras), "to": to, "note": note, "status": status}
        if media:
            body["media"] = [dict(one) for one in media]
        if alert_id is not None:
            body["alert_id"] = alert_id
        return _object(await self._repeat("POST", "/api/pushes", body), "push")

    async def recall(self, push_id: str) -> Json:
        return _object(await self._repeat("POST", f"/api/pushes/{push_id}/recall"), "push")

    async def upload(self, picture: bytes) -> Json:
        """Send a JPEG, PNG, WebP or HEIC picture; the photo that the server made of it."""
        return _object(await self._repeat("POST", "/api/media", data=picture), "media")

    async def pushes(self) -> list[Json]:
        """Newest first, those of the last 24 hours that concern the person."""
        return _objects(await self._request("GET", "/api/pushes"), "pushes")

    async def bulletins(self) -> list[Json]:
        """Newest first, the active ones that concern the person."""
        return _objects(await self._request("GET", "/api/bulletins"), "bulletins")

    async def send_bulletin(self, body: Json) -> Json:
        """Send a wanted-person bulletin; ``body`` as in docs/wire.md §6.2, ``id`` is made when it has none."""
        return _object(await self._repeat("POST", "/api/bulletins", {"id": str(uuid.uuid4())} | body), "bulletin")

    async def command(self, item: str, item_id: str, command: str, **fields: Any) -> Json:
        """Do something about an ``alert``, ``push`` or ``bulletin`` (docs/wire.md §6.3, §6.4); the item as it is then.

        Raises:
            Refused: ``conflict.revision`` or ``conflict.state`` when it has changed meanwhile.
        """
        body: Json = {"id": str(uuid.uuid4()), "command": command} | fields
        return _object(await self._repeat("POST", f"/api/{_PLURALS[item]}/{item_id}/commands", body), item)

    async def report(self, item: str, item_id: str, revision: int, stage: str, at_ms: int | None = None) -> Json:
        """Say that this device has received, shown or acknowledged an item; the receipt.

        Args:
            item: ``alert``, ``push`` or ``bulletin``.

        Raises:
            Refused: ``conflict.revision`` when there is a newer revision, ``conflict.recalled``, ``item.unknown``.
        """
        command: Json = {"id": str(uuid.uuid4()), "item": item, "item_id": item_id}
        command |= {"revision": revision, "stage": stage} | ({} if at_ms is None else {"at_ms": at_ms})
        answer = await self._repeat("POST", "/api/receipts", {"receipts": [command]})
        results = _objects(answer, "results")
        if len(results) != 1:
            raise NotUnderstood(f"The server answered {len(results)} results to one receipt.")
        if not results[0].get("ok"):
            raise _said(results[0], HTTPStatus.CONFLICT, None)
        return _object(results[0], "receipt")

    async def _repeat(self, method: str, path: str, body: Json | None = None, data: bytes | None = None) -> Json:
        """A request that is safe to repeat, a few times while the server does not answer or cannot do it."""
        for pause_s in self._pauses_s:
            try:
                return await self._request(method, path, body, data)
            except (Unreachable, Unavailable) as error:
                if isinstance(error, Unavailable) and error.retry_after_s is not None:
                    raise
                logger.info("request is repeated: %s", error)
                await asyncio.sleep(pause_s)
        return await self._request(method, path, body, data)

    async def _request(self, method: str, path: str, body: Json | None = None, data: bytes | None = None) -> Json:
        assert self._http is not None, "use `async with Client(...)`"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = self.address.http(path)
        try:
            sent: dict[str, Any] = {"json": body} if data is None else {"data": data}
            async with self._http.request(method, url, headers=headers, allow_redirects=False, **sent) as answer:
                text = await answer.text()
                retry_after = answer.headers.get("Retry-After")
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(f"No answer from {self.address.origin}: {_why(error)}.") from error
        if status == HTTPStatus.NO_CONTENT:
            return {}
        try:
            content = json.loads(text)
        except ValueError:
            content = None
        if status >= HTTPStatus.BAD_REQUEST:
            raise _said(content, status, retry_after)
        if not isinstance(content, dict):
            raise NotUnderstood(f"{self.address.origin} answered {status} with something else than a JSON object.")
        return content


def _why(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return (
                f"its certificate is not trusted ({error.certificate_error}); SSL_CERT_FILE can name your authority's"
            )
        case aiohttp.ClientConnectorSSLError():
            return "there is no TLS; it may be http://"
        case aiohttp.ClientConnectorError(os_error=OSError(errno=int(number), strerror=str(said))):
            # Those of names are negative, and no errors of the system.
            return (
                f"{os.strerror(number) if number > 0 else said}; see whether it runs, and whether that is its address"
            )
        case _:
            return str(error) or "it took too long"


def _said(content: object, status: int, retry_after: str | None) -> ClientError:
    """The error that an answer of status 4xx or 5xx, or a failed result, stands for."""
    error = content.get("error") if isinstance(content, dict) else None
    if not isinstance(error, dict):
        error = {}
    message = str(
        error.get("message") or f"The server answered {status} and did not say why; it may be none of Sightline."
    )
    code, path = str(error.get("code", "")), str(error.get("path", ""))
    if status == HTTPStatus.UNAUTHORIZED:
        return SignInRequired(message, code=code, path=path)
    if status == HTTPStatus.FORBIDDEN:
        return NotAllowed(message, code=code, path=path)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        retry_after_s = float(retry_after) if retry_after and retry_after.isdecimal() else None
        return Unavailable(message, code=code, path=path, retry_after_s=retry_after_s)
    return Refused(message, code=code, path=path)


def _text(answer: Json, key: str) -> str:
    value = answer.get(key)
    if not isinstance(value, str):
        raise NotUnderstood(f"The server's answer has no {key}.")
    return value


def _object(answer: Json, key: str) -> Json:
    value = answer.get(key)
    if not isinstance(value, dict):
        raise NotUnderstood(f"The server's answer has no {key}.")
    return value


def _objects(answer: Json, key: str) -> list[Json]:
    value = answer.get(key)
    if not isinstance(value, list):
        raise NotUnderstood(f"The server's answer has no {key}.")
    return value
