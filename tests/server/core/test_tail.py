"""The end of the log in memory: it tells everybody exactly what the log itself would."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.core import tail as tails
from server.core import wire
from server.core.audience import EVERYBODY, NOBODY, STAFF, Audience
from server.core.entry import Entry, Kind
from server.core.people import Person, Role
from server.core.tail import MAX_ENTRIES, Tail
from tests.server.samples import HOUR_MS, NOW_MS, a_bulletin

REYES, OKAFOR = Person("officer-12", "", Role.OFFICER), Person("officer-7", "", Role.OFFICER)
OPERATOR = Person("operator", "", Role.OPERATOR)
WHOLE = 10**9


def entry(position: int, kind: Kind, audience: Audience = EVERYBODY, **payload: Any) -> Entry:
    return Entry(position, 0, kind, payload, audience)


def add(tail: Tail, *entries: Entry) -> None:
    for each in entries:
        tail.add(each, wire.entry(each, each.payload))


def messages(frames: bytes) -> list[Mapping[str, Any]]:
    """Of unmasked text frames."""
    found = []
    while frames:
        size, start = frames[1], 2
        if size == 126:
            size, start = int.from_bytes(frames[2:4]), 4
        found.append(json.loads(frames[start : start + size]))
        frames = frames[start + size :]
    return found


def told(tail: Tail, after: int, person: Person) -> list[int]:
    return [
        message["position"] for message in messages(tail.after(after, person, max_bytes=WHOLE, now_ms=NOW_MS).frames)
    ]


def test_who_was_away_is_told_what_concerns_him() -> None:
    tail = Tail(10)
    add(
        tail,
        entry(11, "alert", alert={"id": "a"}),
        entry(12, "alert", Audience.of_people(["officer-7"]), alert={"id": "b"}),
        entry(13, "alert", STAFF, alert={"id": "c"}),
    )
    assert told(tail, 10, REYES) == [11]
    assert told(tail, 10, OKAFOR) == [11, 12]
    assert told(tail, 11, OPERATOR) == [12, 13]
    assert tail.after(13, OPERATOR, max_bytes=WHOLE, now_ms=NOW_MS) == (b"", 13)


def test_officers_are_told_their_own_receipts() -> None:
    tail = Tail(0)
    both = [{"person": "officer-7", "stage": "shown"}, {"person": "officer-12", "stage": "shown"}]
    add(tail, entry(1, "receipts", Audience.of_people(["officer-7", "officer-12"]), receipts=both))
    add(tail, entry(2, "receipts", STAFF, receipts=both[:1]))
    assert [m["receipts"] for m in messages(tail.after(0, OKAFOR, max_bytes=WHOLE, now_ms=NOW_MS).frames)] == [both[:1]]
    assert [m["receipts"] for m in messages(tail.after(0, OPERATOR, max_bytes=WHOLE, now_ms=NOW_MS).frames)] == [
        both,
        both[:1],
    ]


def test_tests_of_the_lane_itself_are_told_to_nobody_and_take_no_room() -> None:
    tail = Tail(0)
    for position in range(1, 3 * MAX_ENTRIES):
        add(tail, entry(position, "probe", NOBODY, probe={}))
    assert tail.covers(0)
    assert tail.after(0, OPERATOR, max_bytes=WHOLE, now_ms=NOW_MS) == (b"", 3 * MAX_ENTRIES - 1)


def test_what_was_recalled_or_has_ended_does_not_leave_again() -> None:
    tail = Tail(0)
    secret = {"id": "p", "revision": 1, "note": "secret"}
    add(tail, entry(1, "push", push=secret), entry(2, "bulletin", bulletin={"id": "p", "why": "secret"}))
    add(tail, entry(3, "push", push={"id": "p", "revision": 2}))
    assert [
        message.get("push") for message in messages(tail.after(0, OPERATOR, max_bytes=WHOLE, now_ms=NOW_MS).frames)
    ] == [
        {"id": "p", "revision": 2},
        None,
        {"id": "p", "revision": 2},
    ]
    add(tail, entry(4, "bulletin", bulletin={"id": "p", "state": "expired"}))
    assert b"secret" not in tail.after(0, OPERATOR, max_bytes=WHOLE, now_ms=NOW_MS).frames


def test_a_bulletin_whose_time_has_run_out_does_not_leave_again_while_nobody_can_write_that_down() -> None:
    tail, bulletin = Tail(0), a_bulletin()
    renewed = bulletin.renewed(bulletin.expires_ms + HOUR_MS)
    add(tail, entry(1, "bulletin", bulletin=bulletin.to_wire()))

    def told_at(now_ms: int) -> list[Any]:
        return [m["bulletin"] for m in messages(tail.after(0, OPERATOR, max_bytes=WHOLE, now_ms=now_ms).frames)]

    assert told_at(bulletin.expires_ms - 1) == [bulletin.to_wire()]
    assert told_at(bulletin.expires_ms) == [bulletin.expired().to_wire()]
    add(tail, entry(2, "bulletin", bulletin=renewed.to_wire()))
    assert told_at(bulletin.expires_ms) == 2 * [renewed.to_wire()]
    assert told_at(renewed.expires_ms) == 2 * [renewed.expired().to_wire()]


def test_much_is_told_in_pieces_that_leave_nothing_out() -> None:
    tail = Tail(0)
    for position in range(1, 51):
        add(tail, entry(position, "alert", alert={"id": str(position), "description": "x" * 1000}))
    position, positions, pieces = 0, [], 0
    while position < tail.position:
        frames, position = tail.after(position, REYES, max_bytes=5000, now_ms=NOW_MS)
        positions += [message["position"] for message in messages(frames)]
        pieces += 1
    assert positions == list(range(1, 51))
    assert pieces > 5


@given(st.data())
def test_what_it_covers_it_tells_as_the_log_would_however_much_has_come(data: st.DataObject) -> None:
    limits = tails.MAX_ENTRIES, tails._TRIM, tails.MAX_BYTES
    tails.MAX_ENTRIES, tails._TRIM = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 5))
    tails.MAX_BYTES = data.draw(st.integers(1000, 20_000))
    try:
        start = data.draw(st.integers(0, 5))
        tail, log = Tail(start), list[Entry]()
        kinds: st.SearchStrategy[Kind] = st.sampled_from(["alert", "probe"])
        for position in range(start + 1, start + 1 + data.draw(st.integers(0, 60))):
            people = data.draw(st.frozensets(st.sampled_from(["officer-7", "officer-12"])))
            kind: Kind = data.draw(kinds)
            text = "x" * data.draw(st.sampled_from([1, 100, 900]))
            audience = NOBODY if kind == "probe" else Audience.of_people(people)
            log.append(entry(position, kind, audience, **{kind: {"id": str(position), "text": text}}))
            add(tail, log[-1])
        for after in range(start, start + len(log) + 1):
            if tail.covers(after):
                wanted = [e.position for e in log if e.position > after and e.audience.concerns(REYES)]
                assert told(tail, after, REYES) == wanted
        assert tail.covers(start + len(log))
        assert tail._bytes <= tails.MAX_BYTES
        assert not log or tail._bytes == sum(len(k.frame) for k in tail._kept) + 100 * sum(
            len(audience.people) for audience in {k.entry.audience for k in tail._kept}
        )
    finally:
        tails.MAX_ENTRIES, tails._TRIM, tails.MAX_BYTES = limits
