"""A camera that does not send over TCP, on real UDP sockets."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

import pytest
import uvloop

from streams.cameras.rtsp import RtspReader, Timeouts
from streams.errors import SourceGarbled, SourceSilent, SourceUnsupported
from streams.formats.rtsp import Interleaved, Parser
from streams.formats.rtsp_message import Fields, Request, Response
from tests.fakes.rtsp_camera import IDR, PPS, SLICE, SPS, RtspCamera
from tests.streams.cameras.test_rtsp import VECTORS, Viewer, watching

PATIENT = Timeouts(connect_s=5, play_s=5, first_picture_s=5, silence_s=5, keep_alive_s=5)


class UdpCamera(RtspCamera):
    """Refuses TCP, and remembers the port that was asked for."""

    def __init__(self, server_port: int = 0, answer: Fields = ()) -> None:
        super().__init__(setup=self._set_up)
        self.client_port = 0
        self._server_port = server_port
        self._answer = answer

    def _set_up(self, request: Request) -> Response:
        if not (asked := re.fullmatch(r"RTP/AVP;unicast;client_port=(\d+)-(\d+)", request.header("Transport"))):
            return Response(461)
        self.client_port = int(asked[1])
        assert int(asked[2]) == self.client_port + 1
        transport = f"{asked[0]};server_port={self._server_port}-{self._server_port + 1}"
        return Response(200, self._answer or (("Transport", transport), ("Session", "abc;timeout=60")))

    def packets(self, timestamp: int, *nals: bytes) -> list[bytes]:
        events = list(Parser().feed(self.picture(timestamp, *nals)))
        return [packet for event in events if isinstance(event, Interleaved) for packet in event.packets]

    def throw(self, sender: socket.socket, packets: Sequence[bytes]) -> None:
        for packet in packets:
            sender.sendto(packet, ("127.0.0.1", self.client_port))


@contextmanager
def udp_socket(address: str = "127.0.0.1") -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((address, 0))
        sender.setblocking(False)
        yield sender


@asynccontextmanager
async def playing(camera: UdpCamera) -> AsyncIterator[Viewer]:
    async with camera, watching(RtspReader(camera.url, udp=True, timeouts=PATIENT)) as viewer:
        await camera.is_playing.wait()
        yield viewer


async def play() -> None:
    with udp_socket() as sender:
        camera = UdpCamera()
        async with playing(camera) as viewer:
            camera.throw(sender, camera.packets(0, SPS, PPS, IDR))
            first, *others = camera.packets(3600, IDR)
            camera.throw(sender, [first, *reversed(others)])
            camera.throw(sender, camera.packets(7200, SLICE))
            units = await viewer.until(3)
            assert [unit.timestamp for unit in units] == [0, 3600, 7200]
            assert units[0].data == units[1].data
            assert camera.methods() == ["OPTIONS", "DESCRIBE", "SETUP", "SETUP", "PLAY"]
            port = camera.client_port
        for free in (port, port + 1):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
                again.bind(("127.0.0.1", free))


async def test_a_camera_that_refuses_tcp_sends_by_udp_and_its_packets_are_put_in_order() -> None:
    await play()


def test_udp_works_on_uvloop_as_well() -> None:
    async def run() -> None:
        async with asyncio.timeout(10):
            await play()

    uvloop.run(run())


async def test_the_answer_of_a_real_camera_leads_to_pictures_by_udp() -> None:
    # It names ports of its own; at the one it sends from nobody listens here.
    (recorded,) = Parser().feed((VECTORS / "luckfox_rkipc_setup_udp.txt").read_bytes())
    assert isinstance(recorded, Response)
    camera = UdpCamera(answer=(("Transport", recorded.header("Transport")), ("Session", recorded.header("Session"))))
    with udp_socket() as sender:
        async with playing(camera) as viewer:
            camera.throw(sender, camera.packets(0, SPS, PPS, IDR))
            await viewer.until(1)


async def test_after_a_lost_datagram_nothing_is_shown_before_the_next_key_frame() -> None:
    camera = UdpCamera()
    with udp_socket() as sender:
        async with playing(camera) as viewer:
            camera.throw(sender, camera.packets(0, SPS, PPS, IDR))
            damaged = camera.packets(3600, IDR)
            del damaged[1]
            camera.throw(sender, damaged)
            for number in range(2, 80):
                camera.throw(sender, camera.packets(number * 3600, SLICE))
            camera.throw(sender, camera.packets(80 * 3600, IDR))
            units = await viewer.until(2)
            assert [unit.timestamp for unit in units] == [0, 80 * 3600]


async def test_datagrams_of_a_stranger_are_ignored() -> None:
    camera = UdpCamera()
    with udp_socket() as sender, udp_socket("127.0.0.2") as stranger:
        async with playing(camera) as viewer:
            camera.throw(stranger, camera.packets(3600, SPS, PPS, IDR))
            camera.throw(sender, camera.packets(7200, SPS, PPS, IDR))
            (unit,) = await viewer.until(1)
            assert unit.timestamp == 7200


async def test_the_camera_is_knocked_at_so_that_what_stands_between_lets_its_packets_through() -> None:
    with udp_socket() as door:
        async with playing(UdpCamera(door.getsockname()[1])):
            data = await asyncio.get_running_loop().sock_recv(door, 100)
            assert data == b"\x80" + bytes(11)


async def test_a_picture_without_end_by_udp_is_garbled() -> None:
    with udp_socket() as sender:
        async with UdpCamera() as camera:
            task = asyncio.create_task(RtspReader(camera.url, udp=True, timeouts=PATIENT).run(Viewer().emit))
            await camera.is_playing.wait()
            for packet in camera.packets(0, b"\x65" + bytes(9_000_000)):
                camera.throw(sender, [packet])
                await asyncio.sleep(0)
            with pytest.raises(SourceGarbled, match="a picture of more than"):
                await task


async def test_a_camera_whose_packets_never_arrive_is_silent() -> None:
    async with UdpCamera() as camera:
        with pytest.raises(
            SourceSilent, match=r"no picture came within 0\.2 s\. It sends by UDP: does the firewall let that in\?"
        ):
            await RtspReader(camera.url, udp=True, timeouts=replace(PATIENT, first_picture_s=0.2)).run(Viewer().emit)


async def test_without_leave_no_udp_is_asked_for_and_the_way_to_allow_it_is_said() -> None:
    async with UdpCamera() as camera:
        with pytest.raises(SourceUnsupported, match="udp = true"):
            await RtspReader(camera.url, timeouts=PATIENT).run(Viewer().emit)
        assert camera.methods() == ["OPTIONS", "DESCRIBE", "SETUP"]


async def test_a_camera_that_agrees_to_tcp_and_sends_nothing_is_asked_for_udp_on_a_new_connection() -> None:
    class Pretender(UdpCamera):
        def _set_up(self, request: Request) -> Response:
            answer = super()._set_up(request)
            return self.good(request) if answer.status == 461 else answer

    camera = Pretender()
    impatient = replace(PATIENT, first_picture_s=0.3)
    with udp_socket() as sender:
        async with camera, watching(RtspReader(camera.url, udp=True, timeouts=impatient)) as viewer:
            await camera.until(lambda: camera.methods().count("PLAY") == 2)
            camera.throw(sender, camera.packets(0, SPS, PPS, IDR))
            await viewer.until(1)
        assert camera.connections == 2
        once = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]
        assert camera.methods()[:9] == [*once, *once[:4]]
