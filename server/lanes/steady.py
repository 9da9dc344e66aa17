"""Steady: the viewers of a room who have all that there is, on wide links, with nothing waiting in their sockets."""

import os
from functools import partial

from server.lanes.watch import Watch
from streams.fragment import Fragment


class Steady:
    """They stand at one place, so one cursor does for all, and a picture costs one ``write`` for each and nothing more:
    of the 2 µs that it took besides the ``write`` itself, a tenth is left.

    Whoever's socket does not take all of a message has stepped out; so has one whose socket has anything waiting for
    any other reason, is closed, or has fallen behind with another camera: his ``MeteredSocket`` says so before.
    """

    def __init__(self) -> None:
        self._watches: dict[int, Watch] = {}
        """By the descriptor of his socket."""
        self._sequence = 0
        self._given = 0
        """Pictures since the last one stepped in."""

    def __len__(self) -> int:
        return len(self._watches)

    def step_in(self, watch: Watch, sequence: int) -> None:
        """Let in one who was just given the message with this number, as all who are here were; who can't be is not."""
        descriptor = watch.socket.descriptor
        if descriptor < 0 or descriptor in self._watches:
            return
        if self._given:
            self._settle()
        self._sequence = sequence
        self._watches[descriptor] = watch
        watch.step_out = partial(self._step_out, descriptor)
        watch.socket.steady.add(watch.step_out)

    def give(self, fragment: Fragment) -> None:
        """A delta frame that follows what they have."""
        message, size, write = fragment.message, len(fragment.message), os.write
        stumbled: list[tuple[Watch, int]] = []
        for descriptor in self._watches:
            try:
                taken = write(descriptor, message)
            except OSError:
                # It is full, or the connection is lost: its transport finds out which.
                taken = 0
            if taken != size:
                stumbled.append((self._watches[descriptor], taken))
        self._sequence = fragment.sequence
        self._given += 1
        for watch, taken in stumbled:
            watch.write(message[taken:])

    def disband(self) -> None:
        """All step out."""
        for watch in [*self._watches.values()]:
            if watch.step_out is not None:
                watch.step_out()

    def _step_out(self, descriptor: int) -> None:
        watch = self._watches.pop(descriptor)
        if watch.step_out is not None:
            watch.socket.steady.discard(watch.step_out)
            watch.step_out = None
        watch.viewer.was_given(self._sequence, self._given)

    def _settle(self) -> None:
        for watch in self._watches.values():
            watch.viewer.was_given(self._sequence, self._given)
        self._given = 0
