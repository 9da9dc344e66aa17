"""Tally: the sums of all items of the last 24 hours, and which of them have changed since they were told."""

from collections.abc import Iterable, Mapping
from typing import Any

from server.core.audience import Audience
from server.core.entry import Entry
from server.core.people import Person
from server.core.receipts import Item, Receipt, step_of
from server.core.sums import ItemSum, Numbers, receivers

KEPT_MS = 24 * 3600 * 1000
MAX_ITEMS = 2_000

Named = tuple[Item, str]


class Tally:
    """Bounded: the newest 2,000 items that came up in the last 24 hours."""

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self.people = tuple(people)
        """All to whom something can be sent; those who come later are counted for what is sent later."""
        self._numbers = Numbers()
        self._sums: dict[Named, ItemSum] = {}
        """In the order in which they came up."""
        self._at_ms: dict[Named, int] = {}
        self._changed: set[Named] = set()
        self._receivers: dict[Audience, frozenset[str]] = {}

    def add(self, entry: Entry) -> None:
        """Take the next entry of the log; one that was taken before changes nothing."""
        if entry.kind == "receipts":
            for one in entry.payload["receipts"]:
                named = one["item"], one["item_id"]
                known = self._sums.get(named)
                by_radio = one.get("via") == "radio"
                if known and known.climb(one["person"], one["revision"], step_of(one["stage"]), by_radio=by_radio):
                    self._changed.add(named)
        elif entry.kind != "probe":
            self.item(entry.kind, entry.payload[entry.kind], entry.audience)

    def item(self, item: Item, present: Mapping[str, Any], audience: Audience) -> None:
        """An alert, push or bulletin as it stands, in its wire form."""
        named = item, present["id"]
        one = self._sums.get(named)
        if one is None:
            one = self._sums[named] = ItemSum(item, present["id"], self._numbers)
            self._at_ms[named] = present["received_ms"] if item == "alert" else present["sent_ms"]
            while len(self._sums) > MAX_ITEMS:
                self._drop(next(iter(self._sums)))
        one.sent(present["revision"], self._receivers_of(audience))
        self._changed.add(named)

    def receipt(self, receipt: Receipt) -> None:
        named = receipt.item, receipt.item_id
        one = self._sums.get(named)
        if one is not None and one.add(receipt):
            self._changed.add(named)

    def changed(self) -> list[dict[str, Any]]:
        """The sums that are other than when this was last asked; empty when none are."""
        told = [self._sums[named].to_wire() for named in self._changed if named in self._sums]
        self._changed.clear()
        return told

    def everything(self) -> list[dict[str, Any]]:
        """All sums, those of the newest items first."""
        return [one.to_wire() for one in reversed(self._sums.values())]

    def forget(self, *, before_ms: int) -> None:
        """Drop what came up before."""
        for named in [named for named, at_ms in self._at_ms.items() if at_ms < before_ms]:
            self._drop(named)

    def _drop(self, named: Named) -> None:
        del self._sums[named], self._at_ms[named]
        self._changed.discard(named)

    def _receivers_of(self, audience: Audience) -> frozenset[str]:
        found = self._receivers.get(audience)
        if found is None:
            if len(self._receivers) > 100:
                self._receivers.clear()
            found = self._receivers[audience] = receivers(audience, self.people)
        return found
