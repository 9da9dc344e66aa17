"""The configuration of everything: one TOML file, a few variables that override it, secrets by variable or file.

docs/operations.md has every key. Each part of the program receives its own piece, never the whole.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from server import clips_config, notify_config, people_config
from server.clips_config import ClipsConfig
from server.notify_config import NotifyConfig
from server.people_config import BeatConfig, PersonConfig
from streams import config as streams_config
from streams.config import StreamsConfig
from streams.formats.gunshot_xml import DEFAULT_FIELDS
from streams.table import Table

SOURCE_KINDS = ("alerts", "gunshot")
DATABASE_SCHEMES = ("postgresql", "sqlite")
DEFAULT_PORT = 8080
MANUAL = "manual"
"""The source of alerts that people raise; no other one may have this name, its ids would be taken for theirs."""
OWN_SOURCE = "sightline"
"""The source of alerts about this system itself."""
MAX_HEARTBEAT_S = 86_400
_PATH_SECRET = re.compile(r"[A-Za-z0-9_-]{22,200}")
_ORIGIN = re.compile(r"(https?)://([^/?#@\s]+)", re.IGNORECASE)

OVERRIDES = streams_config.OVERRIDES | {
    "database.url": "SIGHTLINE_DATABASE_URL",
    "web.host": "SIGHTLINE_HOST",
    "web.port": "SIGHTLINE_PORT",
    "web.public_origin": "SIGHTLINE_PUBLIC_ORIGIN",
    "web.behind_proxy": "SIGHTLINE_BEHIND_PROXY",
}
"""Key → the variable that overrides it, for containers."""


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """Who may send alerts in. ``secret`` is ``whsec_`` and base64 (Standard Webhooks), "" when it cannot sign."""

    name: str
    kind: Literal["alerts", "gunshot"]
    secret: str = field(default="", repr=False)
    path_secret: str = field(default="", repr=False)
    allow: tuple[str, ...] = ()
    """Networks in CIDR form that may use ``path_secret``; never empty when there is one."""
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Field → names of elements or attributes that carry it, tried in order; replaces entries of ``DEFAULT_FIELDS``."""
    timezone: str = "UTC"
    """IANA name: the zone of times that come without one."""
    heartbeat_s: int = 0
    """How often it is to be heard; 0: it need not be."""


@dataclass(frozen=True, slots=True)
class WebConfig:
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    """0 lets the system choose (tests)."""
    public_origin: str = ""
    """``https://sightline.example``: what browsers have in their address bar; "" means ``host`` and ``port``."""
    behind_proxy: bool = False
    """A proxy that we trust ends TLS and appends the client's address to X-Forwarded-For."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    metrics_token: str = field(default="", repr=False)
    """What a monitoring system shows at ``/metrics``; without one there is no such door."""
    processes: int = 1
    """Servers of this machine that share the port."""


@dataclass(frozen=True, slots=True)
class DatabaseConfig:
    """``sqlite:////absolute/path`` or ``postgresql://user:password@host/name``."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Config:
    data_folder: Path
    streams: StreamsConfig
    web: WebConfig
    database: DatabaseConfig
    sources: tuple[SourceConfig, ...] = ()
    people: tuple[PersonConfig, ...] = ()
    beats: tuple[BeatConfig, ...] = ()
    notify: NotifyConfig = field(default_factory=NotifyConfig)
    clips: ClipsConfig = field(default_factory=ClipsConfig)
    city_file: Path | None = None


def load(path: Path, environ: Mapping[str, str], *, with_camera_credentials: bool = True) -> Config:
    """Read the file and what overrides it.

    ``with_camera_credentials=False`` leaves the passwords of cameras unread: a server process does not need them.

    Raises:
        ConfigError: the file cannot be read or a key is wrong; the message starts with the path of the key.
    """
    top = streams_config.open_file(path, environ, OVERRIDES)
    streams = streams_config.read(top, with_credentials=with_camera_credentials)
    beats = people_config.beats(top.tables("beat"))
    config = Config(
        data_folder=streams.data_folder,
        streams=streams,
        web=_web(top.table("web")),
        database=_database(top.table("database"), streams.data_folder),
        sources=_sources(top.tables("source")),
        people=people_config.people(top.tables("person"), beats),
        beats=beats,
        notify=notify_config.read(top.table("notify")),
        clips=clips_config.read(top.table("clips")),
        city_file=top.optional_path("city_file"),
    )
    top.done()
    return config


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _web(table: Table) -> WebConfig:
    web = WebConfig(
        host=table.text("host", "127.0.0.1"),
        port=table.integer("port", DEFAULT_PORT, 0, 65535),
        public_origin=_origin(table),
        behind_proxy=table.flag("behind_proxy", False),
        tls_certificate=table.optional_path("tls_certificate"),
        tls_key=table.optional_path("tls_key"),
        metrics_token=table.secret("metrics_token"),
        processes=table.integer("processes", 1, 1, 64),
    )
    table.done()
    if web.metrics_token and not _PATH_SECRET.fullmatch(web.metrics_token):
        raise table.error("metrics_token", "expected 22 to 200 letters, digits, '-' or '_'")
    if (web.tls_certificate is None) != (web.tls_key is None):
        missing = "tls_certificate" if web.tls_certificate is None else "tls_key"
        raise table.error(missing, "is missing; TLS needs tls_certificate and tls_key")
    if web.behind_proxy and not web.public_origin:
        raise table.error("public_origin", "is missing; behind a proxy it is what browsers have in their address bar")
    if not is_loopback(web.host) and not web.behind_proxy and not web.tls_certificate:
        raise table.error(
            "host",
            f"{web.host} can be reached from other machines, and passwords would cross the network in the clear; "
            "set tls_certificate and tls_key, or behind_proxy = true and public_origin when a proxy ends TLS",
        )
    return web


