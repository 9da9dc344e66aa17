"""JSON from outside."""

import json
import math
from typing import Any, NoReturn

from server.errors import RequestNotJson


def parse_json(data: str | bytes) -> Any:
    """Read one JSON text strictly; numbers too large for a double come out as the text they were.

    Raises:
        RequestNotJson: not JSON, not UTF-8, NaN or infinity, or nested too deep.
    """
    try:
        # Some senders begin with a byte order mark; RFC 8259 §8.1 lets us be kind to them.
        return _DECODER.decode(data if isinstance(data, str) else data.decode("utf-8-sig"))
    except RecursionError:
        raise RequestNotJson("The JSON is nested too deep.") from None
    except ValueError as error:
        raise RequestNotJson(f"This is no JSON: {error}.") from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


# Made once: json.loads makes one each time it is given hooks, which costs more than reading a short message.
_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
