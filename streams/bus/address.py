"""BusAddress: where Redis or Valkey is, from the same URL that redis-py takes."""

import ssl
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from streams.errors import ConfigError

DEFAULT_PORT = 6379


@dataclass(frozen=True, slots=True)
class BusAddress:
    path: str
    """Of the unix socket; "" when it is reached over TCP."""
    host: str = ""
    port: int = DEFAULT_PORT
    username: str = ""
    password: str = field(default="", repr=False)
    db: int = 0
    tls: bool = False
    ca_file: str | None = None
    """PEM file with the authorities to trust instead of the system's."""
    verify: bool = True

    @classmethod
    def parse(cls, url: str) -> "BusAddress":
        """Read ``unix:///run/valkey.sock``, ``redis://:password@host:6379/0`` or ``rediss://…`` (TLS).

        Options after ``?`` are those of redis-py: ``db``, ``password``, ``ssl_ca_certs``, ``ssl_cert_reqs=none``.

        Raises:
            ConfigError: anything else; the message does not repeat the URL, which may hold a password.
        """
        try:
            parts = urlsplit(url)
            if parts.scheme not in {"unix", "redis", "rediss"}:
                raise ConfigError(
                    f"bus.url: expected unix://, redis:// or rediss://, got {parts.scheme or 'no'} scheme"
                )
            port = parts.port or DEFAULT_PORT
            options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
            is_unix = parts.scheme == "unix"
            db = int(options.get("db", "0" if is_unix else parts.path.strip("/") or "0"))
        except ValueError as error:
            raise ConfigError(f"bus.url: not an address: {error}") from None
        if is_unix and not parts.path:
            raise ConfigError("bus.url: names no socket, expected for example unix:///run/valkey/valkey.sock")
        return cls(
            path=unquote(parts.path) if is_unix else "",
            host="" if is_unix else parts.hostname or "localhost",
            port=port,
            username=unquote(parts.username or options.get("username", "")),
            password=unquote(parts.password or "") or options.get("password", ""),
            db=db,
            tls=parts.scheme == "rediss",
            ca_file=options.get("ssl_ca_certs"),
            verify=options.get("ssl_cert_reqs", "required") != "none",
        )

    @property
    def place(self) -> str:
        """For messages to people; without credentials."""
        return self.path or f"{self.host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext | None:
        """Reads certificate files: call it before the event loop is busy."""
        if not self.tls:
            return None
        context = ssl.create_default_context(cafile=self.ca_file)
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
