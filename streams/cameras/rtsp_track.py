"""RtspTrack: the video of one RTSP session, packets in, access units out."""

import asyncio

from streams.access_unit import AccessUnit
from streams.cameras.allowance import Allowance
from streams.cameras.decode_order import DecodeOrder
from streams.cameras.reader import Emit
from streams.formats import rtp_h264, rtp_h265, rtp_jpeg, sdp
from streams.formats.rtp import Depacketiser, Picture, Unpacker
from streams.formats.rtsp import Interleaved, Lost
from streams.formats.video_codec import H264, H265, JPEG
from streams.pace import Pace


class RtspTrack:
    """The video of one session: packets in, access units out."""

    def __init__(self, emit: Emit) -> None:
        self.shown = 0
        self.seen = 0
        self.seen_at = 0.0
        """On the clock of the event loop."""
        self._emit = emit
        self._channel = -1
        self._depacketiser = Depacketiser(0, rtp_h264.Unpacker())
        self._codec = H264
        self._sets = H264.new_sets()
        self._order = DecodeOrder()
        self._allowance = Allowance()
        self.pace = Pace()
        self._loop = asyncio.get_running_loop()

    @property
    def dropped(self) -> int:
        return self._depacketiser.dropped

    def describe(self, media: sdp.Media) -> None:
        """H.265 or JPEG where it says so, else H.264."""
        unpacker: Unpacker
        if media.is_h265:
            self._codec = H265
            unpacker = rtp_h265.Unpacker(has_order_numbers=media.has_order_numbers)
        elif media.is_jpeg:
            self._codec = JPEG
            unpacker = rtp_jpeg.Unpacker(media.size)
        else:
            self._codec = H264
            unpacker = rtp_h264.Unpacker()
        self._depacketiser = Depacketiser(media.payload_type, unpacker)
        self._sets = self._codec.new_sets()
        self._sets.describe(media.parameter_sets)

    def open(self, channel: int) -> None:
        self._channel = channel

    def close(self) -> None:
        """Emit no more."""
        self._channel = -1

    def take(self, event: Interleaved | Lost, arrived_at: float) -> None:
        """
        Raises:
            FormatError: a picture is too large.
            SourceGarbled: more comes than any camera sends.
        """
        depacketiser = self._depacketiser
        if isinstance(event, Lost):
            depacketiser.lose()
            return
        now = self._loop.time()
        self._allowance.take(sum(map(len, event.packets)), now)
        # Reports, and what some cameras send on channels that were never agreed on.
        if event.channel != self._channel:
            return
        for packet in event.packets:
            for picture in depacketiser.push(packet, arrived_at):
                self._show(picture)
        if depacketiser.seen != self.seen:
            self._allowance.take(0, now, pictures=depacketiser.seen - self.seen)
            self.seen, self.seen_at = depacketiser.seen, now
            self.pace.picture(now)

    def _show(self, picture: Picture) -> None:
        self._sets.update(picture.nals)
        described = self._sets.parameters
        if described is None:
            return
        data, is_clean = self._codec.sample(picture.nals)
        is_recovery = picture.is_key and not is_clean
        timestamp, offset = self._order.next(picture.timestamp)
        self.shown += 1
        self._emit(AccessUnit(described, data, picture.is_key, picture.arrived_at, timestamp, offset, is_recovery))
