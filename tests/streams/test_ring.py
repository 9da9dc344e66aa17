"""Ring: joins, holes, doubles, bounds."""

from streams.fragment import Flag, Fragment, Kind, pack
from streams.ring import Ring

CAMERA = 4


def _init(sequence: int, body: bytes = b"ftyp moov") -> Fragment:
    return _fragment(Kind.INIT, Flag.NONE, sequence, body)


def _key(sequence: int, body: bytes = b"key") -> Fragment:
    return _fragment(Kind.FRAME, Flag.KEY, sequence, body)


def _delta(sequence: int, body: bytes = b"delta") -> Fragment:
    return _fragment(Kind.FRAME, Flag.NONE, sequence, body)


def _fragment(kind: Kind, flags: Flag, sequence: int, body: bytes, captured_ms: float | None = None) -> Fragment:
    at = 1000.0 + 40 * sequence if captured_ms is None else captured_ms
    return pack(kind, flags, camera_number=CAMERA, sequence=sequence, captured_ms=at, dts=0, body=body)


def _filled(*fragments: Fragment) -> Ring:
    ring = Ring()
    for fragment in fragments:
        assert ring.append(fragment)
    return ring


def test_a_burst_is_the_init_segment_and_everything_since_the_newest_key_frame() -> None:
    ring = _filled(_init(0), _key(1), _delta(2), _key(3), _delta(4), _delta(5))
    assert [fragment.sequence for fragment in ring.burst()] == [0, 3, 4, 5]
    assert ring.newest is ring.fragments[-1]


def test_nothing_can_be_joined_before_the_first_key_frame() -> None:
    ring = _filled(_init(0))
    assert not ring.append(_delta(1))
    assert ring.burst() == ()
    assert ring.after(0) is None


def test_a_picture_that_does_not_follow_is_refused_until_the_next_key_frame() -> None:
    ring = _filled(_init(0), _key(1), _delta(2))
    assert not ring.append(_delta(4))
    assert not ring.append(_delta(5))
    assert ring.append(_key(6))
    assert ring.append(_delta(7))
    assert [fragment.sequence for fragment in ring.burst()] == [0, 6, 7]


def test_a_key_frame_that_comes_before_its_init_segment_is_taken_with_it() -> None:
    source = _filled(_init(0), _key(1), _delta(2))
    ring = Ring()
    assert ring.append(_key(1))
    assert ring.append(_delta(2))
    assert [ring.append(fragment) for fragment in source.burst()] == [True] * 3
    assert ring.burst() == source.burst()


def test_a_key_frame_whose_new_init_segment_was_lost_is_taken_again_with_it() -> None:
    source = _filled(_init(0), _key(1), _init(2, b"ftyp moov 2"), _key(3), _delta(4))
    ring = _filled(_init(0), _key(1))
    ring.clear()
    assert ring.append(_key(3))
    assert [ring.append(fragment) for fragment in source.burst()] == [True] * 3
    assert ring.burst() == source.burst()
    assert [ring.append(fragment) for fragment in source.burst()] == [False] * 3


def test_a_burst_that_comes_twice_is_taken_once() -> None:
    source = _filled(_init(0), _key(1), _delta(2), _delta(3))
    ring = _filled(*source.burst())
    assert [ring.append(fragment) for fragment in source.burst()] == [False] * 4
    assert ring.append(_delta(4))


def test_a_burst_fills_the_hole_that_a_loss_has_left() -> None:
    source = _filled(_init(0), _key(1), *(_delta(n) for n in range(2, 8)))
    ring = _filled(_init(0), _key(1), _delta(2))
    assert not ring.append(_delta(5))
    assert [ring.append(fragment) for fragment in source.burst()] == [False] * 3 + [True] * 5
    assert ring.burst() == source.burst()


def test_live_pictures_before_the_burst_are_refused_and_those_after_it_follow() -> None:
    source = _filled(_init(0), _key(1), _delta(2), _delta(3))
    ring = Ring()
    assert not ring.append(_delta(2))
    assert not ring.append(_delta(3))
    assert all(ring.append(fragment) for fragment in source.burst())
    assert ring.append(_delta(4))


