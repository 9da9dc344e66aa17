"""The part of the configuration that the intake needs: cameras and the bus.

One TOML file serves all processes (docs/operations.md has every key). This process reads its own tables, and none of
the secrets of the others.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from streams.errors import ConfigError
from streams.mask import Mask
from streams.networks import ANYWHERE, Networks
from streams.preset import Preset
from streams.table import Table

CAMERA_SCHEMES = ("rtsp", "rtsps", "http", "https", "file", "rtmp", "rtmps", "udp", "srt")
TLS_SCHEMES = ("rtsps", "https", "rtmps")
ASKED_SCHEMES = ("rtsp", "rtsps", "http", "https")
"""Of cameras that are told who asks."""
BUS_SCHEMES = ("redis", "rediss", "unix", "sentinel", "sentinels", "cluster", "clusters")
SERVER_KEYS = ("city_file", "web", "database", "source", "beat", "person", "notify", "clips")
"""Top-level keys of the same file that server/config.py reads."""

OVERRIDES = {"data_folder": "SIGHTLINE_DATA", "bus.url": "SIGHTLINE_BUS_URL"}
"""Key → the variable that overrides it, for containers."""


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """One camera. ``number`` is 1..65535 and unique; ``url`` never holds credentials.

    ``tls_verify`` is of ``TLS_SCHEMES``, ``udp`` of ``rtsp://``, ``http_tunnel`` of ``rtsp://`` and ``rtsps://``.
    """

    id: str
    number: int
    name: str
    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    tls_verify: bool = True
    udp: bool = False
    http_tunnel: bool = False
    user_agent: str = ""
    """Empty: what Sightline says of itself."""
    lat: float | None = None
    lon: float | None = None
    heading_deg: float | None = None
    fov_deg: float | None = None
    district: str = ""
    always_on: bool = False
    masks: tuple[Mask, ...] = ()
    """What nobody may see: only what an encoder has painted over leaves the intake. With presets those of all."""
    presets: tuple[Preset, ...] = ()


@dataclass(frozen=True, slots=True)
class BusConfig:
    """Where Redis or Valkey is; "" means the embedded one. The address may hold the password."""

    url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class IntakeConfig:
    """How much the intake may take of its machine."""

    max_encoders: int = 8
    """Renditions that are made at the same time; those of masked cameras' sources come on top."""
    past_s: int = 60
    """So much of each connected camera is kept in memory, 0 to 600; 0 keeps none."""
    past_mib: int = 32
    """And at most so much of each."""
    past_total_mib: int = 0
    """And of all together; 0: a quarter of the machine's memory, 4096 at most."""
    processes: int = 1


@dataclass(frozen=True, slots=True)
class StreamsConfig:
    cameras: tuple[CameraConfig, ...]
    bus: BusConfig
    data_folder: Path
    networks: Networks = ANYWHERE
    intake: IntakeConfig = IntakeConfig()


def load(path: Path, environ: Mapping[str, str]) -> StreamsConfig:
    """Read the file for the intake process; tables of the server are left alone.

    Raises:
        ConfigError: the file cannot be read or a key is wrong; the message starts with the path of the key.
    """
    top = open_file(path, environ, OVERRIDES)
    top.leave(*SERVER_KEYS)
    config = read(top)
    top.done()
    return config


def open_file(path: Path, environ: Mapping[str, str], overrides: Mapping[str, str]) -> Table:
    """The top table of the file."""
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the configuration: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    return Table(values, folder=path.resolve().parent, environ=environ, overrides=overrides)


def read(top: Table, *, with_credentials: bool = True) -> StreamsConfig:
    """Read the intake's keys of the top table.

    ``with_credentials=False`` leaves the passwords of cameras unread: the server has no business with them.
    """
    data_folder = top.path("data_folder", "var")
    cameras = _cameras([*top.tables("camera"), *top.tables_of_files("camera_files")], with_credentials)
    bus = BusConfig(address(top.table("bus"), BUS_SCHEMES))
    return StreamsConfig(cameras, bus, data_folder, _networks(top), _intake(top.table("streams")))


def _intake(table: Table) -> IntakeConfig:
    usual = IntakeConfig()
    intake = IntakeConfig(
        max_encoders=table.integer("max_encoders", usual.max_encoders, 0, 1000),
        past_s=table.integer("past_s", usual.past_s, 0, 600),
        past_mib=table.integer("past_mib", usual.past_mib, 1, 1024),
        past_total_mib=table.integer("past_total_mib", usual.past_total_mib, 0, 1024 * 1024),
        processes=table.integer("processes", usual.processes, 1, 64),
    )
    table.done()
    return intake


def _networks(top: Table) -> Networks:
    try:
        return Networks.of(top.texts("camera_networks"))
    except ValueError as error:
        raise top.error("camera_networks", f"{error}; expected for example 10.20.0.0/16") from None


def address(table: Table, schemes: Sequence[str]) -> str:
    """The ``url`` of a table that holds nothing else but its password; "" when it is not there.

    A variable may hold address and password together; in the file they are apart.
    """
    url = table.text("url", "", max_length=1000)
    parts = _split(table, "url", url)
    password = table.secret("password", resolve=bool(url) and not parts.password)
    table.done()
    if url and parts.scheme not in schemes:
        raise table.error("url", f"expected an address that begins with {_schemes(schemes)}")
    if parts.password and not table.override("url"):
        raise table.error("url", "holds a password; put it into password_env or password_file")
    return with_password(url, password)


