"""The plan of a soak."""

from tests.soak import plan


def test_the_same_seed_does_the_same_and_another_does_not() -> None:
    first, again, other = (plan.cycle(seed, cameras=5, viewers=9, length_s=120) for seed in ("a", "a", "b"))
    assert first == again != other


def test_at_the_end_every_camera_is_well_and_everybody_is_there() -> None:
    events = plan.cycle("s", cameras=5, viewers=9, length_s=120)
    assert {event.what for event in events} == {"stall", "kill", "change", "resume", "leave", "join"}
    last = {(event.what in {"leave", "join"}, event.number): event.what for event in events}
    assert set(last.values()) <= {"change", "resume", "join"}
    assert max(event.at_s for event in events) <= 120
