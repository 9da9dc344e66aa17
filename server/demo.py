"""The demo: a generated city with simulated cameras and a simulated gunshot sensor, and nothing else simulated.

All that it writes lies in the data folder: ``demo/`` (configuration, city, secrets made once), ``clips/``, the log.
"""

import base64
import json
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from server.up import Command
from streams.city import City, generate
from streams.errors import ConfigError

SEED = 7
CAMERA_PORT = 8554
CAMERA_USER = "demo"
CLIPS_TIMEOUT_S = 600.0
"""Making the clips at the first start takes a minute on a small machine."""
SOURCE = "gunshot"

BEAT = "downtown"
PEOPLE: tuple[Mapping[str, str], ...] = (
    {"id": "operator", "name": "Dana Ortiz", "role": "operator"},
    {"id": "officer-7", "name": "M. Okafor", "role": "officer", "unit": "7", "beat": BEAT},
    {"id": "officer-12", "name": "A. Reyes", "role": "officer", "unit": "12", "beat": BEAT},
    {"id": "officer-3", "name": "T. Alvarez", "role": "officer", "unit": "3", "duty": "supervisor"},
    {"id": "officer-1", "name": "R. Hughes", "role": "officer", "unit": "1", "duty": "commander"},
    {"id": "dispatcher", "name": "Lee Brandt", "role": "dispatcher"},
    {"id": "admin", "name": "Sam Novak", "role": "admin"},
)
"""Their passwords are no secret: the demo listens on loopback only. An alert downtown climbs from the two of the beat
to the others; what happens elsewhere goes to all officers, because nobody is assigned there."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What was written, and what to start beside streams and server."""

    file: Path
    commands: tuple[Command, ...]
    environ: dict[str, str]
    greeting: tuple[str, ...]
    """How to sign in, and a camera for other players."""
    camera_list: tuple[str, ...]
    """Addresses of all cameras, and how to sign in there."""


def password_of(person_id: str) -> str:
    return f"{person_id}-demo"


def prepare(data_folder: Path, *, port: int, camera_port: int | None = None, server: str | None = None) -> Demo:
    """Write the configuration of the demo.

    Args:
        port: of the server, on loopback.
        server: where the sensor posts to, ``http://host:port``; None is the one on that port.
        camera_port: of the simulated cameras; None takes 8554, or a free one when that is taken.

    Raises:
        ConfigError: the data folder can't be written.
    """
    folder = data_folder / "demo"
    server = server or f"http://127.0.0.1:{port}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        camera_password = _secret(folder / "camera_password", lambda: secrets.token_urlsafe(12))
        gunshot_secret = _secret(folder / "gunshot_secret", _signing_secret)
        for person in PEOPLE:
            (folder / f"{person['id']}_password").write_text(password_of(person["id"]))
        city = generate(SEED)
        (folder / "city.geojson").write_text(json.dumps(city.geojson()))
        camera_port = camera_port or _free_port()
        (folder / "sightline.toml").write_text(_toml(city, port=port, camera_port=camera_port))
    except OSError as error:
        raise ConfigError(f"data_folder: cannot write to {folder}: {error.strerror}") from None
    return Demo(
        file=folder / "sightline.toml",
        commands=(
            Command("cameras", _cameras(data_folder, camera_port), ready_timeout_s=CLIPS_TIMEOUT_S),
            Command("gunshot", _gunshot(server)),
        ),
        environ={"SIGHTLINE_CAMERA_PASSWORD": camera_password, "SIGHTLINE_GUNSHOT_SECRET": gunshot_secret},
        greeting=_greeting(f"rtsp://{CAMERA_USER}:{camera_password}@127.0.0.1:{camera_port}/{city.posts[0].id}"),
        camera_list=(
            *(f"  rtsp://127.0.0.1:{camera_port}/{post.id:<14} {post.name}" for post in city.posts),
            f"Sign in to them as {CAMERA_USER} with the password in {folder / 'camera_password'}.",
            f"The sensor posts to {server}/intake/gunshot, signed with the secret in {folder / 'gunshot_secret'}.",
        ),
    )


def _greeting(camera_url: str) -> tuple[str, ...]:
    return (
        "",
        "  sign in as    password",
        *(f"  {person['id']:<13} {password_of(person['id'])}" for person in PEOPLE),
        "",
        f"  A camera for other players: ffplay -rtsp_transport tcp {camera_url}",
        "",
    )


def _cameras(data_folder: Path, port: int) -> tuple[str, ...]:
    options = ("--folder", str(data_folder / "clips"), "--port", str(port), "--seed", str(SEED))
    return ("-m", "streams.cameras.simulated", *options, "--username", CAMERA_USER)


def _gunshot(server: str) -> tuple[str, ...]:
    return ("-m", "streams.feeds.simulated", "--seed", str(SEED), "--url", f"{server}/intake/gunshot")


def _toml(city: City, *, port: int, camera_port: int) -> str:
    lines = [
        "# Written anew at each start of `sightline demo`; copy it to make your own.",
        'data_folder = ".."',
        'city_file = "city.geojson"',
        f"\n[web]\nport = {port}",
        # There is a shot every minute: gigabytes an hour, of streets that nobody lives in.
        "\n[clips]\nrecord_alerts = false",
        f'\n[[source]]\nname = "{SOURCE}"\nkind = "gunshot"\nsecret_file = "gunshot_secret"\nheartbeat_s = 90',
    ]
    for district in city.districts:
        beat_id = district.name.lower().replace(" ", "-")
        polygon = [[point.lat, point.lon] for point in district.ring]
        lines.append(f'\n[[beat]]\nid = "{beat_id}"\nname = "{district.name}"\npolygon = {polygon}')
    for person in PEOPLE:
        lines.append("\n[[person]]")
        lines += [f'{key} = "{value}"' for key, value in person.items()]
        lines.append(f'password_file = "{person["id"]}_password"')
    for post in city.posts:
        lines.append(
            f'\n[[camera]]\nid = "{post.id}"\nnumber = {post.number}\nname = "{post.name}"\n'
            f'district = "{post.district}"\nurl = "rtsp://127.0.0.1:{camera_port}/{post.id}"\n'
            f'username = "{CAMERA_USER}"\npassword_file = "camera_password"\n'
            f"lat = {post.point.lat}\nlon = {post.point.lon}\n"
            f"heading_deg = {post.heading_deg}\nfov_deg = {post.fov_deg}"
        )
    return "\n".join(lines) + "\n"


def _secret(file: Path, make: Callable[[], str]) -> str:
    """The one that is there, else a new one that only we may read."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(make())
    return file.read_text()


def _signing_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _free_port() -> int:
    for port in (CAMERA_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise ConfigError("No port is free on this machine for the simulated cameras.")
