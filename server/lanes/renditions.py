"""Renditions: sees to it that every tile shows the best rendition that its viewer wants and can have."""

from collections import defaultdict
from collections.abc import Callable, Collection

from server.core.quality import TRIED_S
from server.core.renditions import Offer, Refusal, Why, choose
from server.lanes.cameras import CameraBoard
from server.lanes.rooms import Rooms
from server.lanes.tile import Tile
from streams.rendition import Rendition, split

LATE_S = 5.0
"""Whoever has waited so long for a rendition is told why, and is shown what there is."""
REFUSED_S = 30.0
"""What was refused does not stand in for something else for so long."""
STARVED_S = 15.0
"""Whose link takes no picture for so long gets a smaller one; that there are drops may take for ever."""
UP_EVERY_S = 10.0
"""On one socket: a link that has room for one picture more has not room for all of them at once."""


class Renditions:
    def __init__(self, board: CameraBoard, rooms: Rooms, clock: Callable[[], float]) -> None:
        """
        Args:
            rooms: tell ``on_codec``.
            clock: seconds of any origin.
        """
        self.rooms = rooms
        self._board = board
        self._clock = clock
        self._tiles: defaultdict[int, dict[Tile, None]] = defaultdict(dict)
        """By camera number."""
        self._codecs: dict[int, str] = {}
        """By stream number: what was learned from its init segment, or the first JPEG."""
        self._refused_until: dict[int, float] = {}
        """By stream number: a streams process says only as long as it is asked that something can't be had."""
        self._outdated: set[Tile] = set()
        """Perhaps they can show something better by now."""

    def of(self, camera_number: int) -> Collection[Tile]:
        """All that show a camera."""
        return list(self._tiles.get(camera_number, ()))

    def add(self, tile: Tile) -> None:
        """Begin to show something on it."""
        self._tiles[tile.camera.number][tile] = None
        self.turn(tile)

    def remove(self, tile: Tile) -> None:
        """Show nothing more on it; it may have been removed before."""
        tiles = self._tiles[tile.camera.number]
        tiles.pop(tile, None)
        if not tiles:
            del self._tiles[tile.camera.number]
        self._outdated.discard(tile)
        tile.close()

    def turn(self, tile: Tile) -> None:
        """Show what it should show by now, if that is another one."""
        self._outdated.discard(tile)
        offer = self._offer(tile)
        if tile.asked is not None:
            wanted, why = tile.asked, Why.ASKED
        else:
            tile.quality.allow(offer.rungs(tile.codecs))
            wanted = tile.quality.rung
            why = Why.LINK
            if wanted is offer.rungs(tile.codecs)[0]:
                # Not the best of all, when the client can't show that: he is told so.
                wanted, why = Rendition.SOURCE, Why.AUTO
        tile.turn_to(choose(wanted, why, offer, tile.codecs))

    def dropped(self, tiles: Collection[Tile], tile: Tile) -> None:
        """One of the tiles of a socket was left without pictures for a while."""
        now = self._clock()
        # They share a link: what the newest try has brought about is not to be paid for by the others.
        tried = [each for each in tiles if each.asked is None and now - each.quality.tried_at <= TRIED_S]
        blamed = max(tried, key=lambda each: each.quality.tried_at, default=tile)
        blamed.quality.dropped(blamed.shown, now)

    def look_after(self, tiles: Collection[Tile], *, is_read: bool = True) -> None:
        """The tiles of a socket; to be called about once a second.

        Args:
            is_read: he is known to read what comes. Of one who may be asleep it can't be said what his link carries.
        """
        self._take_steps([tile for tile in tiles if tile.asked is None], is_read=is_read)
        for tile in tiles:
            refused = self._board.refusal_of(tile.camera.id).renditions
            if tile.shown is tile.chosen and not refused and tile not in self._outdated:
                continue
            if self._board.state_of(tile.camera.id).state != "live":
                tile.wait_anew()
            elif tile.idle_s() >= LATE_S and tile.shown in refused:
                # Its encoder works no more: whatever else there is, until it does.
                tile.cut(tile.shown)
            self.turn(tile)

    def _take_steps(self, automatic: Collection[Tile], *, is_read: bool) -> None:
        now = self._clock()
        for tile in automatic:
            if is_read and self._is_starved(tile):
                tile.quality.starved(now)
            if tile.quality.down(now):
                for other in automatic:
                    other.quality.wait_like(tile.quality, now)
                self.turn(tile)
        if any(now - tile.quality.tried_at < UP_EVERY_S for tile in automatic):
            return
        for tile in automatic:
            if tile.quality.up(now):
                self.turn(tile)
                return

    def on_codec(self, stream_number: int, codec: str) -> None:
        """Pictures of a stream are encoded like this from now on; nobody was given any yet."""
        camera_number, rendition = split(stream_number)
        self._codecs[stream_number] = codec
        for tile in self.of(camera_number):
            if codec not in tile.codecs and tile.has(rendition):
                # Now, before he is given anything of it.
                tile.cut(rendition)
                self.turn(tile)
            else:
                self._outdated.add(tile)

    def forget(self, camera_number: int) -> None:
        """The camera is not connected any more: it may be another one the next time."""
        for rendition in (Rendition.SOURCE, Rendition.UNMASKED):
            self._codecs.pop(rendition.stream(camera_number), None)

    def _offer(self, tile: Tile) -> Offer:
        number = tile.camera.number
        codecs = {
            rendition: codec
            for rendition in (Rendition.SOURCE, Rendition.UNMASKED)
            if (codec := self._codecs.get(rendition.stream(number)))
        }
        refusal, now = self._board.refusal_of(tile.camera.id), self._clock()
        if self._is_late(tile) and tile.chosen not in refusal.renditions:
            sentence = f"No picture in {tile.chosen.word} has come for {LATE_S:.0f} s; it is shown as soon as one does."
            refusal = Refusal(refusal.renditions | {tile.chosen}, refusal.sentence or sentence)
        for rendition in refusal.renditions:
            self._refused_until[rendition.stream(number)] = now + REFUSED_S
        lately = {each for each in Rendition if self._refused_until.get(each.stream(number), now) > now}
        return Offer(bool(tile.camera.masks), codecs, refusal, lately)

    def _is_starved(self, tile: Tile) -> bool:
        if not tile.is_behind or tile.idle_s() < STARVED_S or tile.shown is not tile.chosen:
            return False
        return self._board.state_of(tile.camera.id).state == "live"

    def _is_late(self, tile: Tile) -> bool:
        if tile.waits_since is None or self._clock() - tile.waits_since < LATE_S:
            return False
        if self.rooms.has_pictures(tile.chosen.stream(tile.camera.number)):
            return False  # it is his link that he waits for
        # Of a camera with rare key frames the first picture may take longer; nothing smaller would come sooner.
        return tile.shown is not None or tile.chosen is not Rendition.SOURCE
