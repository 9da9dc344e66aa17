"""``push``: send live cameras to officers."""

import argparse

from clients.cli import words
from clients.cli.client import Client
from clients.cli.output import Output

HELP = "send live cameras to people and units"
_UNIT = "unit:"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cameras", nargs="+", metavar="CAMERA", help="1 to 9 ids of cameras")
    parser.add_argument(
        "--to", nargs="+", required=True, metavar="WHOM", help="ids of people, and units as unit:7", action="extend"
    )
    parser.add_argument("--note", default="", help="up to 500 characters")
    parser.add_argument("--alert", metavar="ID", help="the alert it belongs to")


async def run(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    push = await client.push(
        arguments.cameras,
        people=[whom for whom in arguments.to if not whom.startswith(_UNIT)],
        units=[whom.removeprefix(_UNIT) for whom in arguments.to if whom.startswith(_UNIT)],
        note=arguments.note,
        alert_id=arguments.alert,
    )
    await output.result({"push": push}, f"sent: {words.push(push)}")
