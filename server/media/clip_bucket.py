"""ClipBucket: the files of clips in a bucket of an S3-compatible store."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, hdrs
from yarl import URL

from server.errors import ClipUnavailable
from server.media.clip_folder import CHUNK_BYTES, checked_name
from server.media.s3_signature import NOTHING, S3Key, quoted, signed

_TIMEOUT = ClientTimeout(total=None, sock_connect=10, sock_read=60)
_OK, _PART, _NO_CONTENT, _NOT_FOUND = 200, 206, 204, 404


class ClipBucket:
    """A ``ClipStore``. An object is there whole or not at all: the store compares its SHA-256 with the signed one."""

    def __init__(self, address: str, key: S3Key, *, now_ms: Callable[[], int]) -> None:
        """
        Args:
            address: of the bucket, with its name in the path: ``https://s3.example/clips``.
        """
        url = URL(address)
        host = url.host_subcomponent or ""
        self._host = host if url.is_default_port() else f"{host}:{url.port}"
        self._origin = f"{url.scheme}://{self._host}"
        self._folder = quoted(url.path.rstrip("/"))
        self._key = key
        self._now_ms = now_ms
        self._http = ClientSession(timeout=_TIMEOUT, trust_env=False, auto_decompress=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def put(self, source: Path) -> None:
        name = checked_name(source.name)
        try:
            sha256 = await asyncio.to_thread(_sha256, source)
            file = await asyncio.to_thread(source.open, "rb")
            try:
                async with self._ask("PUT", name, body_sha256=sha256, data=file) as answer:
                    _require(answer, _OK)
            finally:
                await asyncio.to_thread(file.close)
            await asyncio.to_thread(source.unlink)
        except OSError as error:
            raise ClipUnavailable(f"The clip can't be sent to the store: {error.strerror}.") from error

    async def size(self, name: str) -> int:
        async with self._ask("HEAD", checked_name(name)) as answer:
            _require(answer, _OK)
            return answer.content_length or 0

    async def read(self, name: str, start: int, end: int) -> AsyncIterator[bytes]:
        if start >= end:
            return
        left = end - start
        async with self._ask("GET", checked_name(name), {"Range": f"bytes={start}-{end - 1}"}) as answer:
            # The status does not say which part it is: some answer 200 with one, or with the whole.
            _require(answer, _OK, _PART)
            if not answer.headers.get(hdrs.CONTENT_RANGE, f"bytes 0-{end - 1}/").startswith(f"bytes {start}-"):
                raise ClipUnavailable("The store of clips gave another part of the file than was asked for.")
            async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
                piece = chunk[:left]
                left -= len(piece)
                yield piece
        if left:
            raise ClipUnavailable("The clip ends too early.")

    async def remove(self, name: str) -> None:
        async with self._ask("DELETE", checked_name(name)) as answer:
            _require(answer, _OK, _NO_CONTENT, _NOT_FOUND)

    @asynccontextmanager
    async def _ask(
        self,
        method: str,
        name: str,
        headers: Mapping[str, str] | None = None,
        *,
        body_sha256: str = NOTHING,
        **body: Any,
    ) -> AsyncIterator[ClientResponse]:
        path = f"{self._folder}/{quoted(name)}"
        given = {"Host": self._host, **(headers or {})}
        given = signed(self._key, method, path, given, body_sha256=body_sha256, now_ms=self._now_ms())
        # What is not signed is not sent, where the library lets us: stores differ in what they make of it.
        skipped = (hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE, hdrs.USER_AGENT)
        try:
            async with self._http.request(
                method,
                URL(self._origin + path, encoded=True),
                headers=given,
                skip_auto_headers=skipped,
                allow_redirects=False,
                **body,
            ) as answer:
                yield answer
        except (ClientError, TimeoutError) as error:
            raise ClipUnavailable(f"The store of clips can't be reached ({type(error).__name__}).") from error


def _require(answer: ClientResponse, *statuses: int) -> None:
    if answer.status not in statuses:
        what = "has no such file" if answer.status == _NOT_FOUND else f"answered with status {answer.status}"
        raise ClipUnavailable(f"The store of clips {what}. Check clips.bucket, its keys and its space.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
