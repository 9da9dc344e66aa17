"""``recall``: take a push back."""

import argparse

from clients.cli import items, words
from clients.cli.client import Client
from clients.cli.output import Output

HELP = "take a push back"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("item", metavar="PUSH", help="its number, or its id")


async def run(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    _, item = await items.named(client, arguments.item, ("push",))
    push = await client.recall(item["id"])
    await output.result({"push": push}, words.push(push))
