"""docker-compose.yml, Dockerfile and Caddyfile against the code. No engine runs here, so they are read."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.__main__ import make_parser
from server.config import OVERRIDES, load
from server.core.access import Permission
from server.web.pages import Pages
from server.web.routes import table
from streams.config import BUS_SCHEMES
from streams.config import load as load_streams

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SERVERS = {name: service for name, service in OURS.items() if service["command"][0] == "server"}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
CADDYFILE = (ROOT / "docs/deploy/Caddyfile").read_text()


def environment(service: str) -> dict[str, str]:
    """As the container gets it, with ``SITE_ADDRESS=sightline.example``."""
    values = SERVICES[service].get("environment", {})
    return {key: re.sub(r"\$\{SITE_ADDRESS[^}]*\}", "sightline.example", value) for key, value in values.items()}


def configuration(folder: Path) -> Path:
    """The mounted file, with secrets in this folder instead of /run/secrets."""
    text = (ROOT / "docs/deploy/sightline.toml").read_text()
    file = folder / "sightline.toml"
    file.write_text(text.replace("/run/secrets/", f"{folder}/"))
    for name in COMPOSE["secrets"]:
        (folder / name).write_text("whsec_" + "QUJD" * 8 + "\n")
    return file


def test_there_are_two_servers_and_what_they_need() -> None:
    assert set(SERVICES) == {"caddy", "server-1", "server-2", "streams", "valkey", "postgres"}
    assert set(SERVERS) == {"server-1", "server-2"}


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_starts_with_its_variables_and_secrets(name: str, tmp_path: Path) -> None:
    file = configuration(tmp_path)
    for secret in set(COMPOSE["secrets"]) - set(SERVICES[name]["secrets"]):
        (tmp_path / secret).unlink()
    config = load(file, environment(name), with_camera_credentials=False)
    assert config.web.port == int(re.findall(r"(?m)^EXPOSE (\d+)$", DOCKERFILE)[0])
    assert SERVICES[name]["expose"] == [str(config.web.port)]
    assert config.web.public_origin == "https://sightline.example"
    database, bus = config.database.url, config.streams.bus.url
    assert re.fullmatch(r"postgresql://sightline:whsec_\w+@postgres:5432/sightline", database)
    assert re.fullmatch(r"redis://:whsec_\w+@valkey:6379/0", bus)


def test_streams_starts_with_its_variables_and_secrets(tmp_path: Path) -> None:
    file = configuration(tmp_path)
    for secret in set(COMPOSE["secrets"]) - set(SERVICES["streams"]["secrets"]):
        (tmp_path / secret).unlink()
    config = load_streams(file, environment("streams"))
    assert config.bus.url.startswith(tuple(f"{scheme}://" for scheme in BUS_SCHEMES))
    assert all(camera.password for camera in config.cameras)


def test_every_variable_of_ours_is_known() -> None:
    used = {key for name in OURS for key in environment(name)}
    used |= set(re.findall(r"\b(SIGHTLINE_\w+)=", DOCKERFILE))
    assert {key for key in used if key.startswith("SIGHTLINE_")} <= set(OVERRIDES.values())


def test_a_command_is_one_of_ours() -> None:
    for service in OURS.values():
        assert make_parser().parse_args(service["command"]).command == service["command"][0]
    (default,) = re.findall(r"(?m)^CMD (\[.*\])$", DOCKERFILE)
    assert make_parser().parse_args(yaml.safe_load(default)).command == "server"


def test_the_health_check_asks_a_route_that_needs_no_session() -> None:
    routes = table(Pages())
    open_routes = {(route.method, route.path) for route in routes if route.permission is Permission.ANYBODY}
    for service in SERVERS.values():
        (asked,) = re.findall(r"http://127\.0\.0\.1:8080(/\w+)", " ".join(service["healthcheck"]["test"]))
        assert ("GET", asked) in open_routes
    (proxied,) = re.findall(r"health_uri (\S+)", CADDYFILE)
    assert ("GET", proxied) in open_routes


def test_the_proxy_knows_all_servers_and_their_port() -> None:
    (upstreams,) = re.findall(r"reverse_proxy (.*) \{", CADDYFILE)
    assert set(upstreams.split()) == {f"{name}:{service['expose'][0]}" for name, service in SERVERS.items()}
    assert "{$SITE_ADDRESS}" in CADDYFILE
    assert "SITE_ADDRESS" in SERVICES["caddy"]["environment"]


def test_only_the_proxy_has_ports_on_the_host() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"caddy"}


def test_who_waits_for_whom_waits_for_a_health_check() -> None:
    for service in SERVICES.values():
        for needed, how in service.get("depends_on", {}).items():
            assert how["condition"] == "service_healthy"
            assert SERVICES[needed]["healthcheck"]["test"]


def test_secrets_volumes_and_mounted_files_exist() -> None:
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    named = {mount.split(":")[0] for mount in mounts if not mount.startswith(".")}
    assert named == set(COMPOSE["volumes"])
    assert all((ROOT / mount.split(":")[0]).is_file() for mount in mounts if mount.startswith("."))
    assert all(f"./secrets/{name}" == secret["file"] for name, secret in COMPOSE["secrets"].items())


def test_the_document_makes_every_secret() -> None:
    document = (ROOT / "docs/operations.md").read_text()
    (words,) = re.findall(r"for name in (.*?); do", document)
    made = {f"{word}_password" for word in words.split()} | set(re.findall(r"> secrets/(\w+_secret)", document))
    assert made == set(COMPOSE["secrets"])


def test_we_do_not_run_as_root() -> None:
    last_stage = DOCKERFILE.split("\nFROM ")[-1]
    assert "USER sightline" in last_stage
    assert last_stage.index("useradd") < last_stage.index("USER sightline") < last_stage.index("ENTRYPOINT")
    for service in OURS.values():
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True


def test_the_image_and_the_packages_are_of_one_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {service["image"] for service in OURS.values()} == {f"sightline:{version}"}


def test_what_the_image_is_built_from_exists() -> None:
    for path in re.findall(r"(?:-r|python) ((?:requirements|clients)/\S+)", DOCKERFILE):
        assert (ROOT / path).is_file(), path
