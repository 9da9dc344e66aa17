from server.core.outbox import MAX_BYTES, Outbox


def test_live_entries_wait_until_the_past_has_been_told() -> None:
    outbox = Outbox(10)
    assert outbox.offer(11, b"eleven") is None
    assert outbox.offer(12, b"twelve") is None
    assert outbox.release() == [b"eleven", b"twelve"]
    assert outbox.offer(13, b"thirteen") == b"thirteen"


def test_an_entry_that_was_told_already_is_not_told_again() -> None:
    outbox = Outbox(10)
    assert outbox.offer(10, b"ten") is None
    assert outbox.release() == []
    assert outbox.offer(10, b"ten") is None
    assert outbox.offer(11, b"eleven") == b"eleven"
    assert outbox.offer(11, b"eleven") is None


def test_an_entry_of_no_concern_moves_the_position() -> None:
    outbox = Outbox(10)
    assert outbox.offer(11, None) is None
    assert outbox.position == 11
    assert outbox.release() == []


def test_what_waits_is_bounded_while_the_past_is_told_and_afterwards() -> None:
    outbox = Outbox(0)
    outbox.offer(1, bytes(MAX_BYTES))
    assert not outbox.is_full(10 * MAX_BYTES), "the past is told at the pace of the socket"
    outbox.offer(2, b"x")
    assert outbox.is_full(0)
    outbox.release()
    assert not outbox.is_full(MAX_BYTES)
    assert outbox.is_full(MAX_BYTES + 1)
