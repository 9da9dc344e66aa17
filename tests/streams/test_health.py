"""The states of a camera."""

import pytest

from streams.errors import SourceEnded, SourceRefused, SourceSilent, SourceUnreachable
from streams.health import FAR_APART, REORDERED, WITHOUT_IDR, Health
from streams.rendition import Rendition


class _Camera:
    """A camera's health on a clock that the test moves."""

    def __init__(self) -> None:
        self.at = 100.0
        self.health = Health(lambda: self.at, lambda: int(self.at * 1000))

    def shows(self, seconds: float, *, every_s: float = 0.04, size: int = 1000) -> None:
        for _ in range(round(seconds / every_s)):
            self.at += every_s
            self.health.picture(size)

    @property
    def now(self) -> tuple[str, int, str]:
        return self.health.state, self.health.since_ms, self.health.reason


def test_a_camera_that_nobody_wants_is_idle() -> None:
    assert _Camera().now == ("idle", 100_000, "Not connected: nobody watches.")


def test_a_wanted_camera_starts_and_is_live_with_its_first_picture() -> None:
    camera = _Camera()
    assert camera.health.wanted()
    assert camera.now == ("starting", 100_000, "Connecting.")
    camera.at = 101
    assert camera.health.picture(1000)
    assert not camera.health.picture(1000)
    assert camera.now == ("live", 101_000, "")


def test_five_seconds_without_a_picture_are_a_stall_and_the_next_one_ends_it() -> None:
    camera = _Camera()
    camera.health.wanted()
    camera.health.picture(1000)
    camera.at += 4.9
    assert not camera.health.tick()
    camera.at += 0.1
    assert camera.health.tick()
    assert not camera.health.tick()
    assert camera.now == ("stalled", 105_000, "No picture for 5 s.")
    assert camera.health.code == "source.silent"
    camera.at += 1
    assert camera.health.picture(1000)
    assert camera.now == ("live", 106_000, "")


def test_a_reader_that_gives_up_on_a_silent_camera_leaves_it_stalled_until_it_was_tried_again() -> None:
    camera = _Camera()
    camera.health.wanted()
    camera.health.picture(1000)
    camera.at += 5
    camera.health.tick()
    assert not camera.health.lost(SourceSilent("No picture came for 5 s."))
    assert camera.now == ("stalled", 105_000, "No picture for 5 s.")
    camera.at += 10
    assert camera.health.lost(SourceSilent("It gave no answer to DESCRIBE within 10 s."))
    assert camera.now == ("down", 115_000, "It gave no answer to DESCRIBE within 10 s.")


def test_a_reader_may_notice_the_silence_first() -> None:
    camera = _Camera()
    camera.health.wanted()
    camera.health.picture(1000)
    assert camera.health.lost(SourceSilent("…"))
    assert camera.health.state == "stalled"


def test_a_lost_camera_is_down_since_its_loss_while_it_is_tried_again_and_tells_the_newest_reason() -> None:
    camera = _Camera()
    camera.health.wanted()
    camera.health.picture(1000)
    camera.at = 110
    assert camera.health.lost(SourceEnded("The camera closed the connection."))
    camera.at = 111
    assert not camera.health.lost(SourceEnded("The camera closed the connection."))
    camera.at = 112
    assert camera.health.lost(SourceUnreachable("Connection refused."))
    assert camera.now == ("down", 110_000, "Connection refused.")
    assert camera.health.code == "source.unreachable"
    assert camera.health.losses == 3
    camera.at = 113
    assert camera.health.picture(1000)
    assert camera.now == ("live", 113_000, "")
    assert camera.health.code == ""


def test_a_camera_that_never_showed_anything_is_down_with_the_reason() -> None:
    camera = _Camera()
    camera.health.wanted()
    assert camera.health.lost(SourceRefused("The password is wrong."))
    assert camera.now == ("down", 100_000, "The password is wrong.")


def test_a_camera_that_is_not_wanted_any_more_is_idle_whatever_it_was() -> None:
    camera = _Camera()
    camera.health.wanted()
    camera.health.lost(SourceRefused("…"))
    camera.at = 120
    assert camera.health.unwanted()
    assert camera.now == ("idle", 120_000, "Not connected: nobody watches.")
    assert camera.health.wanted()
    assert camera.health.losses == 0


def test_pace_and_bitrate_are_those_of_the_last_second() -> None:
    camera = _Camera()
    camera.health.wanted()
    camera.health.tick()
    camera.shows(1, size=10_000)
    camera.health.tick()
    assert camera.health.fps == pytest.approx(25)
    assert camera.health.bitrate_bps == pytest.approx(2_000_000)
    camera.at += 1
    assert camera.health.picture_age_s == pytest.approx(1)
    camera.health.tick()
    assert camera.health.fps == 0


def test_a_run_is_as_long_as_its_pictures_and_a_failed_try_is_none() -> None:
    camera = _Camera()
    camera.health.wanted()
    assert camera.health.live_s == 0
    camera.shows(40)
    camera.at += 5
    assert camera.health.live_s == pytest.approx(40, abs=0.1)
    camera.health.lost(SourceSilent("…"))
    camera.at += 1
    assert camera.health.live_s == 0


