"""The few commands of the Redis protocol (RESP 2) that the video lane writes."""

from collections.abc import Sequence

PING = b"*1\r\n$4\r\nPING\r\n"
ROLE = b"*1\r\n$4\r\nROLE\r\n"


def command(*parts: str | bytes) -> bytes:
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in encoded)


def publish_prefix(channel: str, *, sharded: bool = False) -> bytes:
    """All of a PUBLISH that comes before the length of the message; ``publish_head`` ends it."""
    name = channel.encode()
    verb = b"$8\r\nSPUBLISH" if sharded else b"$7\r\nPUBLISH"
    return b"*3\r\n%b\r\n$%d\r\n%b\r\n$" % (verb, len(name), name)


def publish_head(prefix: bytes, length: int) -> bytes:
    return b"%b%d\r\n" % (prefix, length)


def publish(channel: str, message: bytes) -> bytes:
    return command("PUBLISH", channel, message)


def reply(*, is_on: bool) -> bytes:
    """Whether the commands that follow are answered. Only switching it on is answered itself."""
    return command("CLIENT", "REPLY", "ON" if is_on else "OFF")


def subscribe(channels: Sequence[str]) -> bytes:
    return command("SUBSCRIBE", *channels)


def unsubscribe(channels: Sequence[str]) -> bytes:
    return command("UNSUBSCRIBE", *channels)


def auth(username: str, password: str) -> list[bytes]:
    """The command that signs in; none without a password."""
    if not password:
        return []
    return [command("AUTH", *((username,) if username else ()), password)]
