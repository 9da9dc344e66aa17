import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from streams.cameras.datagram_door import DatagramDoor
from streams.errors import SourceRefused, SourceUnreachable
from streams.networks import Networks
from tests.free_port import free_port


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def _sender(sockets: ExitStack, ip: str = "127.0.0.1") -> socket.socket:
    sender = sockets.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sender.bind((ip, 0))
    return sender


def _door(
    sockets: ExitStack, ip: str = "127.0.0.1", query: str = "", networks: Networks | None = None
) -> tuple[DatagramDoor, tuple[str, int]]:
    port = free_port(socket.SOCK_DGRAM)
    door = DatagramDoor(f"udp://{ip}:{port}{query}", networks or Networks())
    sockets.callback(door.close)
    return door, (ip, port)


def test_the_first_sender_is_the_camera(sockets: ExitStack) -> None:
    door, address = _door(sockets)
    camera, stranger = _sender(sockets), _sender(sockets, "127.0.0.2")
    for sender, data in ((camera, b"a"), (stranger, b"b"), (camera, b""), (camera, b"c")):
        sender.sendto(data, address)

    assert [door.read(32768), door.read(32768)] == [b"a", b"c"]


def test_a_named_sender_is_waited_for(sockets: ExitStack) -> None:
    door, address = _door(sockets, query="?sources=127.0.0.2")
    _sender(sockets).sendto(b"a", address)
    _sender(sockets, "127.0.0.2").sendto(b"b", address)

    assert door.read(32768) == b"b"


def test_a_sender_outside_of_the_networks_is_refused(sockets: ExitStack) -> None:
    door, address = _door(sockets, networks=Networks.of(["10.0.0.0/8"]))
    _sender(sockets).sendto(b"a", address)

    with pytest.raises(SourceRefused, match=r"127\.0\.0\.1, which is in none of the camera_networks"):
        door.read(32768)


def test_a_group_is_joined(sockets: ExitStack) -> None:
    door, address = _door(sockets, ip="239.255.77.7")
    sender = _sender(sockets, "0.0.0.0")
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    try:
        sender.sendto(b"a", address)
    except OSError as error:
        pytest.skip(f"this machine has no way to a group: {error.strerror}")

    assert door.read(32768) == b"a"


def test_a_port_that_is_taken_is_said(sockets: ExitStack) -> None:
    ip, port = _sender(sockets).getsockname()

    with pytest.raises(SourceUnreachable, match=r"Can't listen at 127\.0\.0\.1 port"):
        DatagramDoor(f"udp://{ip}:{port}", Networks())


@pytest.mark.parametrize("rest", ["127.0.0.1", "127.0.0.1:0", "camera.example:5000", "127.0.0.1:5000?sources=x"])
def test_what_can_not_be_listened_at_is_refused(rest: str) -> None:
    with pytest.raises(SourceUnreachable, match="expected udp://IP:PORT"):
        DatagramDoor(f"udp://{rest}", Networks())


def test_nothing_else_is_opened(sockets: ExitStack) -> None:
    door, (ip, port) = _door(sockets)

    assert door(f"udp://{ip}:{port}", 1, {}) is door
    for url, flags in (("http://127.0.0.1/x", 1), (f"udp://{ip}:{port}", 2)):
        with pytest.raises(SourceRefused):
            door(url, flags, {})
