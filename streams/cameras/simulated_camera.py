"""SimulatedCamera: plays one clip for ever to whoever asks, at the pace of the wall clock, and fails on command."""

import asyncio
import math
import struct
import time
import zlib
from base64 import b64encode
from collections.abc import Callable
from typing import Protocol

from streams.access_unit import CLOCK_HZ
from streams.cameras.clips import Clip
from streams.formats import rtp_h264
from streams.formats.h264 import split_avcc
from streams.formats.rtp_packetiser import Packetiser
from streams.formats.rtsp import interleave

OnSend = Callable[[int, int, bytes], None]
"""Called just before a picture is written to the players: number of the picture, ``time.monotonic_ns()``, and the last
12 bytes of its access unit, by which it can be recognised wherever it comes out."""

PAYLOAD_TYPE = 96
_REPORT_EVERY_S = 5.0
_NTP_EPOCH_S = 2_208_988_800
_GARBAGE = bytes((n * 73 + 41) % 251 for n in range(700))


class Player(Protocol):
    """One client that has asked for pictures."""

    channels: tuple[int, int]
    """For RTP and RTCP."""
    waits_for_key: bool

    @property
    def is_behind(self) -> bool: ...

    def write(self, data: bytes) -> None: ...

    def abort(self) -> None: ...