def _origin(table: Table) -> str:
    origin = table.text("public_origin", "").rstrip("/")
    if not origin:
        return ""
    match = _ORIGIN.fullmatch(origin)
    if not match:
        raise table.error("public_origin", f"{origin!r} is no origin, expected for example https://sightline.example")
    host = urlsplit(origin).hostname or ""
    if match[1].lower() == "http" and not is_loopback(host):
        raise table.error("public_origin", "expected https://, because passwords and pictures go through it")
    return origin.lower()


def _database(table: Table, data_folder: Path) -> DatabaseConfig:
    url = streams_config.address(table, DATABASE_SCHEMES)
    return DatabaseConfig(url or f"sqlite:///{data_folder / 'sightline.db'}")


def _sources(tables: list[Table]) -> tuple[SourceConfig, ...]:
    sources: list[SourceConfig] = []
    for table in tables:
        source = _source(table)
        if source.name in (MANUAL, OWN_SOURCE):
            whose = "people raise" if source.name == MANUAL else "this system raises about itself"
            raise table.error("name", f"{source.name!r} is the name for alerts that {whose}; choose another one")
        for other in sources:
            if source.name == other.name:
                raise table.error("name", f"{source.name!r} is the name of another source too")
            if source.secret and source.secret == other.secret:
                raise table.error("secret", f"is the same as that of {other.name!r}; the secret tells who is sending")
            if source.path_secret and source.path_secret == other.path_secret:
                raise table.error("path_secret", f"is the same as that of {other.name!r}; it tells who is sending")
        sources.append(source)
    return tuple(sources)


def _source(table: Table) -> SourceConfig:
    source = SourceConfig(
        name=table.name("name"),
        kind="gunshot" if table.choice("kind", SOURCE_KINDS) == "gunshot" else "alerts",
        secret=table.secret("secret"),
        path_secret=table.secret("path_secret"),
        allow=_networks(table),
        fields=_fields(table.table("fields")),
        timezone=_timezone(table),
        heartbeat_s=table.integer("heartbeat_s", 0, 0, MAX_HEARTBEAT_S),
    )
    table.done()
    if source.kind == "alerts" and (source.path_secret or source.fields):
        key = "path_secret" if source.path_secret else "fields"
        raise table.error(key, 'is for sources of kind "gunshot" only')
    if not source.secret and not source.path_secret:
        wish = "secret_env or secret_file" if source.kind == "alerts" else "secret_env, or path_secret_env and allow,"
        raise table.error("secret_env", f"is missing; a source needs {wish} to show who it is")
    if bool(source.path_secret) != bool(source.allow):
        raise table.error("allow", "and path_secret go together: a secret path is good from the listed addresses only")
    if source.secret and not _is_signing_secret(source.secret):
        raise table.error("secret", "expected whsec_ and 24 to 64 bytes in base64, as Standard Webhooks has it")
    if source.path_secret and not _PATH_SECRET.fullmatch(source.path_secret):
        raise table.error("path_secret", "expected 22 to 200 letters, digits, '-' or '_'")
    return source


def _is_signing_secret(secret: str) -> bool:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return False
    return secret.startswith("whsec_") and 24 <= len(key) <= 64


def _networks(table: Table) -> tuple[str, ...]:
    networks: list[str] = []
    for text in table.texts("allow"):
        try:
            networks.append(str(ipaddress.ip_network(text)))
        except ValueError:
            raise table.error(
                "allow", f"{text!r} is no address or network, expected for example 192.0.2.7 or 192.0.2.0/24"
            ) from None
    return tuple(networks)


def _fields(table: Table) -> Mapping[str, tuple[str, ...]]:
    fields = {name: table.texts(name) for name in DEFAULT_FIELDS if table.has(name)}
    table.leave(*DEFAULT_FIELDS)
    table.done()
    return fields


def _timezone(table: Table) -> str:
    name = table.text("timezone", "UTC")
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise table.error("timezone", f"{name!r} is no time zone, expected for example America/New_York") from None
    return name
