import json

from server.core.entry import Entry
from tests.server.samples import NOW_MS, an_entry


def test_an_entry_is_one_message_on_the_wire() -> None:
    entry = an_entry("alert", {"alert": {"id": "a-1"}}, position=4712)
    assert entry.to_wire() == {
        "type": "entry",
        "position": 4712,
        "at_ms": NOW_MS,
        "kind": "alert",
        "alert": {"id": "a-1"},
    }


def test_an_entry_comes_back_from_the_bus_as_it_was() -> None:
    entry = an_entry("receipts", {"receipts": []})
    assert Entry.from_wire(json.loads(json.dumps(entry.to_wire()))) == entry
