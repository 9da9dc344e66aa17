"""KeyFile: a secret that is made at the first start, once, whoever comes first."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def read_or_make(path: Path, make: Callable[[], bytes]) -> str:
    """
    Raises:
        OSError: it can't be read or written.
        UnicodeDecodeError: it is no text.
    """
    if not path.exists():
        _make(path, make())
    return path.read_text(encoding="ascii")


def _make(path: Path, content: bytes) -> None:
    """Servers that share the folder make one each, and the first one's stays: a link is never put over a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not by process id: in containers all are number 1.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