def test_a_new_init_segment_counts_from_its_key_frame_on() -> None:
    ring = _filled(_init(0), _key(1), _delta(2))
    new = _init(3, b"other moov")
    assert ring.append(new)
    assert [fragment.sequence for fragment in ring.burst()] == [0, 1, 2]
    assert not ring.append(_delta(4))
    assert ring.append(_key(4))
    assert ring.burst() == (new, _key(4))


def test_a_gap_ends_what_can_be_joined_but_keeps_the_init_segment() -> None:
    ring = _filled(_init(0), _key(1), _delta(2))
    gap = _fragment(Kind.GAP, Flag.NONE, 3, b"")
    assert ring.append(gap)
    assert not ring.append(gap)
    assert ring.newest == gap
    assert ring.burst() == ()
    assert not ring.append(_delta(4))
    assert ring.append(_key(5))
    assert [fragment.sequence for fragment in ring.burst()] == [0, 5]


def test_a_reader_that_was_started_again_is_taken_though_it_counts_from_zero_and_its_clock_was_set_back() -> None:
    ring = _filled(_init(500), _key(501), _delta(502))
    assert ring.append(_fragment(Kind.INIT, Flag.DISCONTINUITY, 0, b"ftyp moov", captured_ms=5.0))
    assert ring.append(_fragment(Kind.FRAME, Flag.KEY, 1, b"key", captured_ms=5.0))
    assert [fragment.sequence for fragment in ring.burst()] == [0, 1]


def test_sequences_wrap() -> None:
    ring = _filled(_init(2**32 - 3), _key(2**32 - 2), _delta(2**32 - 1), _delta(0), _delta(1))
    assert ring.after(2**32 - 1) == _delta(0)
    assert ring.after(0) == _delta(1)
    assert ring.after(1) is None


def test_a_cursor_walks_the_group_and_is_told_when_its_place_is_gone() -> None:
    ring = _filled(_init(0), _key(1), _delta(2), _delta(3))
    assert ring.after(1) == _delta(2)
    assert ring.after(3) is None
    ring.append(_key(4))
    assert ring.after(2) is None
    assert ring.after(3) == _key(4)


def test_only_the_newest_jpeg_is_kept_and_it_needs_no_init_segment() -> None:
    ring = _filled(_init(0), _key(1))
    jpeg = _fragment(Kind.JPEG, Flag.KEY, 2, b"\xff\xd8")
    assert ring.append(jpeg)
    assert ring.burst() == (jpeg,)
    assert ring.init is None


def test_an_endless_group_stays_bounded_and_viewers_who_keep_up_go_on() -> None:
    ring = Ring(max_bytes=10_000)
    ring.append(_init(0))
    ring.append(_key(1, bytes(500)))
    for sequence in range(2, 200):
        assert ring.append(_delta(sequence, bytes(500)))
        assert ring.after(sequence - 1) is ring.newest
        assert sum(len(fragment.message) for fragment in ring.fragments) <= 10_000
    assert ring.burst() == ()
    assert ring.append(_key(200))
    assert len(ring.burst()) == 2


def test_a_single_picture_larger_than_the_bound_is_kept_until_the_next() -> None:
    ring = Ring(max_bytes=100)
    ring.append(_init(0))
    assert ring.append(_key(1, bytes(500)))
    assert len(ring.burst()) == 2
    assert ring.append(_delta(2, bytes(500)))
    assert ring.fragments == [_delta(2, bytes(500))]


def test_a_cleared_ring_can_be_joined_again_from_the_next_key_frame_on() -> None:
    ring = _filled(_init(0), _key(1), _delta(2))
    ring.clear()
    assert (ring.newest, ring.burst()) == (None, ())
    assert not ring.append(_delta(3))
    assert ring.append(_key(9))
    assert ring.burst() == (_init(0), _key(9))


def test_a_cleared_ring_takes_the_burst_that_it_has_had_before() -> None:
    source = _filled(_init(0), _key(1), _delta(2))
    ring = _filled(*source.burst())
    ring.clear()
    assert [ring.append(fragment) for fragment in source.burst()] == [False, True, True]
    assert ring.burst() == source.burst()
