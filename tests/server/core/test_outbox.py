from server.core.outbox import MAX_BYTES, Outbox


def test_live_entries_wait_until_the_past_has_been_told() -> None:
    outbox = Outbox(10)
    assert outbox.offer(11, b"eleven") is None
    assert outbox.offer(12, b"twelve") is None
    assert outbox.release(10) == [b"eleven", b"twelve"]
    assert outbox.offer(13, b"thirteen") == b"thirteen"


def test_an_entry_that_was_told_already_is_not_told_again() -> None:
    outbox = Outbox(10)
    assert outbox.offer(10, b"ten") is None
    assert outbox.release(10) == []
    assert outbox.offer(10, b"ten") is None
    assert outbox.offer(11, b"eleven") == b"eleven"
    assert outbox.offer(11, b"eleven") is None


def test_an_entry_of_no_concern_moves_the_position() -> None:
    outbox = Outbox(10)
    assert outbox.offer(11, None) is None
    assert outbox.position == 11
    assert outbox.release(10) == []


def test_what_waits_is_bounded_while_the_past_is_told_and_afterwards() -> None:
    outbox = Outbox(0)
    outbox.offer(1, bytes(MAX_BYTES))
    assert not outbox.is_full(10 * MAX_BYTES), "the past is told at the pace of the socket"
    outbox.offer(2, b"x")
    assert outbox.is_full(0)
    outbox.release(0)
    assert not outbox.is_full(MAX_BYTES)
    assert outbox.is_full(MAX_BYTES + 1)


def test_what_the_past_told_already_is_not_told_again_by_a_live_entry() -> None:
    outbox = Outbox(10)
    outbox.offer(11, b"eleven")
    outbox.offer(12, b"twelve")
    assert outbox.release(11) == [b"twelve"]
    late = Outbox(10)
    assert late.release(12) == []
    assert late.offer(12, b"twelve") is None, "the past was read by another road, and was ahead"
    assert late.offer(13, b"thirteen") == b"thirteen"
