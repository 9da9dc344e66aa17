"""WorkerEnd: how a worker process tells the one that started it why it ends."""

import logging
import sys
from collections.abc import Callable

from streams.errors import FormatError, SourceError, SourceGarbled

logger = logging.getLogger(__name__)

Send = Callable[[bytes], None]


def run(work: Callable[[Send], object], failure: Callable[[str, str], bytes], *, memory_bytes: int) -> None:
    """Work, and say on stdout what went wrong, if something did.

    Args:
        work: is given what writes a message to stdout.
        failure: makes the message of a code and a sentence.
        memory_bytes: that the process may have, for the sentence.
    """
    pipe = sys.stdout.buffer

    def send(message: bytes) -> None:
        pipe.write(message)
        pipe.flush()

    try:
        try:
            work(send)
        except SourceError as error:
            send(failure(error.code, str(error)))
        except FormatError as error:
            send(failure(SourceGarbled.code, f"It can't be read: {error}."))
        except MemoryError:
            send(failure(SourceError.code, f"It needs more than {memory_bytes} bytes of memory."))
        except BrokenPipeError:
            raise
        except Exception as error:
            logger.exception("a worker failed")
            send(failure(SourceError.code, f"The process failed with {type(error).__name__}."))
    except BrokenPipeError:
        sys.stderr.close()  # Nobody is there to be told.
