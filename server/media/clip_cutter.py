"""ClipCutter: makes the file of a clip from what was recorded of it. Pictures stay as they came."""

import hashlib
import os
from pathlib import Path

from server.core.clips import Film
from server.errors import ClipUnavailable
from server.media.clip_part import messages
from streams.formats.mp4_file import Mp4File


def cut(part: Path, target: Path, *, until_ms: int) -> Film | None:
    """Blocks; takes as long as reading the pictures two or three times and writing them once, and no memory for them.

    Args:
        until_ms: pictures that were taken later are left out.

    Returns:
        None when there is no picture.

    Raises:
        ClipUnavailable: the disk does not take it, or what was recorded can't be read. Then there is no file.
    """
    try:
        index = _index(Mp4File(), part, until_ms)
        if index.changes:
            index = _index(Mp4File(carries_sets=True), part, until_ms)
        if not index.pieces:
            return None
        try:
            size, sha256 = _write(part, target, index, until_ms)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ClipUnavailable(f"The clip can't be written: {error.strerror}.") from error
    except ValueError as error:
        raise ClipUnavailable(f"What was recorded can't be read: {error}.") from error
    return Film(target.name, sha256, size, index.codec, index.pieces)


def _index(index: Mp4File, part: Path, until_ms: int) -> Mp4File:
    for message in messages(part):
        if message.captured_ms <= until_ms:
            index.add(message)
    return index


def _write(part: Path, target: Path, index: Mp4File, until_ms: int) -> tuple[int, str]:
    head = index.head()
    digest = hashlib.sha256(head)
    size = len(head)
    # The same messages in the same order give the same samples.
    samples = Mp4File(carries_sets=index.changes)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(head)
        for message in messages(part):
            if message.captured_ms <= until_ms:
                sample = samples.add(message)
                digest.update(sample)
                size += file.write(sample)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()