def with_password(url: str, password: str) -> str:
    """``url`` with the password in its user part, quoted."""
    if not password:
        return url
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user if at else ''}:{quote(password, safe='')}@{host}"))


def _cameras(tables: list[Table], with_credentials: bool) -> tuple[CameraConfig, ...]:
    numbers = {table.integer("number", None, 1, 65535): table for table in reversed(tables) if table.has("number")}
    cameras: list[CameraConfig] = []
    ids: set[str] = set()
    free = 0
    for table in tables:
        if table.has("number"):
            number = table.integer("number", None, 1, 65535)
            if numbers[number] is not table:
                raise table.error("number", f"{number} is the number of another camera too")
        else:
            found = next((n for n in range(free + 1, 65536) if n not in numbers), None)
            if found is None:
                raise table.error("number", "is missing, and none is free: at most 65535 cameras fit")
            number = free = found
        camera = _camera(table, number, with_credentials)
        if camera.id in ids:
            raise table.error("id", f"{camera.id!r} is the id of another camera too")
        ids.add(camera.id)
        cameras.append(camera)
    return tuple(cameras)


def _camera(table: Table, number: int, with_credentials: bool) -> CameraConfig:
    table.leave("number")
    camera_id = table.name("id")
    lat, lon = table.number("lat", -90, 90), table.number("lon", -180, 180)
    if (lat is None) != (lon is None):
        raise table.error("lat" if lat is None else "lon", "is missing; a position has lat and lon")
    heading_deg = table.number("heading_deg", 0, 360)
    url = _camera_url(table)
    masks = _masks(table)
    presets = _presets(table, masks)
    _check_for(table, url)
    camera = CameraConfig(
        id=camera_id,
        number=number,
        name=table.text("name", camera_id),
        url=url,
        username=table.text("username", ""),
        password=table.secret("password", resolve=with_credentials),
        tls_verify=table.flag("tls_verify", True),
        udp=table.flag("udp", False),
        http_tunnel=table.flag("http_tunnel", False),
        user_agent=_user_agent(table),
        lat=lat,
        lon=lon,
        heading_deg=None if heading_deg is None else heading_deg % 360,
        fov_deg=table.number("fov_deg", 1, 360),
        district=table.text("district", ""),
        always_on=table.flag("always_on", False),
        masks=tuple(dict.fromkeys(chain(masks, *(preset.masks for preset in presets)))),
        presets=presets,
    )
    table.done()
    return camera


def _check_for(table: Table, url: str) -> None:
    """Keys that mean nothing for this kind of address are mistakes."""
    scheme = urlsplit(url).scheme
    for key, schemes in (
        ("tls_verify", TLS_SCHEMES),
        ("udp", ("rtsp",)),
        ("http_tunnel", ("rtsp", "rtsps")),
        ("user_agent", ASKED_SCHEMES),
    ):
        if table.has(key) and scheme not in schemes:
            raise table.error(key, f"is for addresses that begin with {_schemes(schemes)} only")
    if table.has("udp") and table.has("http_tunnel"):
        raise table.error("http_tunnel", "leaves no place for udp; choose one")


def _user_agent(table: Table) -> str:
    words = table.text("user_agent", "", max_length=200)
    if not words.isascii() or not words.isprintable():
        raise table.error("user_agent", "expected printable ASCII")
    return words


def _masks(table: Table) -> tuple[Mask, ...]:
    masks = []
    for number, points in enumerate(table.lists("masks")):
        try:
            masks.append(Mask.of(points))
        except ValueError as error:
            raise table.error("masks", f"number {number}: {error}") from None
    return tuple(masks)


def _presets(camera: Table, masks: tuple[Mask, ...]) -> tuple[Preset, ...]:
    """Each with those that hold everywhere."""
    presets: dict[str, Preset] = {}
    for table in camera.tables("preset"):
        name = table.text("name")
        if name in presets:
            raise table.error("name", f"{name!r} is the name of another preset too")
        presets[name] = Preset(name, masks + _masks(table))
        table.done()
    return tuple(presets.values())


def _camera_url(table: Table) -> str:
    url = table.text("url", max_length=2000)
    parts = _split(table, "url", url)
    if parts.scheme not in CAMERA_SCHEMES:
        raise table.error("url", f"expected an address that begins with {_schemes(CAMERA_SCHEMES)}")
    if "@" in parts.netloc:
        raise table.error(
            "url", "holds a user name or password; put them into username and password_env or password_file"
        )
    if parts.scheme != "file" and not parts.hostname:
        raise table.error("url", "names no host, expected for example rtsp://192.0.2.10/stream1")
    return url


def _schemes(schemes: Sequence[str]) -> str:
    return " or ".join(f"{scheme}://" for scheme in schemes)


def _split(table: Table, key: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        # Of sentinels and of the nodes of a cluster several are named.
        _ = parts.port if "," not in parts.netloc else None
    except ValueError as error:
        raise table.error(key, f"is no address: {error}") from None
    return parts
