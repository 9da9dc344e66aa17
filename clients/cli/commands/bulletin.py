"""``bulletin``: send a wanted-person bulletin. No field, no send."""

import argparse
import time
import uuid
from pathlib import Path

from clients.cli import photos, recipients, words
from clients.cli.client import Client
from clients.cli.line import Json
from clients.cli.output import Output

HELP = "send a wanted-person bulletin"
_HOUR_MS = 3600 * 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help='who it is, or "unknown"')
    parser.add_argument("--why", required=True, help="why the person is wanted")
    parser.add_argument("--caution", required=True, help="words of caution")
    parser.add_argument("--basis", required=True, dest="legal_basis", help="the legal basis")
    parser.add_argument("--issuer", required=True, help="who issues it")
    parser.add_argument("--verify", required=True, help="what to verify before a stop")
    parser.add_argument(
        "--photo",
        required=True,
        nargs=3,
        action="append",
        metavar=("FILE", "SOURCE", "DAY"),
        help="a picture, where it is from, and the day it was taken (2026-11-18); up to 4 of them",
    )
    parser.add_argument("--hours", type=float, help="until it ends; 72 unless said, 720 at most")
    recipients.add_arguments(parser)
    parser.add_argument("--status", choices=("Actual", "Exercise", "Test"), default="Actual")


async def run(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    body = body_of(arguments, time.time_ns() // 1_000_000)
    for file, source, day in arguments.photo:
        body["photos"].append({"id": await photos.send(client, Path(file)), "source": source, "taken": day})
    bulletin = await client.send_bulletin(body)
    await output.result({"bulletin": bulletin}, f"sent: {words.bulletin(bulletin)}")


def body_of(arguments: argparse.Namespace, now_ms: int) -> Json:
    """The order without its photos."""
    texts = ("name", "why", "caution", "legal_basis", "issuer", "verify", "status")
    body: Json = {"id": str(uuid.uuid4()), **{name: getattr(arguments, name) for name in texts}, "photos": []}
    if arguments.hours is not None:
        body["expires_ms"] = now_ms + round(arguments.hours * _HOUR_MS)
    if arguments.to or arguments.near:
        body["to"] = recipients.of(arguments.to, arguments.near)
    return body
