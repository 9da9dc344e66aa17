"""Past: what is kept, for how long, and what is found of it."""

from collections.abc import Iterator
from itertools import count

import pytest

from streams.fragment import Flag, Fragment, Kind, pack, unpack
from streams.past import MESSAGE_COST_BYTES, Past
from streams.rendition import Rendition

CAMERA = 4
PICTURE_MS = 100.0
"""From one picture to the next."""


class Camera:
    """Sends a picture every 100 ms, the first of them at 0."""

    def __init__(self) -> None:
        self.clock_ms = 0.0
        self.dts = 0
        self._sequence: Iterator[int] = count()

    def init(self, body: bytes = b"ftyp moov") -> Fragment:
        return self._fragment(Kind.INIT, Flag.NONE, body)

    def group(self, pictures: int, body: bytes = b"picture") -> list[Fragment]:
        return [self.picture(Flag.KEY if n == 0 else Flag.NONE, body) for n in range(pictures)]

    def picture(self, flags: Flag, body: bytes = b"picture", kind: Kind = Kind.FRAME) -> Fragment:
        fragment = self._fragment(kind, flags, body)
        self.clock_ms += PICTURE_MS
        self.dts += 9_000
        return fragment

    def gap(self) -> Fragment:
        return self._fragment(Kind.GAP, Flag.NONE, b"")

    def _fragment(self, kind: Kind, flags: Flag, body: bytes) -> Fragment:
        return pack(
            kind,
            flags,
            camera_number=CAMERA,
            sequence=next(self._sequence),
            captured_ms=self.clock_ms,
            dts=self.dts,
            body=body,
        )


def _past(max_s: float = 60, max_bytes: int = 1 << 20) -> Past:
    return Past(CAMERA, max_s=max_s, max_bytes=max_bytes)


def _keep(past: Past, *parts: Fragment | list[Fragment]) -> Past:
    for part in parts:
        for fragment in part if isinstance(part, list) else [part]:
            past.append(fragment)
    return past


def _sequences(past: Past, from_ms: float, to_ms: float) -> list[int]:
    span = past.between(from_ms, to_ms)
    return [unpack(message).sequence for message in span.messages] if span else []


def _times(past: Past, from_ms: float, to_ms: float) -> tuple[float, float] | None:
    span = past.between(from_ms, to_ms)
    return (span.from_ms, span.to_ms) if span else None


def test_what_is_kept_are_the_messages_themselves_in_the_order_in_which_they_came() -> None:
    camera, past = Camera(), _past()
    sent = [camera.init(), *camera.group(3), *camera.group(3)]
    _keep(past, sent)
    span = past.between(0, 500)
    assert span is not None
    assert all(kept is fragment.message for kept, fragment in zip(span.messages, sent, strict=True))
    assert (span.from_ms, span.to_ms) == (0, 500)


def test_a_span_begins_with_the_key_frame_at_or_before_it_and_ends_with_a_whole_group() -> None:
    camera, past = Camera(), _past()
    _keep(past, camera.init(), *(camera.group(5) for _ in range(4)))
    assert _times(past, 700, 1200) == (500, 1400)
    assert _times(past, 500, 900) == (500, 900)
    assert _sequences(past, 700, 1200) == [0, *range(6, 16)]


def test_between_two_groups_the_last_picture_of_the_first_was_shown() -> None:
    camera, past = Camera(), _past()
    _keep(past, camera.init(), camera.group(5), camera.group(5))
    assert _times(past, 450, 460) == (0, 400)


def test_of_what_is_asked_for_as_much_is_found_as_there_is() -> None:
    camera, past = Camera(), _past()
    assert past.between(0, 1000) is None
    assert past.reach() is None
    camera.clock_ms = 5_000
    _keep(past, camera.init(), camera.group(5))
    assert _times(past, 0, 100_000) == (5_000, 5_400)
    assert past.between(0, 4_999) is None
    assert past.between(5_401, 9_000) is None
    assert past.reach() == (5_000, 5_400)


def test_a_new_init_segment_comes_before_the_groups_that_need_it_and_only_there() -> None:
    camera, past = Camera(), _past()
    _keep(past, camera.init(b"large"), camera.group(2), camera.group(2), camera.init(b"small"), camera.group(2))
    span = past.between(0, 600)
    assert span is not None
    kinds = [unpack(message).kind for message in span.messages]
    assert kinds == [0, 1, 1, 1, 1, 0, 1, 1]
    assert unpack(span.messages[5]).body == b"small"
    later = past.between(500, 600)
    assert later is not None
    assert unpack(later.messages[0]).body == b"small"


def test_an_init_segment_outlives_the_group_that_it_came_with() -> None:
    camera, past = Camera(), _past(max_s=10)
    _keep(past, camera.init(), camera.group(2), camera.group(2))
    past.tick(0)
    past.tick(11)
    assert _sequences(past, 0, 1000) == [0, 3, 4]


def test_pictures_that_follow_no_key_frame_are_not_kept() -> None:
    camera, past = Camera(), _past()
    _keep(past, camera.init(), camera.picture(Flag.NONE))
    assert past.between(0, 1000) is None
    assert past.taken_bytes == 0


def test_a_loss_stays_in_what_is_told_and_nothing_follows_it_before_a_key_frame() -> None:
    camera, past = Camera(), _past()
    _keep(past, camera.init(), camera.group(3), camera.gap())
    camera.clock_ms = 10_000
    _keep(past, camera.gap(), camera.picture(Flag.NONE), camera.group(2))
    span = past.between(0, 20_000)
    assert span is not None
    assert [unpack(message).kind for message in span.messages] == [0, 1, 1, 1, 3, 1, 1]
    assert _times(past, 0, 5_000) == (0, 200)
    # While it was lost, nothing was shown.
    assert past.between(400, 9_000) is None


