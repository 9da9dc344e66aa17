"""``ack``: acknowledge an alert, a push or a bulletin."""

import argparse
import time

from clients.cli import items, words
from clients.cli.client import Client
from clients.cli.output import Output

HELP = "acknowledge an alert, a push or a bulletin"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "item", metavar="ITEM", help="alert:17, push:3 or bulletin:5 (numbers), or an id as listen --json prints it"
    )


async def run(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    kind, item = await items.named(client, arguments.item)
    now_ms = time.time_ns() // 1_000_000
    receipt = await client.report(kind, item["id"], item["revision"], "acknowledged", now_ms)
    await output.result({"receipt": receipt}, words.receipt(receipt, item["number"]))
