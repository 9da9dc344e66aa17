"""``listen``: print what happens."""

import argparse
import time
from pathlib import Path

from clients.cli import words
from clients.cli.client import Client
from clients.cli.events import Entry, Event, Events, Notice, Snapshot
from clients.cli.line import Json, Lost, Opened
from clients.cli.output import Output

HELP = "print alerts, pushes, bulletins and receipts as they happen"
_MAX_NUMBERS = 5000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="FILE",
        help="keep the position in FILE and go on from there the next time, so that nothing is missed in between",
    )
    parser.add_argument(
        "--delivered",
        action="store_true",
        help="report alerts, pushes and bulletins as delivered, like a tablet that has stored them",
    )
    parser.add_argument("--count", type=count, metavar="N", help="end after N entries")


def count(text: str) -> int:
    """
    Raises:
        ValueError: argparse says which argument it was.
    """
    value = int(text)
    if value < 0:
        raise ValueError
    return value


async def run(client: Client, arguments: argparse.Namespace, output: Output) -> None:
    numbers: dict[str, int] = {}
    entries = 0
    async with Events(client, position_file=arguments.resume) as events:
        async for event in events:
            match event:
                case Opened(hello):
                    await output.words(f"connected to {client.address.origin}, position {hello.get('position')}")
                case Lost():
                    await output.words(words.lost(event))
                case Snapshot():
                    await output.line(event.message)
                    await _print_snapshot(event, numbers, output)
                case Entry():
                    await output.line(event.message)
                    await _print_entry(event, numbers, output)
                    entries += 1
                case Notice():
                    await output.line(event.message)
                    await _print_notice(event, output)
            if arguments.delivered:
                await _report_delivered(events, event)
            if arguments.count is not None and entries >= arguments.count:
                return


async def _print_snapshot(snapshot: Snapshot, numbers: dict[str, int], output: Output) -> None:
    for item in reversed(snapshot.alerts):
        _remember(item, numbers)
        await output.words(f"{words.clock(item['received_ms'])}  {words.alert(item)}")
    for item in sorted(snapshot.pushes, key=lambda push: push["sent_ms"]):
        _remember(item, numbers)
        await output.words(f"{words.clock(item['sent_ms'])}  {words.push(item)}")
    for item in reversed(snapshot.bulletins):
        _remember(item, numbers)
        await output.words(f"{words.clock(item['sent_ms'])}  {words.bulletin(item)}")


async def _print_entry(entry: Entry, numbers: dict[str, int], output: Output) -> None:
    at = words.clock(entry.at_ms)
    match entry.kind:
        case "alert" | "push" | "bulletin":
            _remember(entry.content, numbers)
            await output.words(f"{at}  {words.item(entry.kind, entry.content)}")
        case "receipts":
            for receipt in entry.content:
                await output.words(f"{at}  {words.receipt(receipt, numbers.get(receipt['item_id']))}")
        case _:
            pass  # of a later version


async def _print_notice(notice: Notice, output: Output) -> None:
    message = notice.message
    now = words.clock(time.time() * 1000)
    match notice.type:
        case "cameras" if not message.get("full"):
            for camera, state in message["states"].items():
                await output.words(f"{now}  {words.camera_state(camera, state)}")
        case "online":
            await output.words(f"{now}  {words.online(message['people'])}")
        case "error":
            await output.words(f"{now}  {words.clean(message.get('message'))}")
        case _:
            pass


async def _report_delivered(events: Events, event: Event) -> None:
    items: list[tuple[str, Json]] = []
    if isinstance(event, Snapshot):
        items = [
            *(("alert", item) for item in event.alerts),
            *(("push", item) for item in event.pushes),
            *(("bulletin", item) for item in event.bulletins),
        ]
    elif isinstance(event, Entry) and event.kind in {"alert", "push", "bulletin"}:
        items = [(event.kind, event.content)]
    for kind, item in items:
        await events.report(kind, item["id"], item["revision"], "delivered")


def _remember(item: Json, numbers: dict[str, int]) -> None:
    while len(numbers) >= _MAX_NUMBERS:
        numbers.pop(next(iter(numbers)))
    numbers[item["id"]] = item["number"]
