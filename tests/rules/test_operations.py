"""docs/operations.md against the code: every key is documented, and what the document shows loads."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from server.clips_config import ClipsConfig
from server.config import OVERRIDES, Config, DatabaseConfig, SourceConfig, WebConfig, load
from server.notify_config import NotifyConfig
from server.people_config import DUTIES, ROLES, BeatConfig, PersonConfig
from streams.config import BusConfig, CameraConfig
from streams.formats.gunshot_xml import DEFAULT_FIELDS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs/operations.md").read_text()
SECRETS = {"password", "secret", "path_secret", "vapid_key", "metrics_token", "signing_key", "access_key", "secret_key"}
TABLES_OF: dict[type, set[str]] = {
    Config: {"streams", "web", "database", "sources", "people", "beats", "notify", "clips"},
    CameraConfig: {"presets"},
}
EXAMPLES = re.findall(r"(?ms)^```toml\n(.*?)^```", DOCUMENT)


def section(heading: str) -> str:
    match = re.search(rf"(?ms)^### {re.escape(heading)}.*?(?=^##)", DOCUMENT)
    assert match, heading
    return match[0]


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Top level", Config),
        ("`[web]`", WebConfig),
        ("`[database]` and `[bus]`", DatabaseConfig),
        ("`[database]` and `[bus]`", BusConfig),
        ("`[notify]`", NotifyConfig),
        ("`[clips]`", ClipsConfig),
        ("`[[camera]]`", CameraConfig),
        ("`[[source]]`", SourceConfig),
        ("`[[beat]]`", BeatConfig),
        ("`[[person]]`", PersonConfig),
    ],
)
def test_every_key_is_documented(heading: str, kind: type) -> None:
    keys = {field.name for field in fields(kind)} - TABLES_OF.get(kind, set())
    wanted = set(keys - SECRETS) | {f"{key}_{how}" for key in keys & SECRETS for how in ("env", "file")}
    said = {key for row in re.findall(r"(?m)^\| (`.*?) \|", section(heading)) for key in re.findall(r"`(\w+)`", row)}
    extra = {"password_env", "password_file"} if "bus" in heading else set()
    extra |= {"camera_files", "camera_networks"} if kind is Config else set()
    assert said == wanted | extra


def test_every_variable_is_documented() -> None:
    rows = dict(re.findall(r"(?m)^\| `(SIGHTLINE_\w+)` \| `([\w.]+)`", DOCUMENT))
    assert rows == {variable: key for key, variable in OVERRIDES.items()}


def test_every_field_of_a_gunshot_document_is_documented() -> None:
    listed = re.search(r"Fields of gunshot documents: (.*?)\. ", DOCUMENT)
    assert listed
    assert re.findall(r"`(\w+)`", listed[1]) == list(DEFAULT_FIELDS)


def test_every_role_and_duty_is_documented() -> None:
    assert all(f"`{word}`" in section("`[[person]]`") for word in (*ROLES, *DUTIES))


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_examples_load(example: str, tmp_path: Path) -> None:
    (tmp_path / "sightline.toml").write_text(re.sub(r"/run/secrets/\w+", "secret", example))
    (tmp_path / "secret").write_text("a-secret-of-thirty-two-characters")
    environ = dict.fromkeys(re.findall(r'_env = "(\w+)"', example), "whsec_" + "QUJD" * 8)
    assert load(tmp_path / "sightline.toml", environ).streams.cameras
