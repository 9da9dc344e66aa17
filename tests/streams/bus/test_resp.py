"""Bytes of the Redis protocol (https://valkey.io/topics/protocol, "Sending commands to a Valkey server")."""

import hiredis

from streams.bus import resp


def test_commands_are_arrays_of_bulk_strings() -> None:
    assert resp.command("SELECT", b"2") == b"*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n"
    assert resp.subscribe(["é"]) == b"*2\r\n$9\r\nSUBSCRIBE\r\n$2\r\n\xc3\xa9\r\n"
    assert resp.unsubscribe(["a", "b"]) == b"*3\r\n$11\r\nUNSUBSCRIBE\r\n$1\r\na\r\n$1\r\nb\r\n"


def test_a_publish_is_its_prefix_its_length_and_the_message_untouched() -> None:
    message = b"\x82\x03\r\n\x00"
    parts = resp.publish_head(resp.publish_prefix("sightline:video:4"), len(message)), message, b"\r\n"
    reader = hiredis.Reader()
    reader.feed(b"".join(parts))
    assert reader.gets() == [b"PUBLISH", b"sightline:video:4", message]


def test_who_has_no_password_does_not_sign_in() -> None:
    assert resp.auth("viewer", "") == []
    assert resp.auth("", "s") == [b"*2\r\n$4\r\nAUTH\r\n$1\r\ns\r\n"]
    assert resp.auth("me", "s") == [b"*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$1\r\ns\r\n"]
