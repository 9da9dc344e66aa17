"""Reader: what every kind of camera source looks like to the supervisor."""

from collections.abc import Callable
from typing import Protocol

from streams.access_unit import AccessUnit

USER_AGENT = "Sightline"
"""What every reader says of itself, where a camera wants no other word: some refuse a client that says nothing."""

Emit = Callable[[AccessUnit], None]
"""Takes one picture. Called on the event loop, once a picture, in decode order; must not block, never raises."""


class Reader(Protocol):
    async def run(self, emit: Emit) -> None:
        """Connect, and emit pictures until the source ends or fails. Run once; never tries again by itself.

        May be cancelled at any time, and then closes what it opened before it returns.

        Raises:
            SourceError: always in the end, with a sentence for the operator; ``SourceEnded`` when the source closed.
        """
        ...
