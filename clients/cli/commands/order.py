"""Orders: what can be done about alerts and bulletins that are there already (docs/wire.md §6.3 and §6.4).

``sightline-client close 17 --outcome casings``: each order is a command of its own.
"""

import argparse
from dataclasses import dataclass
from typing import Any

from clients.cli import items, words
from clients.cli.client import Client
from clients.cli.line import Json
from clients.cli.output import Output

OUTCOMES = (
    "casings",
    "victim",
    "witness",
    "suspect",
    "damage",
    "nothing_found",
    "fireworks",
    "vehicle",
    "construction",
    "other_noise",
    "duplicate",
    "drill",
)


@dataclass(frozen=True, slots=True)
class Option:
    name: str
    """On the wire; on the command line with ``-`` for ``_``."""
    help: str
    required: bool = False
    type: Any = str
    choices: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One command of the command line; stands where a module of commands does."""

    command: str
    HELP: str
    kinds: tuple[str, ...]
    """What it can be about; a bare number is one of the first."""
    options: tuple[Option, ...] = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        examples = " or ".join(f"{kind}:5" for kind in self.kinds)
        parser.add_argument("item", metavar="ITEM", help=f"{examples}, a number alone ({self.kinds[0]}), or an id")
        for option in self.options:
            parser.add_argument(
                f"--{option.name.replace('_', '-')}",
                dest=option.name,
                help=option.help,
                required=option.required,
                type=option.type,
                choices=option.choices,
            )

    async def run(self, client: Client, arguments: argparse.Namespace, output: Output) -> None:
        kind, item = await items.named(client, arguments.item, self.kinds)
        fields = self.fields_of(arguments)
        done = await client.command(kind, item["id"], self.command, revision=item["revision"], **fields)
        await output.result({kind: done}, words.item(kind, done))

    def fields_of(self, arguments: argparse.Namespace) -> Json:
        """What was said; the rest is left out."""
        given = {option.name: getattr(arguments, option.name) for option in self.options}
        return {name: value for name, value in given.items() if value is not None}


_NOTE = Option("note", "words for the record")
_REASON = Option("reason", "why", required=True)
_TEXTS = tuple(Option(name, "what it is instead") for name in ("event", "headline", "description", "instruction"))

ORDERS: dict[str, Order] = {
    "en-route": Order("en_route", "say that you are on the way", ("alert",), (_NOTE,)),
    "on-scene": Order("on_scene", "say that you are there", ("alert",), (_NOTE,)),
    "close": Order(
        "close",
        "close an alert with what was found",
        ("alert",),
        (Option("outcome", "what was found", required=True, choices=OUTCOMES), _NOTE),
    ),
    "reopen": Order("reopen", "make an alert that is over new again", ("alert",), (_REASON,)),
    "update": Order(
        "update",
        "correct an alert or a bulletin",
        ("alert", "bulletin"),
        (
            _REASON,
            *_TEXTS,
            Option("priority", "1 is the highest", type=int),
            Option("area_desc", "where, in words"),
            *(Option(name, "of a bulletin") for name in ("name", "why", "caution", "legal_basis", "issuer", "verify")),
        ),
    ),
    "cancel": Order("cancel", "cancel an alert or a bulletin", ("alert", "bulletin"), (_REASON,)),
    "shelve": Order(
        "shelve",
        "no sound of an alert for some minutes",
        ("alert",),
        (Option("minutes", "1 to 30", required=True, type=int), _REASON),
    ),
    "unshelve": Order("unshelve", "let an alert sound again", ("alert",)),
    "renew": Order("renew", "let a bulletin last 72 hours from now", ("bulletin",)),
    "clear": Order(
        "clear",
        "say who looks like a wanted person and is another",
        ("bulletin",),
        (Option("note", "who", required=True),),
    ),
    "radio": Order(
        "radio",
        "note what somebody said by radio",
        ("alert", "push", "bulletin"),
        (
            Option("person", "who", required=True),
            Option("stage", "what he said", required=True, choices=("acknowledged", "declined")),
            Option("state", "of an alert: where he is", choices=("en_route", "on_scene")),
            _NOTE,
        ),
    ),
}
