import base64
import json
import threading
from pathlib import Path

import pytest
from py_vapid import Vapid02

from server.notify.vapid import GOOD_FOR_S, RENEW_S, VapidKey, open_key
from streams.errors import ConfigError

CONTACT = "mailto:ops@city.example"
ORIGIN = "https://push.example.com"
NOW_S = 1_795_200_000


def claims_of(header: str) -> dict[str, object]:
    token = header.removeprefix("vapid t=").split(",")[0].split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(token + "=="))
    return claims


def test_the_key_is_made_once_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    first = open_key(tmp_path / "data", CONTACT)
    path = tmp_path / "data" / "vapid.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_key(tmp_path / "data", CONTACT).public == first.public
    assert [file.name for file in path.parent.iterdir()] == ["vapid.pem"]


def test_servers_that_start_together_have_one_key(tmp_path: Path) -> None:
    keys: list[str] = []
    start = threading.Barrier(8)

    def open_one() -> None:
        start.wait()
        keys.append(open_key(tmp_path, CONTACT).public)

    threads = [threading.Thread(target=open_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


@pytest.mark.parametrize("is_pem", [True, False])
def test_a_key_that_is_given_is_used_and_none_is_made(tmp_path: Path, is_pem: bool) -> None:
    vapid = Vapid02()
    vapid.generate_keys()
    raw = vapid.private_key.private_numbers().private_value.to_bytes(32)
    given = vapid.private_pem().decode() if is_pem else base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    assert open_key(tmp_path, CONTACT, given).public == VapidKey(vapid, CONTACT).public
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("given", ["nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "§"])
def test_what_is_no_key_is_refused_and_not_told(tmp_path: Path, given: str) -> None:
    with pytest.raises(ConfigError, match="expected a private key of the curve P-256") as refused:
        open_key(tmp_path, CONTACT, given)
    assert given not in str(refused.value)


def test_a_spoilt_file_is_not_replaced(tmp_path: Path) -> None:
    # With a new key every device would be lost without a word.
    (tmp_path / "vapid.pem").write_text("spoilt")
    with pytest.raises(ConfigError, match=r"vapid\.pem"):
        open_key(tmp_path, CONTACT)
    assert (tmp_path / "vapid.pem").read_text() == "spoilt"


def test_the_header_says_to_whom_until_when_and_who(tmp_path: Path) -> None:
    key = open_key(tmp_path, "https://city.example/contact")
    header = key.authorization(ORIGIN, NOW_S)
    assert claims_of(header) == {"aud": ORIGIN, "exp": NOW_S + GOOD_FOR_S, "sub": "https://city.example/contact"}
    assert header.endswith(f",k={key.public}")
    assert Vapid02.verify(header)


def test_a_header_is_used_again_until_shortly_before_its_end(tmp_path: Path) -> None:
    key = open_key(tmp_path, CONTACT)
    first = key.authorization(ORIGIN, NOW_S)
    assert key.authorization(ORIGIN, NOW_S + GOOD_FOR_S - RENEW_S - 1) == first
    assert key.authorization("https://other.example.com", NOW_S) != first
    renewed = key.authorization(ORIGIN, NOW_S + GOOD_FOR_S - RENEW_S)
    assert claims_of(renewed)["exp"] == NOW_S + GOOD_FOR_S - RENEW_S + GOOD_FOR_S