def test_the_bus_is_told_everything() -> None:
    camera = _Camera()
    camera.health.wanted()
    assert camera.health.to_bus() == {
        "state": "starting",
        "since_ms": 100_000,
        "reason": "Connecting.",
        "code": "",
        "fps": 0.0,
        "bitrate_bps": 0,
        "gop_pictures": 0,
        "losses": 0,
        "picture_ms": None,
    }
    camera.health.picture(1000)
    camera.at += 1.5
    assert camera.health.to_bus()["picture_ms"] == 100_000


def test_a_group_of_pictures_is_measured_from_key_frame_to_key_frame() -> None:
    camera = _Camera()
    camera.health.wanted()
    pictures = [False, True, False, False, True, False]
    lengths = []
    for is_key in pictures:
        camera.health.picture(1000, is_key=is_key)
        lengths.append(camera.health.gop_pictures)
    assert lengths == [0, 0, 0, 0, 3, 3]
    camera.health.lost(SourceSilent("…"))
    camera.health.picture(1000, is_key=True)
    assert camera.health.gop_pictures == 3, "one that was cut off is not counted"
    camera.health.picture(1000, is_key=True)
    assert camera.health.gop_pictures == 1


def test_a_camera_that_sends_what_can_not_be_masked_in_time_is_stalled_in_other_words() -> None:
    camera = _Camera()
    camera.health.wanted()
    camera.health.received()
    assert camera.health.state == "starting", "what is not masked is not shown"
    camera.health.picture(1000)
    camera.at += 5
    camera.health.received()
    assert camera.health.tick()
    assert camera.now == (
        "stalled",
        105_000,
        "The camera sends pictures, but for 5 s its masks could be painted into none.",
    )
    assert camera.health.code == "source.error"
    assert camera.health.heard_age_s == 0
    assert camera.health.picture_age_s == 5


def test_what_is_refused_is_told_while_it_is() -> None:
    health = _Camera().health
    assert not {"refused", "refusal"} & health.to_bus().keys()
    assert health.refuse({Rendition.STILLS, Rendition.P480}, "All 8 encoders of this machine are in use.")
    assert not health.refuse({Rendition.P480, Rendition.STILLS}, "All 8 encoders of this machine are in use.")
    told = health.to_bus()
    assert told["refused"] == ["480p", "stills"]
    assert told["refusal"] == "All 8 encoders of this machine are in use."
    assert health.refuse(set(), "All 8 encoders of this machine are in use.")
    assert "refused" not in health.to_bus()


def test_a_camera_that_sends_a_picture_in_ten_seconds_is_live_until_three_are_missing() -> None:
    camera = _Camera()
    camera.health.wanted()
    camera.shows(50, every_s=10)
    camera.at += 29.9
    assert not camera.health.tick()
    assert camera.health.state == "live"
    camera.at += 0.1
    assert camera.health.tick()
    assert camera.now[2] == "No picture for 30 s."
    assert not camera.health.lost(SourceSilent("…"))
    # It is as slow when it comes back.
    camera.at += 100
    camera.health.picture(1000)
    camera.at += 11
    assert not camera.health.tick()
    assert camera.health.state == "live"


def test_key_frames_far_apart_are_said_while_the_camera_is_live() -> None:
    camera = _Camera()
    camera.health.wanted()
    camera.health.picture(1000, is_key=True)
    camera.shows(4.9)
    assert not camera.health.tick()
    camera.shows(0.2)
    assert camera.health.tick()
    assert camera.now == ("live", 100_000, FAR_APART)
    camera.health.picture(1000, is_key=True)
    camera.shows(1)
    assert not camera.health.tick()
    camera.health.picture(1000, is_key=True)
    assert camera.health.tick()
    assert camera.now == ("live", 100_000, "")


def test_pictures_that_are_all_key_frames_are_never_too_far_apart() -> None:
    camera = _Camera()
    camera.health.wanted()
    for _ in range(10):
        camera.health.picture(1000, is_key=True)
        camera.at += 10
        camera.health.tick()
    assert camera.now[2] == ""


def test_b_frames_are_said_while_they_come() -> None:
    camera = _Camera()
    camera.health.wanted()
    camera.health.picture(1000)
    camera.health.picture(1000, is_reordered=True)
    assert camera.health.tick()
    assert camera.now == ("live", 100_000, REORDERED)
    camera.shows(11)
    assert camera.health.tick()
    assert camera.now[2] == ""


def test_a_camera_without_idr_pictures_says_what_that_means_for_browsers() -> None:
    camera = _Camera()
    camera.health.wanted()
    camera.health.picture(1000, is_key=True, is_recovery=True)
    assert camera.health.tick()
    assert camera.now == ("live", 100_000, WITHOUT_IDR)
    camera.health.picture(1000, is_key=True)
    assert camera.health.tick()
    assert camera.now[2] == ""
