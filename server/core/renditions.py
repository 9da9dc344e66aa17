"""Renditions: which one of a camera a viewer is given, and why."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from server.core.quality import RUNGS
from streams.rendition import Rendition

CODECS = ("avc1", "hvc1", "jpeg")
USUAL_CODECS = frozenset({"avc1", "jpeg"})
"""Of a client that does not say."""

_MADE = {Rendition.P480: "avc1", Rendition.P240: "avc1", Rendition.STILLS: "jpeg"}
_WORDS = {"avc1": "H.264", "hvc1": "H.265", "jpeg": "JPEG"}


class Why(StrEnum):
    """docs/wire.md §8."""

    ASKED = "asked"
    AUTO = "auto"
    LINK = "link"
    CODEC = "codec"
    ENCODERS = "encoders"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What can't be encoded of a camera for now."""

    renditions: frozenset[Rendition] = frozenset()
    sentence: str = ""
    """Why, for people."""

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> Self:
        """Read it from what is said on the bus of a camera; renditions of a newer program are left out.

        Raises:
            TypeError: it is something else.
        """
        words = [str(word) for word in said.get("refused", ())]
        return cls(frozenset(each for each in Rendition if each.word in words), str(said.get("refusal", "")))


@dataclass(frozen=True, slots=True)
class Offer:
    """What there is of a camera."""

    is_masked: bool = False
    codecs: Mapping[Rendition, str] = field(default_factory=dict)
    """How a rendition is encoded, where that is known."""
    refusal: Refusal = Refusal()
    refused_lately: AbstractSet[Rendition] = frozenset()
    """They may be had again; but what only stands in for another one is not tried over and over."""

    def codec(self, rendition: Rendition) -> str:
        """Empty when it is not known yet."""
        return _MADE.get(rendition) or self.codecs.get(rendition, "")

    def shown_by(self, client: AbstractSet[str], rendition: Rendition) -> bool:
        """Whether a client of these codecs can show it, as far as is known."""
        codec = self.codec(rendition)
        return not codec or codec in client

    def rungs(self, client: AbstractSet[str]) -> tuple[Rendition, ...]:
        """Those that a client of these codecs can show, best first."""
        return tuple(rung for rung in RUNGS if self.shown_by(client, rung))


@dataclass(frozen=True, slots=True)
class Choice:
    rendition: Rendition
    """To be shown as soon as there are pictures of it."""
    why: Why
    message: str = ""
    """A sentence for the viewer, where a word is not enough."""
    refusal: str = ""
    """Why it does not come now, a sentence; empty when it should."""
    instead: Rendition | None = None
    """Of a refused one: what to show until it comes to one who has no pictures. None: nothing can be had."""


def choose(wanted: Rendition, why: Why, offer: Offer, client: AbstractSet[str]) -> Choice:
    """
    Args:
        wanted: by the viewer, or by what his link carries.
        client: the codecs that his client can show; ``avc1`` or ``jpeg`` is one of them.
    """
    message = ""
    if wanted is Rendition.UNMASKED and not offer.is_masked:
        wanted = Rendition.SOURCE
    if not offer.shown_by(client, wanted):
        codec = offer.codec(wanted)
        wanted, why = _below(wanted, offer.rungs(client)), Why.CODEC
        message = f"This client can't show {_WORDS.get(codec, codec)}."
    if wanted not in offer.refusal.renditions:
        return Choice(wanted, why, message)
    refused = offer.refusal.renditions | offer.refused_lately
    others = [rung for rung in _others(wanted, why) if rung not in refused and offer.shown_by(client, rung)]
    return Choice(wanted, why, message, offer.refusal.sentence, others[0] if others else None)


def _below(wanted: Rendition, rungs: Sequence[Rendition]) -> Rendition:
    """The next one of these, or the lowest."""
    if wanted is Rendition.UNMASKED:
        return rungs[0]
    return next((rung for rung in rungs if rung > wanted), rungs[-1])


def _others(wanted: Rendition, why: Why) -> tuple[Rendition, ...]:
    """In the order in which they stand in for it: on a bad link smaller ones first."""
    if why is Why.LINK:
        return (*(rung for rung in RUNGS if rung > wanted), *(rung for rung in reversed(RUNGS) if rung < wanted))
    return tuple(rung for rung in RUNGS if rung is not wanted)