class SimulatedCamera:
    """All players see the same timeline: the picture of this moment of the wall clock, modulo the clip.

    A picture is cut into packets once, whoever plays; nothing runs when nobody does. Like the encoder of a real camera
    it does not care for a slow player: he loses pictures up to the next key frame.
    """

    def __init__(self, camera_id: str, clip: Clip, *, on_send: OnSend | None = None) -> None:
        self.id = camera_id
        self.clip = clip
        self.on_send = on_send
        self.encoding = "H264"
        """As the description says it; another word makes a camera that claims to send something else."""
        self.refuses_with = 0
        """Status of every answer but that to OPTIONS; 0 for none."""
        self.is_mute = False
        """Accepts, and answers no request."""
        self.is_dead = False
        """Hangs up on whoever asks for it."""
        self.players: set[Player] = set()
        self.connections: set[Player] = set()
        """All that have asked for this camera, playing or not."""
        self._following: Clip | None = None
        self._switch_at = 0.0
        self._next = 0
        self._timer: asyncio.TimerHandle | None = None
        self._is_stalled = False
        self._stray = b""
        self._length_error = 0
        self._ssrc = zlib.crc32(camera_id.encode())
        self._packetiser = Packetiser(
            rtp_h264.pack, payload_type=PAYLOAD_TYPE, ssrc=self._ssrc, sequence=self._ssrc & 0xFFFF
        )
        self._packets = self._octets = 0
        self._report_at = 0.0

    # Playing

    def add(self, player: Player) -> None:
        """Pictures from the next key frame on."""
        player.waits_for_key = True
        self.players.add(player)
        if self._timer is None:
            self._next = math.ceil(time.time() * self.clip.fps)
            self._schedule()

    def remove(self, player: Player) -> None:
        self.players.discard(player)
        if not self.players and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def description(self, address: str) -> bytes:
        """SDP (RFC 8866)."""
        parameters = self.clip.parameters
        sets = ",".join(b64encode(nal).decode() for nal in (*parameters.sps, *parameters.pps))
        profile = parameters.sps[0][1:4].hex().upper()
        lines = (
            "v=0",
            f"o=- {self._ssrc} 1 IN IP4 {address}",
            f"s={self.id}",
            f"c=IN IP4 {address}",
            "t=0 0",
            "a=control:*",
            "a=range:npt=now-",
            f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
            f"a=rtpmap:{PAYLOAD_TYPE} {self.encoding}/{CLOCK_HZ}",
            f"a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={sets}",
            f"a=framerate:{self.clip.fps}",
            "a=control:track1",
        )
        return "".join(f"{line}\r\n" for line in lines).encode()

    # Faults

    def stall(self) -> None:
        """Keep the connections, send no more pictures."""
        self._is_stalled = True

    def resume(self) -> None:
        """End every fault; pictures come again from the next key frame on."""
        self._is_stalled = self.is_mute = self.is_dead = False
        self.refuses_with = 0
        for player in self.players:
            player.waits_for_key = True

    def drop_connections(self) -> None:
        """Cut every connection in the middle of whatever it does; new ones are welcome."""
        for connection in list(self.connections):
            connection.abort()

    def kill(self) -> None:
        """As if its plug was pulled, as far as one of several behind the same port can."""
        self.is_dead = True
        self.drop_connections()

    def refuse(self, status: int = 503) -> None:
        """Answer every request with an error; those who play are cut off."""
        self.refuses_with = status
        self.drop_connections()

    def mute(self) -> None:
        """Accept connections and say nothing at all."""
        self.is_mute = True

    def change_resolution(self, clip: Clip) -> None:
        """Go on with another clip at its next key frame, with its parameter sets in band."""
        number = math.ceil(time.time() * clip.fps)
        while not clip.is_key(number % len(clip)):
            number += 1
        self._following, self._switch_at = clip, number / clip.fps

    def send_garbage(self, garbage: bytes = _GARBAGE) -> None:
        """Put bytes that are no RTSP between two pictures."""
        self._stray = garbage

    def wrong_interleaved_length(self, too_much: int = 100) -> None:
        """Announce the first packet of the next picture with a wrong length."""
        self._length_error = too_much

    # The clock

    def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        due = self._next / self.clip.fps
        if self._following is not None:
            due = min(due, self._switch_at)
        self._timer = loop.call_at(loop.time() + max(0.0, due - time.time()), self._tick)

    def _tick(self) -> None:
        now = time.time()
        if self._following is not None and now >= self._switch_at:
            self.clip, self._following = self._following, None
            self._next = round(self._switch_at * self.clip.fps)
        fps = self.clip.fps
        if not 0 <= now * fps - self._next + 1 < 2 * fps:
            # The loop was held up, or the clock was set: a jump, as cameras make.
            self._next = math.floor(now * fps)
            for player in self.players:
                player.waits_for_key = True
        while self._next <= now * fps:
            if not self._is_stalled:
                self._send(self._next)
            self._next += 1
        if not self._is_stalled and now >= self._report_at:
            self._report_at = now + _REPORT_EVERY_S
            self._send_report(now)
        if self.players:
            self._schedule()
        else:
            self._timer = None

    def _send(self, number: int) -> None:
        """One picture to all, each on his channel."""
        unit = self.clip[number % len(self.clip)]
        is_key = self.clip.is_key(number % len(self.clip))
        parameters = self.clip.parameters
        nals = [*parameters.sps, *parameters.pps] if is_key else []
        nals += split_avcc(unit)
        packets = self._packetiser.packets(nals, number * CLOCK_HZ // self.clip.fps)
        self._packets += len(packets)
        self._octets += sum(map(len, packets)) - 12 * len(packets)
        framed: dict[int, bytes] = {}
        stray, self._stray = self._stray, b""
        error, self._length_error = self._length_error, 0
        if self.on_send is not None:
            self.on_send(number, time.monotonic_ns(), unit[-12:])
        for player in list(self.players):
            if player.waits_for_key and not is_key:
                continue
            if player.is_behind:
                player.waits_for_key = True
                continue
            player.waits_for_key = False
            channel = player.channels[0]
            if channel not in framed:
                data = b"".join([interleave(channel, packet) for packet in packets])
                if error:
                    data = data[:2] + struct.pack(">H", (len(packets[0]) + error) & 0xFFFF) + data[4:]
                framed[channel] = stray + data
            player.write(framed[channel])

    def _send_report(self, now: float) -> None:
        """RTCP sender report and CNAME (RFC 3550 §6.4.1, §6.5.1): which RTP time is which time of day."""
        seconds, fraction = divmod(now + _NTP_EPOCH_S, 1)
        rtp_time = int(now * CLOCK_HZ) & 0xFFFFFFFF
        report = struct.pack(
            ">BBHIIIIII",
            0x80,
            200,
            6,
            self._ssrc,
            int(seconds) & 0xFFFFFFFF,
            int(fraction * 2**32),
            rtp_time,
            self._packets & 0xFFFFFFFF,
            self._octets & 0xFFFFFFFF,
        )
        name = self.id.encode()[:40]
        item = struct.pack(">IBB", self._ssrc, 1, len(name)) + name
        item += bytes(4 - len(item) % 4)
        report += struct.pack(">BBH", 0x81, 202, len(item) // 4) + item
        for player in list(self.players):
            player.write(interleave(player.channels[1], report))
