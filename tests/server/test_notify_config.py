from collections.abc import Mapping
from pathlib import Path

import pytest

from server.config import load
from server.effective import to_toml
from server.notify_config import NotifyConfig
from streams.errors import ConfigError

KEY = "a-key-that-nobody-may-see"


def read(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> NotifyConfig:
    file = folder / "sightline.toml"
    file.write_text(f"[notify]\n{text}")
    return load(file, dict(environ or {})).notify


def test_without_a_contact_it_is_off(tmp_path: Path) -> None:
    assert read(tmp_path, "") == NotifyConfig("", "", show_content=False, allow_hosts=())


@pytest.mark.parametrize("contact", ["mailto:ops@city.example", "https://city.example", "https://city.example/contact"])
def test_a_contact_is_an_address_for_mail_or_a_page(tmp_path: Path, contact: str) -> None:
    text = f'contact = "{contact}"\nshow_content = true\nallow_hosts = ["Push.City.example"]'
    assert read(tmp_path, text) == NotifyConfig(contact, show_content=True, allow_hosts=("push.city.example",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # Apple refuses these with a 403 (RFC 8292 §2.1 asks for an address that works).
        ('contact = "ops@city.example"', "notify.contact"),
        ('contact = "mailto: ops@city.example"', "notify.contact"),
        ('contact = "mailto:ops@localhost"', "notify.contact"),
        ('contact = "http://city.example"', "notify.contact"),
        ('contact = "https://localhost"', "notify.contact"),
        ('allow_hosts = ["https://push.city.example/"]', "notify.allow_hosts"),
        ('vapid_key = "x"', "secrets do not belong into this file"),
        ('contakt = "x"', "did you mean contact?"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert said in str(refused.value)


def test_the_key_comes_from_elsewhere_and_is_never_shown(tmp_path: Path) -> None:
    config = read(tmp_path, 'vapid_key_env = "VAPID"', {"VAPID": KEY})
    assert config.vapid_key == KEY
    assert KEY not in repr(config)
    shown = to_toml(load(tmp_path / "sightline.toml", {"VAPID": KEY}))
    assert "# vapid_key: is set" in shown
    assert KEY not in shown
