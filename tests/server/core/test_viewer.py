"""A viewer as a cursor: what he is given, whatever his socket does."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from server.core.viewer import DRAINED_BYTES, MAX_PENDING_BYTES, Viewer
from streams.fragment import Flag, Fragment, Kind, pack
from streams.ring import Ring


def fragment(kind: Kind, sequence: int, *, key: bool = False) -> Fragment:
    flags = Flag.KEY if key else Flag.NONE
    return pack(
        kind, flags, camera_number=1, sequence=sequence, captured_ms=sequence * 40.0, dts=0, body=b"%d" % sequence
    )


def init(sequence: int) -> Fragment:
    return fragment(Kind.INIT, sequence)


def key(sequence: int) -> Fragment:
    return fragment(Kind.FRAME, sequence, key=True)


def delta(sequence: int) -> Fragment:
    return fragment(Kind.FRAME, sequence)


class Camera:
    """A ring and one viewer, and everything that he was given."""

    def __init__(self) -> None:
        self.ring = Ring()
        self.viewer = Viewer()
        self.given: list[Fragment] = []
        self.drops: list[int] = []

    def show(self, *fragments: Fragment, pending: int = 0, now: float = 0) -> None:
        for each in fragments:
            assert self.ring.append(each)
            if self.viewer.keeps_up(pending, now):
                self.give(each, now)
            else:
                self.catch_up(pending, now)

    def catch_up(self, pending: int, now: float) -> None:
        if not self.viewer.may_go_on(pending, now):
            return
        while not self.viewer.has_all_of(self.ring):
            if following := self.viewer.next_in(self.ring):
                self.give(following, now)
                continue
            jump = self.viewer.jump_in(self.ring)
            if jump is None:
                return
            if jump.skipped is not None:
                self.drops.append(jump.skipped)
            if jump.init:
                self.give(jump.init, now)
            self.viewer.jumped(jump)
        self.viewer.is_behind = False

    def give(self, each: Fragment, now: float) -> None:
        self.given.append(each)
        self.viewer.took(each, now)


def sequences(camera: Camera) -> list[int]:
    return [each.sequence for each in camera.given]


def test_a_viewer_who_joins_gets_the_init_segment_and_the_group_at_once() -> None:
    camera = Camera()
    for each in (init(0), key(1), delta(2), key(3), delta(4)):
        camera.ring.append(each)
    camera.catch_up(0, 0)
    assert sequences(camera) == [0, 3, 4]
    assert camera.drops == []
    assert not camera.viewer.is_behind
    assert camera.viewer.frames == 2


def test_a_viewer_who_comes_before_the_first_picture_joins_with_it() -> None:
    camera = Camera()
    camera.show(init(0), key(1), delta(2))
    assert sequences(camera) == [0, 1, 2]


def test_one_who_keeps_up_gets_everything() -> None:
    camera = Camera()
    camera.show(init(0), key(1), delta(2), key(3), init(4), key(5), fragment(Kind.GAP, 6), init(7), key(8))
    assert sequences(camera) == list(range(9))
    assert camera.drops == []


def test_one_who_stops_reading_goes_on_where_he_was_while_the_group_is_the_same() -> None:
    camera = Camera()
    camera.show(init(0), key(1))
    camera.show(delta(2), delta(3), pending=MAX_PENDING_BYTES)
    assert sequences(camera) == [0, 1]
    camera.show(delta(4), pending=DRAINED_BYTES + 1)
    assert sequences(camera) == [0, 1], "has not drained"
    camera.catch_up(DRAINED_BYTES, 0)
    assert sequences(camera) == [0, 1, 2, 3, 4]
    assert camera.drops == []


def test_one_who_stops_reading_jumps_to_the_newest_key_frame_and_is_told() -> None:
    camera = Camera()
    camera.show(init(0), key(1))
    camera.show(delta(2), key(3), delta(4), key(5), delta(6), pending=MAX_PENDING_BYTES)
    camera.catch_up(0, 0)
    assert sequences(camera) == [0, 1, 5, 6]
    assert camera.drops == [3]
    assert camera.viewer.skipped == 3


def test_one_who_missed_a_new_init_segment_gets_it_before_the_key_frame() -> None:
    camera = Camera()
    camera.show(init(0), key(1))
    camera.show(delta(2), init(3), key(4), delta(5), pending=MAX_PENDING_BYTES)
    camera.catch_up(0, 0)
    assert sequences(camera) == [0, 1, 3, 4, 5]


def test_one_who_fell_behind_between_a_new_init_segment_and_its_key_frame_does_not_go_back() -> None:
    camera = Camera()
    camera.show(init(0), key(1), delta(2), init(3))
    camera.catch_up(0, 0)
    camera.viewer.is_behind = True
    camera.catch_up(0, 0)
    assert sequences(camera) == [0, 1, 2, 3]
    camera.show(key(4), delta(5))
    assert sequences(camera) == [0, 1, 2, 3, 4, 5]


def test_a_reader_that_was_started_again_counts_from_0() -> None:
    camera = Camera()
    camera.show(init(1000), key(1001))
    again = pack(Kind.INIT, Flag.DISCONTINUITY, camera_number=1, sequence=0, captured_ms=1e6, dts=0, body=b"again")
    first = pack(Kind.FRAME, Flag.KEY, camera_number=1, sequence=1, captured_ms=1e6, dts=0)
    camera.show(again, first, pending=MAX_PENDING_BYTES)
    camera.catch_up(0, 0)
    assert camera.given[2:] == [again, first]
    assert camera.drops == [0]


def test_a_viewer_of_jpegs_gets_the_newest() -> None:
    camera = Camera()
    camera.show(fragment(Kind.JPEG, 0, key=True))
    camera.show(fragment(Kind.JPEG, 1, key=True), fragment(Kind.JPEG, 2, key=True), pending=MAX_PENDING_BYTES)
    camera.catch_up(0, 0)
    assert sequences(camera) == [0, 2]
    assert camera.drops == [1]


def test_the_sequence_may_wrap() -> None:
    camera = Camera()
    top = 0xFFFFFFFF
    for sequence, each in enumerate([init(top - 2), key(top - 1), delta(top), delta(0), delta(1)]):
        moved = pack(each.kind, each.flags, camera_number=1, sequence=each.sequence, captured_ms=sequence, dts=0)
        camera.show(moved, pending=MAX_PENDING_BYTES if sequence == 2 else 0)
    assert sequences(camera) == [top - 2, top - 1, top, 0, 1]
    assert camera.drops == []


def test_one_whose_client_acknowledges_late_is_behind_although_his_socket_is_empty() -> None:
    camera = Camera()
    camera.show(init(0), key(1), now=0)
    camera.viewer.acknowledged(1)
    camera.show(delta(2), now=10.0)
    camera.show(delta(3), now=10.9)
    assert sequences(camera)[-1] == 3
    camera.show(delta(4), now=11.0)
    assert sequences(camera)[-1] == 3
    camera.viewer.acknowledged(1)
    camera.catch_up(0, 11.2)
    assert sequences(camera)[-1] == 3, "an old acknowledgement says nothing"
    camera.viewer.acknowledged(2)
    camera.catch_up(0, 11.5)
    assert sequences(camera)[-1] == 4


def test_one_whose_client_never_acknowledges_is_judged_by_his_socket() -> None:
    camera = Camera()
    camera.show(init(0), key(1), now=0)
    camera.show(delta(2), now=100)
    assert sequences(camera) == [0, 1, 2]


def test_one_whose_acknowledgements_end_is_judged_by_his_socket_after_a_while() -> None:
    camera = Camera()
    camera.show(init(0), key(1), now=0)
    camera.viewer.acknowledged(1)
    camera.show(delta(2), now=1)
    camera.show(delta(3), now=2.5)
    camera.show(delta(4), now=5.9)
    assert sequences(camera)[-1] == 2
    camera.show(delta(5), now=6.0)
    assert sequences(camera)[-1] == 5


def stream(groups: list[int]) -> Iterator[Fragment]:
    sequence = 0
    yield init(0)
    for deltas in groups:
        sequence += 1
        yield key(sequence)
        for _ in range(deltas):
            sequence += 1
            yield delta(sequence)


@given(
    groups=st.lists(st.integers(0, 5), min_size=1, max_size=8),
    pending=st.lists(st.sampled_from([0, DRAINED_BYTES, DRAINED_BYTES + 1, MAX_PENDING_BYTES]), max_size=48),
)
def test_whatever_his_socket_does_what_he_gets_decodes(groups: list[int], pending: list[int]) -> None:
    camera = Camera()
    for number, each in enumerate(stream(groups)):
        camera.show(each, pending=pending[number] if number < len(pending) else 0)
    before: Fragment | None = None
    for each in camera.given:
        if not each.is_key and each.kind is Kind.FRAME:
            assert before is not None
            assert each.sequence == before.sequence + 1, "a delta frame follows the one before"
        before = each
    assert sequences(camera) == sorted(set(sequences(camera))), "in order, each once"
    camera.catch_up(0, 0)
    assert camera.viewer.has_all_of(camera.ring)
