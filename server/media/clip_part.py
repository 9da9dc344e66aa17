"""ClipPart: what has come of a clip so far, as the messages that came. A server that goes on after another begins with
what that one has left, where both reach the same folder."""

import asyncio
import os
import shutil
import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Self

from server.errors import ClipUnavailable
from streams.fragment import Fragment, unpack

_LENGTH = struct.Struct(">I")
"""Before each message."""


class ClipPart:
    """A file of its own for each server that tries: one that was frozen and wakes up disturbs nobody.

    Every method may raise ``ClipUnavailable``: the disk takes or gives nothing, and there is no point in going on.
    """

    def __init__(self, path: Path, last: Fragment | None) -> None:
        self.path = path
        self.last = last
        """The newest message."""

    @classmethod
    async def begin(cls, folder: Path, number: int, turn: int, *, keep_free_bytes: int = 0) -> Self:
        """
        Args:
            number: of the clip.
            turn: how many servers have tried, this one among them.
            keep_free_bytes: with less on the disk it is not begun.
        """
        return cls(*await asyncio.to_thread(_begin, folder, number, turn, keep_free_bytes))

    async def append(self, messages: Sequence[Fragment]) -> None:
        if messages:
            await asyncio.to_thread(_append, self.path, messages)
            self.last = messages[-1]


def messages(path: Path) -> Iterator[Fragment]:
    """All that were written whole, in order."""
    with path.open("rb") as file:
        while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
            (length,) = _LENGTH.unpack(head)
            message = file.read(length)
            if len(message) < length:
                return
            yield unpack(message)


def remove(folder: Path, number: int) -> None:
    """Delete what is left of a clip that is done.

    Raises:
        ClipUnavailable: not all of it could be deleted.
    """
    _delete(folder.glob(f"{number:06d}.*"))


def sweep(folder: Path, running: Collection[int], newest: int) -> None:
    """The same of all clips up to ``newest`` but those that are ``running``: what was begun meanwhile stays.

    Raises:
        ClipUnavailable: not all of it could be deleted.
    """
    found = ((path, path.name.partition(".")[0]) for path in folder.glob("*.*.*"))
    _delete(path for path, number in found if not number.isdecimal() or _is_done(int(number), running, newest))


def _is_done(number: int, running: Collection[int], newest: int) -> bool:
    return number <= newest and number not in running


def _delete(paths: Iterable[Path]) -> None:
    try:
        for path in list(paths):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise ClipUnavailable(f"What is left of clips can't be deleted: {error.strerror}.") from error


def _begin(folder: Path, number: int, turn: int, keep_free_bytes: int) -> tuple[Path, Fragment | None]:
    path = folder / f"{number:06d}.{turn}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < keep_free_bytes:
            kept_gib = keep_free_bytes / 1024**3
            raise ClipUnavailable(f"Less than {kept_gib:.0f} GiB are free on the disk of the data folder.")
        earlier = [folder / f"{number:06d}.{before}.part" for before in range(turn - 1, 0, -1)]
        left = next((one for one in earlier if one.exists()), None)
        last = None
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for last in messages(left) if left else ():
                _write(file, last)
    except OSError as error:
        raise _unavailable(error) from error
    return path, last


def _append(path: Path, news: Sequence[Fragment]) -> None:
    try:
        with path.open("ab") as file:
            for message in news:
                _write(file, message)
    except OSError as error:
        raise _unavailable(error) from error


def _write(file: BinaryIO, message: Fragment) -> None:
    file.write(_LENGTH.pack(len(message.message)))
    file.write(message.message)


def _unavailable(error: OSError) -> ClipUnavailable:
    return ClipUnavailable(f"The pictures can't be written: {error.strerror}.")
