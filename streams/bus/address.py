"""BusAddress: where Redis or Valkey is, from the same URL that redis-py takes, or who knows where it is."""

import ssl
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from streams.errors import ConfigError

DEFAULT_PORT = 6379
SENTINEL_PORT = 26379
_SCHEMES = ("redis", "rediss", "unix", "sentinel", "sentinels", "cluster", "clusters")


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
    nodes: tuple[tuple[str, int], ...] = ()
    """Hosts and ports of a cluster, any of which will do; ``host`` and ``port`` say nothing then."""
    sentinels: tuple[tuple[str, int], ...] = ()
    """Hosts and ports of who knows where ``master`` is; ``host`` and ``port`` say nothing then."""
    master: str = ""
    sentinel_username: str = ""
    sentinel_password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> "BusAddress":
        """Read ``unix:///run/valkey.sock``, ``redis://:password@host:6379/0`` or ``rediss://…`` (TLS), or
        ``sentinel://:password@host:26379,host,host/master-name/0`` or ``sentinels://…`` (TLS to all of them), or
        ``cluster://:password@host:6379,host`` or ``clusters://…``.

        Options after ``?`` are those of redis-py: ``db``, ``password``, ``ssl_ca_certs``, ``ssl_cert_reqs=none``; and
        ``sentinel_username``, ``sentinel_password``: the other ones are of the servers.

        Raises:
            ConfigError: anything else; the message does not repeat the URL, which may hold a password.
        """
        try:
            scheme = urlsplit(url).scheme
            if scheme not in _SCHEMES:
                expected = "unix://, redis://, rediss://, sentinel:// or cluster://"
                raise ConfigError(f"bus.url: expected {expected}, got {scheme or 'no'} scheme")
            if scheme.startswith("sentinel"):
                return cls._of_sentinels(url)
            return cls._of_cluster(url) if scheme.startswith("cluster") else cls._of_server(url)
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
        sentinels = _places(parts, SENTINEL_PORT)
        master, _, db = parts.path.strip("/").partition("/")
        if not sentinels or not master:
            raise ConfigError(
                "bus.url: names no sentinel or no master, expected for example sentinel://one:26379,two:26379/mymaster"
            )
        options = _options(parts)
        return replace(
            cls._of_many(parts),
            db=int(options.get("db", db or "0")),
            sentinels=sentinels,
            master=unquote(master),
            sentinel_username=options.get("sentinel_username", ""),
            sentinel_password=options.get("sentinel_password", ""),
        )

    @classmethod
    def _of_cluster(cls, url: str) -> "BusAddress":
        parts = urlsplit(url)
        nodes = _places(parts, DEFAULT_PORT)
        if not nodes or parts.path.strip("/"):
            raise ConfigError("bus.url: expected the nodes of a cluster and nothing else, as in cluster://one:6379,two")
        return replace(cls._of_many(parts), nodes=nodes)

    @classmethod
    def _of_many(cls, parts: SplitResult) -> "BusAddress":
        username, _, password = parts.netloc.rpartition("@")[0].partition(":")
        options = _options(parts)
        return cls(
            path="",
            username=unquote(username) or options.get("username", ""),
            password=unquote(password) or options.get("password", ""),
            tls=parts.scheme.endswith("s"),
            ca_file=options.get("ssl_ca_certs"),
            verify=options.get("ssl_cert_reqs", "required") != "none",
        )

    @property
    def place(self) -> str:
        """For messages to people; without credentials."""
        if self.sentinels:
            return f"{self.master} of " + ", ".join(f"{host}:{port}" for host, port in self.sentinels)
        if self.nodes:
            return "the cluster of " + ", ".join(f"{host}:{port}" for host, port in self.nodes)
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


def _places(parts: SplitResult, port: int) -> tuple[tuple[str, int], ...]:
    each = [urlsplit(f"//{host}") for host in parts.netloc.rpartition("@")[2].split(",") if host]
    return tuple((one.hostname or "localhost", one.port or port) for one in each)
