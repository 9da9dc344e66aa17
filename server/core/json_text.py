"""JSON from outside."""

import json
import math
from typing import Any

from server.errors import RequestNotJson


def parse_json(data: str | bytes) -> Any:
    """Read one JSON text strictly; numbers too large for a double come out as the text they were.

    Raises:
        RequestNotJson: not JSON, not UTF-8, NaN or infinity, or nested too deep.
    """
    try:
        return json.loads(data, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise RequestNotJson("The JSON is nested too deep.") from None
    except ValueError as error:
        raise RequestNotJson(f"This is no JSON: {error}.") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text
