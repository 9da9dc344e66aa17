"""ClipFolder: where the files of clips are kept."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

from server.errors import ClipUnavailable

CHUNK_BYTES = 256 * 1024
_NAME = re.compile(r"[0-9]{6,18}\.[0-9]{1,9}\.mp4")


def name_of(number: int, turn: int) -> str:
    """Of the file that one server makes of a clip."""
    return f"{number:06d}.{turn}.mp4"


def checked_name(name: str) -> str:
    """
    Raises:
        ClipUnavailable: it is none that ``name_of`` gives; it could lead anywhere.
    """
    if not _NAME.fullmatch(name):
        raise ClipUnavailable(f"There is no file of a clip with the name '{name[:64]}'.")
    return name


class ClipStore(Protocol):
    """Keeps files by their names. With several servers all must reach the same one.

    Every method raises ``ClipUnavailable`` when nobody can tell now, or the file is not there.
    """

    async def put(self, source: Path) -> None:
        """Take a file over, under its name; it is kept when this returns, and ``source`` is gone."""

    async def size(self, name: str) -> int:
        """In bytes."""

    def read(self, name: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from ``start`` to before ``end``, in pieces."""

    async def remove(self, name: str) -> None:
        """Of one that is missing: nothing."""


class ClipFolder:
    """A ``ClipStore`` of files that their owner alone may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, source: Path) -> None:
        await asyncio.to_thread(self._put, source)

    async def size(self, name: str) -> int:
        return await asyncio.to_thread(self._size, name)

    async def read(self, name: str, start: int, end: int) -> AsyncIterator[bytes]:
        while start < end:
            chunk = await asyncio.to_thread(self._read, name, start, min(CHUNK_BYTES, end - start))
            if not chunk:
                raise ClipUnavailable("The clip ends too early.")
            start += len(chunk)
            yield chunk

    async def remove(self, name: str) -> None:
        await asyncio.to_thread(self._remove, name)

    def _put(self, source: Path) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            source.replace(self._path(source.name))
            _sync(self._folder)
        except OSError as error:
            raise ClipUnavailable(f"The clip can't be kept: {error.strerror}.") from error

    def _size(self, name: str) -> int:
        try:
            return self._path(name).stat().st_size
        except OSError as error:
            raise _unreadable(error) from error

    def _read(self, name: str, start: int, length: int) -> bytes:
        try:
            with self._path(name).open("rb") as file:
                file.seek(start)
                return file.read(length)
        except OSError as error:
            raise _unreadable(error) from error

    def _remove(self, name: str) -> None:
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise ClipUnavailable(f"The clip can't be removed: {error.strerror}.") from error

    def _path(self, name: str) -> Path:
        return self._folder / checked_name(name)


def _unreadable(error: OSError) -> ClipUnavailable:
    return ClipUnavailable(f"The clip can't be read: {error.strerror}.")


def _sync(folder: Path) -> None:
    """A new name is safe only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
