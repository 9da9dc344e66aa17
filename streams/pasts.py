"""Pasts: what all cameras of a process have shown lately, in a memory of a size that somebody has chosen."""

import heapq

from streams.past import Past, Room

_TAKEN_AFTER = 15 / 16
"""So full is it left when room is made: whoever has most is looked for once for many pictures, not for each."""


class Pasts:
    """By camera number; the oldest group of pictures of the camera that has most is the first to go."""

    def __init__(self, *, past_s: float, past_bytes: int, total_bytes: float) -> None:
        """
        Args:
            past_s: so much of each camera; 0 keeps none.
            past_bytes: and at most so much of each.
            total_bytes: and of all together.
        """
        self.past_s = past_s
        self._past_bytes = past_bytes
        self._pasts: dict[int, Past] = {}
        self._room = _SharedRoom(total_bytes, self._pasts)

    @property
    def taken_bytes(self) -> int:
        return self._room.taken_bytes

    def of(self, camera_number: int) -> Past | None:
        """The past of a camera of this process, made when it is asked for first; None when none is kept."""
        if camera_number not in self._pasts and self.past_s:
            self._pasts[camera_number] = Past(
                camera_number, max_s=self.past_s, max_bytes=self._past_bytes, room=self._room
            )
        return self._pasts.get(camera_number)

    def known(self, camera_number: int) -> Past | None:
        """The past of a camera of this process; None when it is not one of them."""
        return self._pasts.get(camera_number)

    def tick(self, now: float) -> None:
        """Forget what is too old. About once a second; see ``Past.tick``."""
        for past in self._pasts.values():
            past.tick(now)


class _SharedRoom(Room):
    def __init__(self, max_bytes: float, pasts: dict[int, Past]) -> None:
        super().__init__(max_bytes)
        self._pasts = pasts

    def make(self) -> None:
        most = [(-past.taken_bytes, number) for number, past in self._pasts.items() if past.taken_bytes]
        heapq.heapify(most)
        while most and self.taken_bytes > self.max_bytes * _TAKEN_AFTER:
            past = self._pasts[most[0][1]]
            past.forget_oldest()
            if past.taken_bytes:
                heapq.heapreplace(most, (-past.taken_bytes, most[0][1]))
            else:
                heapq.heappop(most)
