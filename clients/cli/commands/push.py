"""``push``: send live cameras, photos and words to officers."""

import argparse
from pathlib import Path

from clients.cli import photos, recipients, words
from clients.cli.client import Client
from clients.cli.output import Output

HELP = "send live cameras, photos and words to people"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cameras", nargs="*", metavar="CAMERA", help="up to 9 ids of cameras")
    recipients.add_arguments(parser)
    parser.add_argument(
        "--photo", type=Path, action="append", default=[], metavar="FILE", help="a picture; up to 4 of them"
    )
    parser.add_argument("--note", default="", help="up to 500 characters")
    parser.add_argument("--alert", metavar="ID", help="the alert it belongs to")
    parser.add_argument("--status", choices=("Actual", "Exercise", "Test"), default="Actual")


async def run(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    to = recipients.of(arguments.to, arguments.near)
    push = await client.push(
        arguments.cameras,
        to=to,
        media=[{"id": await photos.send(client, file)} for file in arguments.photo],
        note=arguments.note,
        alert_id=arguments.alert,
        status=arguments.status,
    )
    await output.result({"push": push}, f"sent: {words.push(push)}")
