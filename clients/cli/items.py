"""Items: alerts, pushes and bulletins by the names that people give them."""

from collections.abc import Sequence

from clients.cli import words
from clients.cli.client import Client
from clients.cli.errors import Refused
from clients.cli.events import Events, Snapshot
from clients.cli.line import Json, Lost
from clients.cli.output import Output

KINDS = ("alert", "push", "bulletin")


async def named(client: Client, output: Output, name: str, kinds: Sequence[str] = KINDS) -> tuple[str, Json]:
    """The kind and the item of a name: ``alert:17``, an id, or a bare number, which is one of the first of ``kinds``.

    Raises:
        Refused: there is none among what concerns the person now.
    """
    if name.isdecimal():
        name = f"{kinds[0]}:{name}"
    found = find(await _snapshot(client, output), name)
    if found[0] not in kinds:
        raise Refused(f"{name!r} is of another kind; this can be done with: {', '.join(kinds)}.", code="item.unknown")
    return found


def find(snapshot: Snapshot, name: str) -> tuple[str, Json]:
    """
    Raises:
        Refused: there is none.
    """
    kind, _, number = name.partition(":")
    for item_kind, items in (("alert", snapshot.alerts), ("push", snapshot.pushes), ("bulletin", snapshot.bulletins)):
        for item in items:
            if item["id"] == name or (kind == item_kind and str(item["number"]) == number):
                return item_kind, item
    raise Refused(
        f"There is no {name!r} for you among the active bulletins, and the alerts and pushes of the last 24 hours.",
        code="item.unknown",
    )


async def _snapshot(client: Client, output: Output) -> Snapshot:
    async with Events(client) as events:
        async for event in events:
            if isinstance(event, Lost):
                await output.words(words.lost(event))
            if isinstance(event, Snapshot):
                return event
    raise AssertionError("events never end without an error")