def test_every_picture_of_a_jpeg_camera_can_be_the_first() -> None:
    camera, past = Camera(), _past()
    _keep(past, [camera.picture(Flag.KEY, b"jpeg", Kind.JPEG) for _ in range(10)])
    assert _sequences(past, 350, 500) == [3, 4, 5]


def test_what_is_older_than_it_may_be_goes_and_what_has_only_just_ended_stays() -> None:
    camera, past = Camera(), _past(max_s=60)
    _keep(past, camera.init(), camera.group(5))
    past.tick(0)
    _keep(past, camera.group(5))
    past.tick(30)  # the first has ended some time before
    _keep(past, camera.group(5))
    past.tick(90)
    assert past.reach() == (0, 1400)
    past.tick(90.1)
    assert past.reach() == (500, 1400)
    past.tick(1000)
    assert past.reach() == (1000, 1400), "it grows still"


def test_a_camera_that_is_not_connected_any_more_is_forgotten() -> None:
    camera, past = Camera(), _past(max_s=60)
    _keep(past, camera.init(), camera.group(5), camera.gap())
    past.tick(0)
    past.tick(61)
    assert past.reach() is None
    assert past.taken_bytes == 0


def test_more_bytes_than_there_may_be_cost_the_oldest_groups_whole() -> None:
    camera = Camera()
    past = _past(max_bytes=10_000)
    _keep(past, camera.init(), *(camera.group(4, bytes(500)) for _ in range(20)))
    assert 7_500 < past.taken_bytes <= 10_000
    span = past.between(0, 10_000)
    assert span is not None
    assert span.to_ms == 7_900
    assert unpack(span.messages[1]).is_key
    assert past.taken_bytes == sum(len(message) + MESSAGE_COST_BYTES for message in span.messages[1:])


def test_a_group_that_never_ends_is_let_go_and_keeping_goes_on_with_the_next() -> None:
    camera = Camera()
    past = _past(max_bytes=10_000)
    _keep(past, camera.init(), camera.group(40, bytes(500)))
    assert past.taken_bytes == 0
    assert past.reach() is None
    _keep(past, camera.group(4, bytes(500)))
    assert past.reach() == (4_000, 4_300)


@pytest.mark.parametrize("step_ms", [-3_600_000, 3_600_000, -150])
def test_a_clock_that_is_set_loses_nothing_and_both_times_are_found(step_ms: float) -> None:
    camera, past = Camera(), _past(max_s=60)
    camera.clock_ms = start_ms = 4_000_000
    _keep(past, camera.init(), camera.group(5))
    camera.clock_ms += step_ms
    _keep(past, camera.group(5), camera.group(5))
    assert _times(past, start_ms, start_ms + 10) is not None
    new_ms = start_ms + 500 + step_ms
    found = past.between(new_ms + 610, new_ms + 620)
    assert found is not None
    assert found.to_ms == new_ms + 900
    past.tick(0)
    past.tick(59)
    assert past.reach() == (start_ms, new_ms + 900)
    past.tick(61)
    assert past.reach() == (new_ms + 500, new_ms + 900)


def test_a_clock_that_is_set_back_within_a_group_makes_no_span_that_ends_before_it_begins() -> None:
    camera, past = Camera(), _past()
    camera.clock_ms = 5_000
    _keep(past, camera.init(), camera.picture(Flag.KEY))
    camera.clock_ms = 1_000
    _keep(past, camera.picture(Flag.NONE))
    assert _times(past, 0, 10_000) == (5_000, 5_000)


@pytest.mark.parametrize("rendition", [Rendition.UNMASKED, Rendition.P480])
def test_nothing_of_another_rendition_is_kept_not_even_in_a_group_that_grows(rendition: Rendition) -> None:
    camera, past = Camera(), _past()
    _keep(past, camera.init(), camera.group(2))
    for flags in (Flag.KEY, Flag.NONE):
        past.append(
            pack(
                Kind.FRAME,
                flags,
                camera_number=CAMERA,
                sequence=3,
                captured_ms=250,
                dts=0,
                body=b"x",
                rendition=rendition,
            )
        )
    assert _sequences(past, 0, 1000) == [0, 1, 2]


def _clock(past: Past) -> tuple[tuple[int, int], ...]:
    span = past.between(0, 2**53)
    assert span is not None
    return span.clock


def test_what_time_it_was_is_told_once_as_long_as_capture_and_decode_times_go_on_alike() -> None:
    camera, past = Camera(), _past()
    camera.clock_ms = 5_000
    for _ in range(5):
        _keep(past, camera.group(5))
        camera.clock_ms += 30  # what networks do
    assert _clock(past) == ((5_000, 0),)


def test_what_time_it_was_is_told_anew_after_a_loss_and_after_the_clock_was_set() -> None:
    camera, past = Camera(), _past()
    _keep(past, camera.group(5), camera.gap())
    camera.clock_ms += 8_000
    _keep(past, camera.group(5), camera.group(5))
    camera.clock_ms -= 60_000
    camera.clock_ms = max(camera.clock_ms, 100)
    _keep(past, camera.group(5), camera.group(5))
    assert _clock(past) == ((0, 0), (8_500, 45_000), (100, 135_000))
