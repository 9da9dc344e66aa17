"""``raise``: raise an alert by hand."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from clients.cli import words
from clients.cli.client import Client
from clients.cli.errors import Refused
from clients.cli.line import Json
from clients.cli.output import Output

HELP = "raise an alert"
_TEXTS = (
    "headline",
    "description",
    "instruction",
    "urgency",
    "severity",
    "certainty",
    "category",
    "status",
    "identifier",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("event", nargs="?", help='what happened, "Multiple gunshots" for example')
    for name in _TEXTS:
        parser.add_argument(
            f"--{name}", help="as in CAP 1.2" if name != "identifier" else "the same again is no new alert"
        )
    parser.add_argument("--priority", type=int, choices=(1, 2, 3, 4), help="1 is the highest")
    parser.add_argument("--at", nargs=2, type=float, metavar=("LAT", "LON"), help="where, in degrees (WGS 84)")
    parser.add_argument("--radius-m", type=float, metavar="M", help="how sure the place is, in metres")
    parser.add_argument("--area", metavar="WORDS", help="where, in words")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="one more parameter")
    parser.add_argument("--body", type=Path, metavar="FILE", help="JSON as in docs/wire.md §7 ('-': standard input)")


async def run(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    body = await asyncio.to_thread(_read, arguments.body) if arguments.body else {}
    body = body_of(arguments, body)
    if not body.get("event"):
        raise Refused("An alert needs to say what happened: sightline-client raise EVENT.")
    alert = await client.raise_alert(body)
    await output.result({"alert": alert}, f"raised: {words.alert(alert)}")
    for problem in alert.get("problems", ()):
        await output.words(f"not used: {words.clean(problem)}")


def body_of(arguments: argparse.Namespace, body: Json) -> Json:
    """``body`` with what the command line says in place of what it said."""
    body = dict(body)
    for name in ("event", "priority", *_TEXTS):
        if getattr(arguments, name) is not None:
            body[name] = getattr(arguments, name)
    area = dict(body.get("area") or {})
    if arguments.area is not None:
        area["areaDesc"] = arguments.area
    if arguments.at is not None:
        lat, lon = arguments.at
        # The intake would take the alert without its place; who types it can mend it.
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise Refused(
                f"--at takes a latitude from -90 to 90 and a longitude from -180 to 180, not {lat:g} {lon:g}. "
                "Are they the wrong way round?"
            )
        area["point"] = {"lat": lat, "lon": lon}
    if arguments.radius_m is not None:
        area["radius_m"] = arguments.radius_m
    if area:
        body["area"] = area
    for pair in arguments.set:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise Refused(f"--set takes NAME=VALUE, not {pair!r}.")
        body["parameters"] = dict(body.get("parameters") or {}) | {name: value}
    return body


def _read(file: Path) -> Json:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text()
        body = json.loads(text)
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise Refused(f"{file} is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise Refused(f"{file} holds {type(body).__name__}, expected a JSON object.")
    return body
