"""``ack``: acknowledge an alert or a push."""

import argparse
import time

from clients.cli import words
from clients.cli.client import Client
from clients.cli.errors import Refused
from clients.cli.events import Events, Snapshot
from clients.cli.line import Json, Lost
from clients.cli.output import Output

HELP = "acknowledge an alert or a push"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "item", metavar="ITEM", help="alert:17 or push:3 (numbers), or an id as listen --json prints it"
    )


async def run(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    kind, item = find(await _snapshot(client, output), arguments.item)
    now_ms = time.time_ns() // 1_000_000
    receipt = await client.report(kind, item["id"], item["revision"], "acknowledged", now_ms)
    await output.result({"receipt": receipt}, words.receipt(receipt, item["number"]))


def find(snapshot: Snapshot, name: str) -> tuple[str, Json]:
    """The alert or push of that name among those of the last 24 hours.

    Raises:
        Refused: there is none.
    """
    kind, _, number = name.partition(":")
    for item_kind, items in (("alert", snapshot.alerts), ("push", snapshot.pushes)):
        for item in items:
            if item["id"] == name or (kind == item_kind and str(item["number"]) == number):
                return item_kind, item
    raise Refused(
        f"There is no {name!r} for you among the alerts and pushes of the last 24 hours.", code="item.unknown"
    )


async def _snapshot(client: Client, output: Output) -> Snapshot:
    async with Events(client) as events:
        async for event in events:
            if isinstance(event, Lost):
                await output.words(words.lost(event))
            if isinstance(event, Snapshot):
                return event
    raise AssertionError("events never end without an error")
