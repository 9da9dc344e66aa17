"""WebStream: the answer to one GET of a camera, which lasts, and in words why there is none."""

import secrets
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import AddrInfoType, ClientResponse, ClientSession, ClientTimeout
from yarl import URL

from streams.errors import (
    SourceEnded,
    SourceError,
    SourceFull,
    SourceGarbled,
    SourceRefused,
    SourceUnreachable,
    SourceUnsupported,
)
from streams.formats.digest import Credentials, authorize, choose, parse_challenges
from streams.networks import Networks

_MAX_REDIRECTS = 3
_LONGEST_WAIT_S = 120.0
"""For a place at a camera."""
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/xhtml")


@dataclass(frozen=True, slots=True)
class WebStream:
    url: URL
    credentials: Credentials | None
    networks: Networks
    tls: ssl.SSLContext
    """For ``https://``."""
    user_agent: str
    connect_s: float

    @asynccontextmanager
    async def open(self) -> AsyncIterator[ClientResponse]:
        """The answer that holds the stream, after signing in and following redirections on the same host.

        Raises:
            SourceUnreachable, SourceRefused, SourceFull, SourceGarbled, SourceUnsupported, SourceEnded: why there is
                none, or no more of it.
        """
        # Nothing of the environment (proxies, .netrc) and no total: a stream lasts.
        limits = ClientTimeout(total=None, connect=self.connect_s)
        try:
            async with (
                ClientSession(
                    connector=self._connector(),
                    timeout=limits,
                    headers={"User-Agent": self.user_agent},
                    auto_decompress=False,
                ) as session,
                _answer(session, self.url, self.credentials) as response,
            ):
                yield response
        except aiohttp.ClientError as error:
            raise _translated(error, self.connect_s) from error

    def _connector(self) -> aiohttp.BaseConnector:
        # Asked for every address that is connected to, one after the other.
        def opened(address: AddrInfoType) -> socket.socket:
            self.networks.check(str(address[4][0]))
            return socket.socket(*address[:3])

        return aiohttp.TCPConnector(ssl=self.tls, socket_factory=opened, happy_eyeballs_delay=None)


@asynccontextmanager
async def _answer(session: ClientSession, url: URL, credentials: Credentials | None) -> AsyncIterator[ClientResponse]:
    authorization = ""
    for _ in range(_MAX_REDIRECTS + 2):
        headers = {"Authorization": authorization} if authorization else {}
        async with session.get(url, headers=headers, allow_redirects=False) as response:
            status = response.status
            if status == 401 and not authorization:
                authorization = _authorization(response, credentials)
            elif status in {301, 302, 303, 307, 308} and "Location" in response.headers:
                url, authorization = _redirect(url, response.headers["Location"]), ""
            else:
                _check(response)
                yield response
                return
    raise SourceRefused(f"The camera sends us on from address to address ({_MAX_REDIRECTS} times).")


def _authorization(response: ClientResponse, credentials: Credentials | None) -> str:
    # aiohttp has headers in UTF-8, digest has them in Latin-1, as they are on the wire.
    fields = response.headers.getall("WWW-Authenticate", [])
    challenge = choose(parse_challenges(f.encode("utf-8", "surrogateescape").decode("latin-1") for f in fields))
    if credentials is None:
        raise SourceRefused("The camera asks for a user name and a password. Put them into the configuration.")
    if challenge is None:
        raise SourceRefused("The camera asks for a way to sign in that is not known here (not Digest, not Basic).")
    uri = response.request_info.url.raw_path_qs
    signed = authorize(challenge, credentials, method="GET", uri=uri, cnonce=secrets.token_hex(8))
    return signed.encode("latin-1").decode("utf-8", "surrogateescape")


def _redirect(url: URL, location: str) -> URL:
    try:
        target = url.join(URL(location))
    except ValueError as error:
        raise SourceGarbled("The camera sends us on to an address that is none.") from error
    if target.host != url.host or target.scheme not in {"http", "https"}:
        raise SourceRefused(
            f"The camera sends us on to another host ({target.host}), which is not followed."
            " Put that address in the configuration if it is right."
        )
    if url.scheme == "https" and target.scheme == "http":
        raise SourceRefused("The camera sends us on from https to http, which is not followed.")
    return target


def _check(response: ClientResponse) -> None:
    status = response.status
    # Only printable text of a limited length may reach the operator's screen.
    reason = "".join(character for character in (response.reason or "")[:60] if character.isprintable())
    answer = f"it answered with {status} {reason}".rstrip()
    if status == 401:
        raise SourceRefused("The camera refused the user name or the password. Check both in the configuration.")
    if status == 403:
        raise SourceRefused(f"The camera does not allow this user to watch: {answer}.")
    if status == 404:
        raise SourceRefused(f"The camera has no stream at this address: {answer}. Check the path.")
    if status == 503:
        raise SourceFull(f"The camera has no place for another viewer now: {answer}.", wait_s=_asked_wait_s(response))
    if status != 200:
        raise SourceRefused(f"The camera refused: {answer}.")
    if response.content_type.startswith(_TEXT_TYPES):
        raise SourceUnsupported(
            f"The address gives a page ({response.content_type[:60]}), not a stream of pictures. Check the path."
        )


def _asked_wait_s(response: ClientResponse) -> float:
    asked = response.headers.get("Retry-After", "").strip()
    return min(float(asked[:6]), _LONGEST_WAIT_S) if asked.isascii() and asked.isdigit() else 0.0


def _translated(error: aiohttp.ClientError, connect_s: float) -> SourceError:
    """What a failure of aiohttp means to the operator."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return SourceUnreachable(f"The camera did not answer within {connect_s:g} s. Is it on, and the address right?")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return SourceUnreachable(f"There is no host named {error.host!r}. Check the address of the camera.")
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        reason = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else None
        detail = f" ({reason.reason})" if reason is not None and reason.reason else ""
        return SourceUnreachable(
            f"The camera's certificate is not trusted, or it speaks no TLS{detail}. Let this machine trust whoever"
            " issued it, or set tls_verify = false for this camera."
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, ConnectionRefusedError):
            return SourceUnreachable(
                f"{error.host} refused the connection on port {error.port}. Is HTTP switched on, and is that its port?"
            )
        reason_text = error.os_error.strerror or error.os_error
        return SourceUnreachable(f"{error.host} can't be reached on port {error.port}: {reason_text}.")
    if isinstance(error, aiohttp.ClientResponseError):
        return SourceGarbled("The camera answered, but not in HTTP. Is this the port of its web page?")
    return SourceEnded("The camera closed the connection.")
