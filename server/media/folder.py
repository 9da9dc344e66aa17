"""Folder: where the bytes of photos are kept, by what they are: the name of a file is the SHA-256 of its bytes."""

import asyncio
import hashlib
import logging
import os
import re
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from server.errors import LogUnavailable

logger = logging.getLogger(__name__)

_ID = re.compile(r"[0-9a-f]{64}")


class MediaStore(Protocol):
    """Keeps bytes under the SHA-256 of them, in hex. With several servers all must reach the same one.

    ``put`` returns when a power cut can't take them any more; the same bytes again are kept once. ``get`` never returns
    other bytes than were put: what was changed since counts as missing. An id that is none is missing too.
    """

    async def put(self, data: bytes) -> str:
        """The id.

        Raises:
            LogUnavailable: they can't be kept now.
        """

    async def get(self, media_id: str) -> bytes | None:
        """
        Raises:
            LogUnavailable: nobody can tell now.
        """

    async def remove(self, media_id: str, *, put_before_ms: int) -> None:
        """Unless they were put, or put again, since then. Of one that is missing: nothing.

        Raises:
            LogUnavailable: it may still be there.
        """


class MediaFolder:
    """A ``MediaStore`` of files that their owner alone may read, 256 folders with a part each.

    A file is written beside its place and moved there: whoever finds it has it whole.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, data: bytes) -> str:
        return await asyncio.to_thread(self._put, data)

    async def get(self, media_id: str) -> bytes | None:
        return await asyncio.to_thread(self._get, media_id)

    async def remove(self, media_id: str, *, put_before_ms: int) -> None:
        await asyncio.to_thread(self._remove, media_id, put_before_ms)

    def _put(self, data: bytes) -> str:
        media_id = hashlib.sha256(data).hexdigest()
        path = self._path(media_id)
        if self._get(media_id) is not None and _touch(path):
            return media_id
        part = path.with_name(f"{uuid.uuid4().hex}.part")
        try:
            for folder in (self._folder, path.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                _write(part, data)
                part.replace(path)
            finally:
                with suppress(FileNotFoundError):
                    part.unlink()
            for folder in (path.parent, self._folder, self._folder.parent):
                _sync(folder)
        except OSError as error:
            raise LogUnavailable(
                f"The photo can't be kept: {error.strerror}. Nothing was stored; try again."
            ) from error
        return media_id

    def _get(self, media_id: str) -> bytes | None:
        if not _ID.fullmatch(media_id):
            return None
        try:
            data = self._path(media_id).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LogUnavailable(f"The photo can't be read: {error.strerror}. Try again.") from error
        if hashlib.sha256(data).hexdigest() != media_id:
            logger.error("a photo is not what it was: %s", media_id[:8])
            return None
        return data

    def _remove(self, media_id: str, put_before_ms: int) -> None:
        if not _ID.fullmatch(media_id):
            return
        path = self._path(media_id)
        part = path.with_name(f"{uuid.uuid4().hex}.part")
        try:
            # First out of the way: whoever puts it now sees that it is missing, or we see that he has.
            path.replace(part)
            if part.stat().st_mtime_ns // 1_000_000 < put_before_ms:
                part.unlink()
            else:
                part.replace(path)
            _sync(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise LogUnavailable(f"The photo can't be removed: {error.strerror}. Try again.") from error

    def _path(self, media_id: str) -> Path:
        return self._folder / media_id[:2] / f"{media_id}.jpg"


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)


def _touch(path: Path) -> bool:
    """Note that it was put again. False: it is gone meanwhile."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise LogUnavailable(f"The photo can't be kept: {error.strerror}. Nothing was stored; try again.") from error
    return True


def _sync(folder: Path) -> None:
    """A new name is safe only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
