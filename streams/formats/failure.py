"""Failure: why a worker process ended, as it tells the one that started it. The body of a message of its pipe."""

import json

from streams.errors import FormatError

_MAX_CHARACTERS = 500


def pack(code: str, sentence: str) -> bytes:
    return json.dumps({"code": code, "message": sentence}).encode()


def unpack(body: bytes) -> tuple[str, str]:
    """Code and sentence.

    Raises:
        FormatError: they are none.
    """
    try:
        content = json.loads(body)
        return str(content["code"]), str(content["message"])[:_MAX_CHARACTERS]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise FormatError("a failure that can't be read") from error
