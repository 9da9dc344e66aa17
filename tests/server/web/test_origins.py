from pathlib import Path

from server.config import WebConfig
from server.web.origins import own_origins


def test_on_loopback_every_name_of_it_is_our_own() -> None:
    assert own_origins(WebConfig(), 8080) == {
        "http://127.0.0.1:8080",
        "http://localhost:8080",
        "http://[::1]:8080",
    }


def test_behind_a_proxy_only_the_public_origin_is_our_own() -> None:
    config = WebConfig(behind_proxy=True, public_origin="https://sightline.example")
    assert own_origins(config, 8080) == {"https://sightline.example"}


def test_with_tls_it_is_https_and_the_usual_port_is_not_said() -> None:
    config = WebConfig(host="192.0.2.7", tls_certificate=Path("c"), tls_key=Path("k"))
    assert own_origins(config, 443) == {"https://192.0.2.7", "https://192.0.2.7:443"}
