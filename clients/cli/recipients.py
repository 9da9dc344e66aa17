"""Recipients: whom a push or bulletin is for, as words of a command line and as docs/wire.md §6.1 has it."""

import argparse
from collections.abc import Sequence

from clients.cli.errors import Refused
from clients.cli.line import Json

_PARTS = {
    "unit": "units",
    "beat": "beats",
    "role": "roles",
    "duty": "duties",
    "agency": "agencies",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to",
        nargs="+",
        action="extend",
        default=[],
        metavar="WHOM",
        help="ids of people; unit:7, beat:north, role:officer, duty:supervisor, agency:pd",
    )
    parser.add_argument(
        "--near",
        nargs=3,
        type=float,
        metavar=("LAT", "LON", "M"),
        help="everybody last seen within M metres of a place",
    )


def of(names: Sequence[str], near: Sequence[float] | None = None) -> Json:
    """
    Raises:
        Refused: a kind that there is not.
    """
    to: Json = {}
    for name in names:
        kind, colon, rest = name.partition(":")
        part = _PARTS.get(kind) if colon else "people"
        if part is None or not (rest or not colon):
            raise Refused(f"{name!r} is nobody: expected the id of a person, or {', '.join(_PARTS)} as in unit:7.")
        to.setdefault(part, []).append(rest if colon else name)
    if near is not None:
        lat, lon, radius_m = near
        to["near"] = {"lat": lat, "lon": lon, "radius_m": radius_m}
    return to
