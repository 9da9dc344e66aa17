"""Memory: what a device keeps through everything, written before it reports anything (IndexedDB on a tablet)."""

from dataclasses import dataclass, field

from tests.chaos.card import Card


@dataclass(slots=True)
class Memory:
    installation: str = ""
    position: int = -1
    """Read up to here; -1: nothing yet."""
    cards: dict[str, Card] = field(default_factory=dict)
    """Of what item → as it is."""
    known: set[tuple[str, int]] = field(default_factory=set)
    """Item and revision of what was stored: reported, and to be shown, once."""

    def take(self, card: Card) -> bool:
        """Store a card; True when this revision is new here."""
        present = self.cards.get(card.item_id)
        if present is None or card.revision >= present.revision:
            self.cards[card.item_id] = card
        is_new = (card.item_id, card.revision) not in self.known
        self.known.add((card.item_id, card.revision))
        return is_new
