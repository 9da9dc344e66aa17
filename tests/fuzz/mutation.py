"""Mutator: inputs that are nearly right, made of right ones. The same seed gives the same inputs."""

from collections.abc import Sequence
from random import Random

MAX_BYTES = 64 * 1024
LARGE_BYTES = 256 * 1024
"""Of one input in ``_LARGE_EVERY``: what takes the square of its length shows there."""
_LARGE_EVERY = 500
_MAX_LEARNT = 400
_NUMBERS = (0, 1, 2, 3, 4, 7, 8, 31, 32, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


class Mutator:
    def __init__(self, chance: Random, seeds: Sequence[bytes], words: Sequence[bytes]) -> None:
        """
        Args:
            words: what the format is made of; put in where it does not belong.
        """
        self._chance = chance
        self._pool = list(seeds)
        self._own = len(self._pool)
        self._words = [*words, b"\0", b"\xff", b"\xff" * 8, b" ", b"\r\n", b"-1", b"99999999999"]
        self._made = 0

    def next(self) -> bytes:
        chance = self._chance
        self._made += 1
        data = bytearray(chance.choice(self._pool))
        for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 8))):
            chance.choice(_CHANGES)(self, data)
        if self._made % _LARGE_EVERY == 0:
            self._grow(data, LARGE_BYTES)
            return bytes(data[:LARGE_BYTES])
        return bytes(data[:MAX_BYTES])

    def learn(self, data: bytes) -> None:
        """Go on from this one too: something new became of it."""
        if len(self._pool) < self._own + _MAX_LEARNT:
            self._pool.append(data)
        else:
            self._pool[self._own + self._chance.randrange(_MAX_LEARNT)] = data

    def _place(self, data: bytearray) -> int:
        return self._chance.randrange(len(data) + 1)

    def _slice(self, data: bytearray) -> tuple[int, int]:
        begin = self._place(data)
        return begin, min(len(data), begin + self._chance.choice((1, 2, 4, 16, 64, 1024)))

    def _flip(self, data: bytearray) -> None:
        if data:
            data[self._chance.randrange(len(data))] ^= 1 << self._chance.randrange(8)

    def _set(self, data: bytearray) -> None:
        if data:
            data[self._chance.randrange(len(data))] = self._chance.randrange(256)

    def _number(self, data: bytearray) -> None:
        size = self._chance.choice((1, 2, 4))
        place = self._place(data)
        data[place : place + size] = (self._chance.choice(_NUMBERS) & (256**size - 1)).to_bytes(size, "big")

    def _delete(self, data: bytearray) -> None:
        begin, end = self._slice(data)
        del data[begin:end]

    def _cut(self, data: bytearray) -> None:
        del data[self._place(data) :]

    def _insert(self, data: bytearray) -> None:
        place = self._place(data)
        data[place:place] = self._chance.choice(self._words)

    def _replace(self, data: bytearray) -> None:
        begin, end = self._slice(data)
        data[begin:end] = self._chance.choice(self._words)

    def _repeat(self, data: bytearray) -> None:
        begin, end = self._slice(data)
        data[begin:begin] = data[begin:end] * self._chance.choice((1, 2, 10, 100))

    def _splice(self, data: bytearray) -> None:
        other = bytearray(self._chance.choice(self._pool))
        begin, end = self._slice(other)
        place = self._place(data)
        data[place:place] = other[begin:end] if self._chance.random() < 0.5 else other[begin:]

    def _grow(self, data: bytearray, to_bytes: int) -> None:
        """Repeat a few bytes, or a word, until it is as large as that."""
        begin, end = self._slice(data)
        piece = bytes(data[begin : min(end, begin + 16)]) or b"\0"
        if self._chance.random() < 0.5:
            piece = self._chance.choice(self._words)
        place = self._place(data)
        data[place:place] = piece * (to_bytes // len(piece))


_CHANGES = (
    *(Mutator._flip, Mutator._set, Mutator._number, Mutator._delete, Mutator._cut),
    *(Mutator._insert, Mutator._replace, Mutator._repeat, Mutator._splice),
)
