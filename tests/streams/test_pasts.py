"""Pasts: one memory for all cameras, and who gives way when it is full."""

from math import inf

from streams.fragment import Flag, Kind, pack
from streams.pasts import Pasts


def _show(pasts: Pasts, camera: int, groups: int, size: int = 1000) -> None:
    past = pasts.of(camera)
    assert past is not None
    for n in range(groups):
        past.append(
            pack(
                Kind.FRAME, Flag.KEY, camera_number=camera, sequence=n, captured_ms=1000.0 * n, dts=0, body=bytes(size)
            )
        )


def _reach(pasts: Pasts, camera: int) -> tuple[float, float] | None:
    past = pasts.of(camera)
    assert past is not None
    return past.reach()


def test_whoever_has_most_gives_way_with_its_oldest() -> None:
    pasts = Pasts(past_s=60, past_bytes=1 << 20, total_bytes=100_000)
    _show(pasts, 1, 10)
    _show(pasts, 2, 200)
    assert pasts.taken_bytes <= 100_000
    assert _reach(pasts, 1) == (0, 9_000)
    reach = _reach(pasts, 2)
    assert reach is not None
    assert reach[0] > 100_000
    assert reach[1] == 199_000


def test_many_cameras_share_what_there_is() -> None:
    pasts = Pasts(past_s=60, past_bytes=1 << 20, total_bytes=100_000)
    for camera in range(1, 11):
        _show(pasts, camera, 50)
    assert 80_000 < pasts.taken_bytes <= 100_000
    reaches = [_reach(pasts, camera) for camera in range(1, 11)]
    assert all(reach is not None and reach[1] == 49_000 for reach in reaches)


def test_a_camera_that_fills_all_of_it_alone_keeps_its_newest() -> None:
    pasts = Pasts(past_s=60, past_bytes=1 << 20, total_bytes=10_000)
    _show(pasts, 1, 50)
    assert 0 < pasts.taken_bytes <= 10_000
    reach = _reach(pasts, 1)
    assert reach is not None
    assert reach[1] == 49_000


def test_what_is_forgotten_is_free_again() -> None:
    pasts = Pasts(past_s=60, past_bytes=1 << 20, total_bytes=inf)
    _show(pasts, 1, 50)
    pasts.tick(0)
    pasts.tick(61)
    past = pasts.of(1)
    assert past is not None
    assert pasts.taken_bytes == past.taken_bytes < 2_000, "only the newest, which grows"


def test_who_wants_no_past_has_none() -> None:
    assert Pasts(past_s=0, past_bytes=1 << 20, total_bytes=inf).of(1) is None
