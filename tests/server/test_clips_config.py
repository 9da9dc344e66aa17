from pathlib import Path

import pytest

from server.clips_config import ClipsConfig
from server.config import load
from server.effective import to_toml
from streams import config as streams_config
from streams.errors import ConfigError


def clips(folder: Path, text: str) -> ClipsConfig:
    file = folder / "sightline.toml"
    file.write_text(f"[clips]\n{text}\n")
    return load(file, {"KEY": "-----BEGIN PRIVATE KEY-----"}).clips


def test_clips_of_alerts_stay_longer_when_nothing_is_said(tmp_path: Path) -> None:
    assert clips(tmp_path, "") == ClipsConfig(keep_days=30, keep_days_of_alerts=365, record_alerts=True)


def test_what_is_said_counts(tmp_path: Path) -> None:
    text = 'keep_days = 7\nkeep_days_of_alerts = 30\nrecord_alerts = false\nsigning_key_env = "KEY"'
    assert clips(tmp_path, text) == ClipsConfig(7, 30, record_alerts=False, signing_key="-----BEGIN PRIVATE KEY-----")


@pytest.mark.parametrize(
    "text", ["keep_days = 0", "keep_days = 36501", 'keep_days = "7"', "keep = 1", 'signing_key = "x"']
)
def test_what_is_wrong_is_refused_with_its_path(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"^clips\."):
        clips(tmp_path, text)


BUCKET = 'access_key_env = "KEY"\nsecret_key_env = "KEY"\nbucket = '


@pytest.mark.parametrize(
    "address", ["https://s3.example/clips", "https://s3.example:9000/city/clips", "http://127.0.0.1:1/c"]
)
def test_files_may_lie_in_a_bucket(tmp_path: Path, address: str) -> None:
    found = clips(tmp_path, f'{BUCKET}"{address}"')
    assert (found.bucket, found.region, found.secret_key) == (address, "us-east-1", "-----BEGIN PRIVATE KEY-----")


@pytest.mark.parametrize(
    "text",
    [
        BUCKET + '"http://s3.example/clips"',
        BUCKET + '"https://s3.example/"',
        BUCKET + '"https://me:secret@s3.example/clips"',
        BUCKET + '"https://s3.example/clips?x=1"',
        BUCKET + '"clips"',
        'bucket = "https://s3.example/clips"',
        'access_key_env = "KEY"',
    ],
)
def test_a_bucket_that_can_not_be_used_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"^clips\."):
        clips(tmp_path, text)


def test_the_key_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "sightline.toml").write_text('[clips]\nsigning_key_env = "KEY"\n')
    text = to_toml(load(tmp_path / "sightline.toml", {"KEY": "very-secret"}))
    assert "very-secret" not in text
    assert "# signing_key: is set" in text


def test_streams_leave_it_to_the_server(tmp_path: Path) -> None:
    (tmp_path / "sightline.toml").write_text("[clips]\nkeep_days = 7\n")
    assert streams_config.load(tmp_path / "sightline.toml", {}).cameras == ()
