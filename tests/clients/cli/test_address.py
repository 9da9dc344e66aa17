import pytest

from clients.cli import address
from clients.cli.errors import Refused


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://rtcc.example", "https://rtcc.example"),
        ("rtcc.example:8443", "https://rtcc.example:8443"),
    ],
)
def test_an_address_is_read_as_people_write_it(text: str, origin: str) -> None:
    assert address.parse(text).origin == origin


def test_sockets_have_the_same_host_and_security() -> None:
    assert address.parse("https://rtcc.example").websocket("/ws/events") == "wss://rtcc.example/ws/events"
    assert address.parse("http://127.0.0.1:1").websocket("/ws/video") == "ws://127.0.0.1:1/ws/video"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ftp://rtcc.example",
        "https://",
        "https://rtcc.example/console",
        "https://me:secret@rtcc.example",
        "https://a:b",
        "https://[",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        address.parse(text)


def test_a_password_never_crosses_a_network_in_the_clear() -> None:
    with pytest.raises(Refused, match="in the clear"):
        address.parse("http://rtcc.example")


def test_a_password_in_an_address_is_not_repeated_in_the_error() -> None:
    with pytest.raises(Refused) as refused:
        address.parse("https://me:hunter22@rtcc.example")
    assert "hunter22" not in str(refused.value)
