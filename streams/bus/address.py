"""BusAddress: where Redis or Valkey is, from the same URL that redis-py takes, or who knows where it is."""

import ssl
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from streams.errors import ConfigError

DEFAULT_PORT = 6379
SENTINEL_PORT = 26379
_SCHEMES = ("redis", "rediss", "unix", "sentinel", "sentinels")


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
    sentinels: tuple[tuple[str, int], ...] = ()
    """Hosts and ports of who knows where ``master`` is; ``host`` and ``port`` say nothing then."""
    master: str = ""
    sentinel_username: str = ""
    sentinel_password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> "BusAddress":
        """Read ``unix:///run/valkey.sock``, ``redis://:password@host:6379/0`` or ``rediss://…`` (TLS), or
        ``sentinel://:password@host:26379,host,host/master-name/0`` or ``sentinels://…`` (TLS to all of them).

        Options after ``?`` are those of redis-py: ``db``, ``password``, ``ssl_ca_certs``, ``ssl_cert_reqs=none``; and
        ``sentinel_username``, ``sentinel_password``: the other ones are of the servers.

        Raises:
            ConfigError: anything else; the message does not repeat the URL, which may hold a password.
        """
        try:
            scheme = urlsplit(url).scheme
            if scheme not in _SCHEMES:
                raise ConfigError(
                    f"bus.url: expected unix://, redis://, rediss:// or sentinel://, got {scheme or 'no'} scheme"
                )
            return cls._of_sentinels(url) if scheme.startswith("sentinel") else cls._of_server(url)
        except ValueError as error:
            raise ConfigError(f"bus.url: not an address: {error}") from None

    @classmethod
    def _of_server(cls, url: str) -> "BusAddress":
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORT
        options = _options(parts)
        is_unix = parts.scheme == "unix"
        db = int(options.get("db", "0" if is_unix else parts.path.strip("/") or "0"))
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

    @classmethod
    def _of_sentinels(cls, url: str) -> "BusAddress":
        parts = urlsplit(url)
        user, _, hosts = parts.netloc.rpartition("@")
        username, _, password = user.partition(":")
        each = [urlsplit(f"//{host}") for host in hosts.split(",") if host]
        master, _, db = parts.path.strip("/").partition("/")
        if not each or not master:
            raise ConfigError(
                "bus.url: names no sentinel or no master, expected for example sentinel://one:26379,two:26379/mymaster"
            )
        options = _options(parts)
        return cls(
            path="",
            username=unquote(username) or options.get("username", ""),
            password=unquote(password) or options.get("password", ""),
            db=int(options.get("db", db or "0")),
            tls=parts.scheme == "sentinels",
            ca_file=options.get("ssl_ca_certs"),
            verify=options.get("ssl_cert_reqs", "required") != "none",
            sentinels=tuple((one.hostname or "localhost", one.port or SENTINEL_PORT) for one in each),
            master=unquote(master),
            sentinel_username=options.get("sentinel_username", ""),
            sentinel_password=options.get("sentinel_password", ""),
        )

    @property
    def place(self) -> str:
        """For messages to people; without credentials."""
        if self.sentinels:
            return f"{self.master} of " + ", ".join(f"{host}:{port}" for host, port in self.sentinels)
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


def _options(parts: SplitResult) -> dict[str, str]:
    return {key: values[-1] for key, values in parse_qs(parts.query).items()}
