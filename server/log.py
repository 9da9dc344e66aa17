"""Log: one line a record on stderr; what repeats is counted and said once a second.

Nothing here knows what is secret: messages are constant, values come after them, and people stand only in fields whose
name begins with ``pii.``, which are not written.
"""

import logging
import sys
import time
from collections.abc import Callable
from typing import TextIO

REPEAT_WINDOW_S = 1.0
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Lines(logging.Handler):
    """Writes records as lines; of equal ones within a second the first, and then how many there were."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._stream = stream
        self._clock = clock
        self._repeated: dict[tuple[str, int, str], tuple[float, int]] = {}
        """Logger, level and message → until when it is only counted, and how often it came."""

    def emit(self, record: logging.LogRecord) -> None:
        now = self._clock()
        self._say_repeated(now)
        key = record.name, record.levelno, str(record.msg)
        until, count = self._repeated.get(key, (0.0, 0))
        if now < until:
            self._repeated[key] = until, count + 1
            return
        self._repeated[key] = now + REPEAT_WINDOW_S, 0
        try:
            self._write(self.format(record))
        except (ValueError, TypeError):
            self.handleError(record)

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%H:%M:%S", time.localtime(record.created))
        fields = "".join(
            f" {name}={value}"
            for name, value in vars(record).items()
            if name not in _USUAL and not name.startswith("pii.")
        )
        line = f"{at} {record.levelname.lower()} {record.name}: {record.getMessage()}{fields}"
        if record.exc_info:
            line += "\n" + logging.Formatter().formatException(record.exc_info)
        return line

    def close(self) -> None:
        self._say_repeated(float("inf"))
        super().close()

    def _say_repeated(self, now: float) -> None:
        over = [key for key, (until, _) in self._repeated.items() if now >= until]
        for key in over:
            _, count = self._repeated.pop(key)
            if count:
                name, level, message = key
                self._write(f"         {logging.getLevelName(level).lower()} {name}: {message} ({count} times more)")

    def _write(self, line: str) -> None:
        try:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        except (OSError, ValueError):
            return  # nobody reads any more; the work goes on


def configure(*, verbose: bool = False, stream: TextIO | None = None) -> None:
    """Set logging up for this process."""
    root = logging.getLogger()
    root.handlers = [Lines(stream or sys.stderr)]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in ("asyncio", "aiohttp", "redis", "alembic", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.WARNING)
