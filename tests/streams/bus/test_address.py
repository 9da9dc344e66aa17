"""Addresses of the bus."""

import pytest

from streams.bus.address import BusAddress
from streams.errors import ConfigError


def test_a_unix_socket() -> None:
    address = BusAddress.parse("unix:///run/sight%20line/valkey.sock?db=2&password=s3cret")
    assert (address.path, address.db, address.password) == ("/run/sight line/valkey.sock", 2, "s3cret")
    assert address.tls_context() is None
    assert "s3cret" not in repr(address) + address.place


def test_a_server_on_the_network_with_password_and_database() -> None:
    address = BusAddress.parse("redis://streams:p%40ss@valkey.example:6380/3")
    assert (address.host, address.port, address.db) == ("valkey.example", 6380, 3)
    assert (address.username, address.password) == ("streams", "p@ss")
    assert address.place == "valkey.example:6380"


def test_defaults() -> None:
    assert BusAddress.parse("redis://") == BusAddress(path="", host="localhost", port=6379)
    assert BusAddress.parse("redis://:secret@h").username == ""


def test_sentinels_with_the_name_of_the_master_and_credentials_of_both() -> None:
    address = BusAddress.parse("sentinel://streams:p%40ss@one:26380,two,10.0.0.3/city/2?sentinel_password=k3y")
    assert address.sentinels == (("one", 26380), ("two", 26379), ("10.0.0.3", 26379))
    assert (address.master, address.db, address.tls) == ("city", 2, False)
    assert (address.username, address.password, address.sentinel_password) == ("streams", "p@ss", "k3y")
    assert address.place == "city of one:26380, two:26379, 10.0.0.3:26379"
    assert not any(secret in repr(address) + address.place for secret in ("p@ss", "k3y"))
    assert BusAddress.parse("sentinels://one/city").tls_context() is not None


def test_any_node_of_a_cluster() -> None:
    address = BusAddress.parse("cluster://:s3cret@one,two:6380")
    assert address.nodes == (("one", 6379), ("two", 6380))
    assert (address.password, address.place) == ("s3cret", "the cluster of one:6379, two:6380")
    assert BusAddress.parse("clusters://one").tls_context() is not None


def test_tls_verifies_unless_told_otherwise() -> None:
    strict = BusAddress.parse("rediss://valkey.example").tls_context()
    assert strict is not None
    assert strict.check_hostname
    lax = BusAddress.parse("rediss://valkey.example?ssl_cert_reqs=none").tls_context()
    assert lax is not None
    assert not lax.check_hostname


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://h", "got http scheme"),
        ("valkey.sock", "got no scheme"),
        ("unix://", "names no socket"),
        ("redis://h:port", "not an address"),
        ("redis://h/name", "not an address"),
        ("sentinel://h:1,i:port/city", "not an address"),
        ("sentinel://h:1,i:2", "no master"),
        ("sentinel:///city", "names no sentinel"),
        ("cluster://", "expected the nodes"),
        ("cluster://one/1", "expected the nodes of a cluster and nothing else"),
    ],
)
def test_anything_else_is_refused_with_words(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        BusAddress.parse(url)
