import pytest

from streams.cameras.address import Address
from streams.errors import SourceUnreachable

HTTP = ("http", "https")


def test_credentials_come_out_of_the_address() -> None:
    address = Address.of("http://me:p%40ss@192.0.2.1:81/a?b#c", HTTP, expected="x")
    assert (address.url, address.username, address.password) == ("http://192.0.2.1:81/a?b#c", "me", "p@ss")


def test_those_that_are_given_beside_it_count() -> None:
    address = Address.of("http://me:old@192.0.2.1/", HTTP, expected="x", username="viewer", password="new")
    assert (address.url, address.username, address.password) == ("http://192.0.2.1/", "viewer", "new")


def test_a_file_needs_no_host() -> None:
    assert Address.of("file:///a b.mp4", ("file",), expected="x").url == "file:///a b.mp4"


@pytest.mark.parametrize(
    "url", ["", "rtsp://192.0.2.1/", "http:///path", "http://a:b/", "http://a:0/", "http://a:70000/", "http://["]
)
def test_what_is_no_address_is_told_with_one_that_would_be(url: str) -> None:
    with pytest.raises(SourceUnreachable, match=r"^The address can't be used: expected http://host/path\.$"):
        Address.of(url, HTTP, expected="http://host/path")
