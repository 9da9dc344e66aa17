"""Line: the way to one camera by TCP, through TLS where it is asked for, and in words why there is none."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from streams.errors import SourceUnreachable
from streams.networks import Networks

P = TypeVar("P", bound=asyncio.Protocol)


@dataclass(frozen=True, slots=True)
class Line:
    host: str
    port: int
    timeout_s: float
    """To be connected, TLS included."""
    networks: Networks
    tls: ssl.SSLContext | None = None

    async def open(self, protocol: Callable[[], P]) -> P:
        """Connect.

        Raises:
            SourceRefused: it is outside of ``networks``.
            SourceUnreachable: no such host, refused, no route, not connected in time, no TLS, or a certificate that is
                not trusted.
        """
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._connect(protocol)
        except OSError as error:
            raise self._translated(error) from error
        except UnicodeError as error:
            raise self._no_host() from error

    async def _connect(self, protocol: Callable[[], P]) -> P:
        """One address after the other, as create_connection makes one nameless error of several."""
        loop = asyncio.get_running_loop()
        failure: OSError = socket.gaierror()
        for address in await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
            host = str(address[4][0])
            self.networks.check(host)
            try:
                _, connection = await loop.create_connection(
                    protocol, host, self.port, ssl=self.tls, server_hostname=self.host if self.tls else None
                )
            except OSError as error:
                failure = error
            else:
                return connection
        raise failure

    def _no_host(self) -> SourceUnreachable:
        return SourceUnreachable(f"There is no host named {self.host!r}. Check the address of the camera.")

    def _translated(self, error: OSError) -> SourceUnreachable:
        host, port = self.host, self.port
        if isinstance(error, TimeoutError):
            return SourceUnreachable(
                f"{host} did not answer on port {port} within {self.timeout_s:g} s. Is the camera on, and the address"
                " right?"
            )
        if isinstance(error, socket.gaierror):
            return self._no_host()
        if isinstance(error, ConnectionRefusedError):
            return SourceUnreachable(
                f"{host} refused the connection on port {port}. Is RTSP switched on, and is that its port?"
            )
        if isinstance(error, ssl.SSLCertVerificationError):
            return SourceUnreachable(
                f"The certificate of {host} is not trusted: {error.verify_message.rstrip('.')}."
                " Let this machine trust whoever issued it, or set tls_verify = false for this camera."
            )
        if isinstance(error, ssl.SSLError):
            return SourceUnreachable(
                f"{host} speaks no TLS that we know on port {port} ({error.reason}). Is that its port for rtsps://?"
            )
        return SourceUnreachable(f"{host} can't be reached on port {port}: {error.strerror or 'it hung up at once'}.")
