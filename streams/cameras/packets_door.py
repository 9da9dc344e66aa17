"""Doors: what a packets worker may open, one file or one web server. FFmpeg asks here, also for what a playlist names.

Runs in the worker: blocks.
"""

import io
import math
import ssl
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, urlsplit
from urllib.request import (
    HTTPBasicAuthHandler,
    HTTPDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from streams.cameras.certificates import client_tls
from streams.cameras.reader import USER_AGENT
from streams.errors import SourceEnded, SourceError, SourceRefused, SourceSilent, SourceUnreachable

_TIMEOUT_S = 5.0
_MAX_BYTES = 256 * 1024 * 1024
"""Of one answer. Live segments have a few megabytes."""
_MAX_FAILURES = 5
"""In a row: live segments vanish before they are fetched, and the next one is there."""
_WRITE = 2  # AVIO_FLAG_WRITE


class Door(Protocol):
    """Opens what FFmpeg asks for (``io_open`` of PyAV)."""

    failure: SourceError | None
    """Why the last thing could not be opened, None when it was: FFmpeg itself only says that it could not."""

    def __call__(self, url: str, flags: int, options: Mapping[str, str]) -> Any: ...


class FileDoor:
    def __init__(self, path: Path) -> None:
        self.failure: SourceError | None = None
        self._path = path

    def __call__(self, url: str, flags: int, options: Mapping[str, str]) -> io.FileIO:
        if url != str(self._path) or flags & _WRITE:
            self.failure = SourceRefused("The file points to another file or address, which is not opened.")
            raise self.failure
        return io.FileIO(self._path)


class WebDoor:
    """Fetches from one scheme, host and port, with one user name and password."""

    def __init__(
        self,
        url: str,
        *,
        username: str,
        password: str,
        tls_verify: bool = True,
        user_agent: str = USER_AGENT,
        is_endless: bool = False,
    ) -> None:
        """``is_endless``: an answer is a stream that lasts, instead of a playlist or segment."""
        self.failure: SourceError | None = None
        self._user_agent = user_agent
        self._is_endless = is_endless
        self._failures = 0
        self._url = url
        self._origin = _origin(urlsplit(url))
        passwords = HTTPPasswordMgrWithDefaultRealm()
        if username:
            passwords.add_password(
                None, f"{self._origin[0]}://{self._origin[1]}:{self._origin[2]}/", username, password
            )
        # No proxy of the environment, and no file:, ftp: or data:.
        self._opener: OpenerDirector = build_opener(
            ProxyHandler({}),
            HTTPSHandler(context=client_tls(is_verified=tls_verify)),
            _SameOrigin(self),
            HTTPBasicAuthHandler(passwords),
            HTTPDigestAuthHandler(passwords),
        )

    def __call__(self, url: str, flags: int, options: Mapping[str, str]) -> Any:
        if flags & _WRITE:
            raise SourceRefused("The playlist asks for something to be written.")
        self.check(url)
        try:
            request = Request(url, headers={"User-Agent": self._user_agent})  # noqa: S310 - checked
            response = self._opener.open(request, timeout=_TIMEOUT_S)
        except SourceError as error:
            self.failure = error
            raise
        except (HTTPError, URLError, HTTPException, OSError) as error:
            self.failure = _translated(error)
            self._failures += 1
            if url == self._url or self._failures > _MAX_FAILURES:
                raise self.failure from error
            return io.BytesIO()  # A segment of nothing, after which FFmpeg goes on to the next.
        self._failures = 0
        self.failure = None
        return _Body(response, is_endless=self._is_endless)

    def check(self, url: str) -> None:
        """Refuse everything that is not on our host.

        Raises:
            SourceRefused: the sentence names the host.
        """
        try:
            parts = urlsplit(url)
            if _origin(parts) == self._origin:
                return
            named = f"{parts.scheme}://{parts.hostname or ''}"
        except ValueError:
            named = "an address that is none"
        if url.startswith("crypto"):
            self.failure = SourceRefused("The playlist is encrypted, which is not supported.")
        else:
            self.failure = SourceRefused(
                f"The playlist points to another host ({named[:80]}), which is not opened."
                " Put that address in the configuration if it is right."
            )
        raise self.failure


class _SameOrigin(HTTPRedirectHandler):
    def __init__(self, door: WebDoor) -> None:
        self._door = door

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        self._door.check(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Body:
    """An answer as a file. PyAV copies whatever ``read`` gives, so it must never give more than was asked for."""

    def __init__(self, response: Any, *, is_endless: bool) -> None:
        self._response = response
        self._left = math.inf if is_endless else _MAX_BYTES

    def read(self, size: int) -> bytes:
        try:
            # What has come: to wait for all that was asked for would hold pictures back.
            data: bytes = self._response.read1(size)[:size]
        except (HTTPException, OSError) as error:
            raise _translated(error) from error
        self._left -= len(data)
        if self._left < 0:
            raise SourceRefused(f"The server sends more than {_MAX_BYTES} bytes in one answer.")
        return data

    def close(self) -> None:
        self._response.close()


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _translated(error: Exception) -> SourceError:
    if isinstance(error, HTTPError):
        answer = f"the server answered with {error.code}"
        if error.code == 401:
            return SourceRefused("The server refused the user name or the password. Check both in the configuration.")
        if error.code == 403:
            return SourceRefused(f"The server does not allow this user to watch: {answer}.")
        if error.code in {404, 410}:
            return SourceRefused(f"There is no such playlist or segment: {answer}. Check the path.")
        return SourceRefused(f"The server refused: {answer}.")
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return SourceSilent(f"The server gave no answer within {_TIMEOUT_S:g} s.")
    if isinstance(reason, ConnectionRefusedError):
        return SourceUnreachable("The server refused the connection. Is it on, and is that its port?")
    if isinstance(reason, HTTPException | ConnectionError):
        return SourceEnded("The server closed the connection.")
    if isinstance(reason, ssl.SSLCertVerificationError):
        return SourceUnreachable(
            f"The certificate of the server is not trusted: {reason.verify_message.rstrip('.')}."
            " Let this machine trust whoever issued it, or set tls_verify = false for this camera."
        )
    detail = reason.strerror if isinstance(reason, OSError) and reason.strerror else reason
    return SourceUnreachable(f"The server can't be reached: {detail}.")
