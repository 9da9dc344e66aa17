"""Items: alerts, pushes and bulletins by the names that people give them."""

from collections.abc import Mapping, Sequence

from clients.cli.client import Client
from clients.cli.errors import Refused
from clients.cli.line import Json

KINDS = ("alert", "push", "bulletin")
Known = Mapping[str, Sequence[Json]]
"""By kind."""


async def named(client: Client, name: str, kinds: Sequence[str] = KINDS) -> tuple[str, Json]:
    """The kind and the item of a name: ``alert:17``, an id, or a bare number, which is one of the first of ``kinds``.

    Never looked for over a socket: that would end another one of this device, such as that of ``listen``.

    Raises:
        Refused: there is none among what concerns the person now.
    """
    if name.isdecimal():
        name = f"{kinds[0]}:{name}"
    found = None
    for kind, listed in (("alert", client.alerts), ("bulletin", client.bulletins), ("push", client.pushes)):
        if found is None:
            found = find({kind: await listed()}, name)
    if found is None:
        raise Refused(
            f"There is no {name!r} for you among the active bulletins, and the alerts and pushes of the last 24 hours.",
            code="item.unknown",
        )
    if found[0] not in kinds:
        raise Refused(f"{name!r} is of another kind; this can be done with: {', '.join(kinds)}.", code="item.unknown")
    return found


def find(known: Known, name: str) -> tuple[str, Json] | None:
    kind, _, number = name.partition(":")
    for item_kind, items in known.items():
        for item in items:
            if item["id"] == name or (kind == item_kind and str(item["number"]) == number):
                return item_kind, item
    return None
