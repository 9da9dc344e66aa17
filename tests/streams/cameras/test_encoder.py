import asyncio
import os
import signal
from asyncio.subprocess import PIPE
from dataclasses import replace

import numpy as np
import pytest

from streams.access_unit import AccessUnit, VideoParameters
from streams.cameras.clips import Clip
from streams.errors import SourceGarbled
from streams.mask import Mask
from streams.rendition import RUNGS, Rendition
from tests.streams.cameras.coded_pictures import coded
from tests.streams.cameras.encoding import SOURCE_AND_240P, START_S, encoding, start
from tests.streams.until import until, until_ended


async def test_renditions_come_with_the_capture_times_of_what_went_in(
    clip: Clip, caplog: pytest.LogCaptureFixture
) -> None:
    async with encoding(clip, caplog) as camera:
        camera.encoder.want(frozenset(RUNGS))
        await until(lambda: camera.pids)
        first = camera.number
        await camera.push_until_made(Rendition.STILLS, 3)

        source = camera.made[Rendition.SOURCE]
        assert source[0].captured_at == START_S + first / 25
        assert [each.timestamp for each in source] == [round((each.captured_at - START_S) * 90_000) for each in source]
        assert {(each.parameters.codec, each.parameters.width) for each in source} == {("h264", 320)}
        assert camera.times(Rendition.P240)[:5] == pytest.approx([source[0].captured_at + n / 5 for n in range(5)])
        assert camera.made[Rendition.STILLS][0].parameters == VideoParameters("mjpeg", 320, 180, "image/jpeg")
        assert all(made[0].is_key for made in camera.made.values())
        assert not camera.losses


async def test_h265_becomes_h264(clip: Clip, caplog: pytest.LogCaptureFixture) -> None:
    pictures = [np.full((96 * 3 // 2, 128), 40 + n, np.uint8) for n in range(10)]
    h265 = coded(pictures, "h265")
    by_kind = {kind: tuple(nal for nal in h265.sets if nal[0] >> 1 & 63 == kind) for kind in (32, 33, 34)}
    parameters = VideoParameters("h265", 128, 96, "hvc1.1.6.L30.90", by_kind[33], by_kind[34], by_kind[32])
    async with encoding(clip, caplog) as camera:
        camera.encoder.want(frozenset({Rendition.SOURCE}))
        await until(lambda: camera.pids)
        for number, data in enumerate(h265.units):
            camera.encoder.push(AccessUnit(parameters, data, number in h265.keys, START_S + number / 25, number * 3600))
        await until(lambda: len(camera.made[Rendition.SOURCE]) >= 5)

        first = camera.made[Rendition.SOURCE][0]
        assert (first.parameters.codec, first.parameters.width, first.parameters.height) == ("h264", 128, 96)
        assert (first.is_key, first.captured_at) == (True, START_S)


async def test_it_begins_with_the_newest_picture_of_the_group_at_hand(
    clip: Clip, caplog: pytest.LogCaptureFixture
) -> None:
    """Key frames may be 10 s apart, and people wait for the first picture."""
    group: list[AccessUnit] = []
    async with encoding(clip, caplog, opening=group) as camera:
        group.extend(camera.unit() for _ in range(4))
        assert [unit.is_key for unit in group] == [True, False, False, False]
        camera.encoder.want(SOURCE_AND_240P)
        await until(lambda: camera.made[Rendition.SOURCE] and camera.made[Rendition.P240])
        camera.push(1)
        await until(lambda: len(camera.made[Rendition.SOURCE]) == 2)

        assert camera.times(Rendition.SOURCE) == [START_S + 3 / 25, START_S + 4 / 25]
        assert camera.times(Rendition.P240) == [START_S + 3 / 25]
        assert camera.made[Rendition.P240][0].is_key


async def test_nothing_comes_out_any_more_of_before_an_interruption(
    clip: Clip, caplog: pytest.LogCaptureFixture
) -> None:
    async with encoding(clip, caplog) as camera:
        os.kill(pid := await start(camera, frozenset({Rendition.SOURCE})), signal.SIGSTOP)
        made = len(camera.made[Rendition.SOURCE])
        while camera.number % 5:
            camera.push(1)
        camera.push(8)  # a group and a half
        camera.encoder.interrupt()
        os.kill(pid, signal.SIGCONT)
        camera.push(1)  # of the group that was begun
        again = camera.number + 1
        camera.push(6)
        await until(lambda: len(camera.made[Rendition.SOURCE]) >= made + 5)

        assert camera.times(Rendition.SOURCE)[made:] == [START_S + (again + n) / 25 for n in range(5)]
        assert camera.made[Rendition.SOURCE][made].is_key
        assert camera.pids == [pid]


async def test_without_a_rendition_there_is_no_process(clip: Clip, caplog: pytest.LogCaptureFixture) -> None:
    async with encoding(clip, caplog) as camera:
        camera.push(10)
        pid = await start(camera)
        camera.encoder.want(frozenset())
        await until_ended(pid)
        camera.push(10)
        again = await start(camera)

        assert again != pid
        assert not camera.losses
    await until_ended(again)


async def test_renditions_are_switched_while_it_runs(clip: Clip, caplog: pytest.LogCaptureFixture) -> None:
    async with encoding(clip, caplog) as camera:
        await start(camera, frozenset({Rendition.SOURCE}))
        camera.encoder.want(frozenset({Rendition.P480}))
        count = len(camera.made[Rendition.SOURCE])
        await camera.push_until_made(Rendition.P480, 5)

        assert len(camera.made[Rendition.SOURCE]) == count
        assert camera.made[Rendition.P480][0].is_key
        assert len(camera.pids) == 1


async def test_masks_hold_from_the_next_picture_on(clip: Clip, caplog: pytest.LogCaptureFixture) -> None:
    async with encoding(clip, caplog) as camera:
        await start(camera, frozenset({Rendition.SOURCE}))
        camera.encoder.mask([Mask(((0, 0), (1, 0), (1, 1), (0, 1)))])
        masked_from = START_S + camera.number / 25

        def black() -> list[AccessUnit]:
            camera.push(1)
            return [each for each in camera.made[Rendition.SOURCE] if each.captured_at >= masked_from]

        await until(lambda: len(black()) >= 30)
        assert black()[0].is_key
        # All of it is black: there is nothing to be told.
        assert max(len(each.data) for each in black()) < 500
        assert len(camera.made[Rendition.SOURCE][0].data) > 500


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGSYS])
async def test_after_a_crash_it_begins_again_with_a_key_frame(
    clip: Clip, caplog: pytest.LogCaptureFixture, number: signal.Signals
) -> None:
    async with encoding(clip, caplog) as camera:
        os.kill(await start(camera), number)
        await until(lambda: camera.losses)
        before = len(camera.made[Rendition.SOURCE])
        await until(lambda: len(camera.pids) == 2)
        await camera.push_until_made(Rendition.SOURCE, before + 1)

        assert str(camera.losses[0]) == f"The encoder was killed by {number.name}."
        assert camera.made[Rendition.SOURCE][before].is_key


async def test_what_is_masked_stays_masked_after_a_crash(clip: Clip, caplog: pytest.LogCaptureFixture) -> None:
    async with encoding(clip, caplog) as camera:
        camera.encoder.mask([Mask(((0, 0), (1, 0), (1, 1), (0, 1)))])
        os.kill(await start(camera), signal.SIGKILL)
        await until(lambda: len(camera.pids) == 2)
        await camera.push_until_made(Rendition.SOURCE, len(camera.made[Rendition.SOURCE]) + 30)

        assert max(len(each.data) for each in camera.made[Rendition.SOURCE]) < 500


async def test_an_encoder_that_is_late_leaves_out_pictures_up_to_a_key_frame(
    clip: Clip, caplog: pytest.LogCaptureFixture
) -> None:
    async with encoding(clip, caplog) as camera:
        pid = await start(camera, frozenset({Rendition.SOURCE}))
        os.kill(pid, signal.SIGSTOP)

        def is_late() -> bool:
            camera.push(1)
            return camera.encoder.skipped > 0

        await until(is_late)
        left_out_from = START_S + (camera.number - 1) / 25
        camera.push(500)
        assert camera.encoder.skipped == 501
        left_out_to = START_S + camera.number / 25
        os.kill(pid, signal.SIGCONT)

        def is_back() -> bool:
            camera.push(1)
            return camera.times(Rendition.SOURCE)[-1] >= left_out_to

        await until(is_back)
        times = camera.times(Rendition.SOURCE)
        assert not [time for time in times if left_out_from <= time < left_out_to]
        assert times == sorted(times)
        assert camera.pids == [pid]
        resumed = round((next(time for time in times if time >= left_out_to) - START_S) * 25)
        assert clip.is_key(resumed % len(clip))


async def test_a_process_that_hangs_is_killed_and_started_again(clip: Clip, caplog: pytest.LogCaptureFixture) -> None:
    async with encoding(clip, caplog, hangs_after_s=0.5) as camera:
        pid = await start(camera, frozenset({Rendition.SOURCE}))
        os.kill(pid, signal.SIGSTOP)
        camera.push(10)
        await until(lambda: camera.losses)
        await until_ended(pid)

        assert str(camera.losses[0]) == "The encoder hangs."
        await until(lambda: len(camera.pids) == 2)


async def test_a_camera_that_is_silent_does_not_make_it_hang(clip: Clip, caplog: pytest.LogCaptureFixture) -> None:
    async with encoding(clip, caplog, hangs_after_s=0.2) as camera:
        pid = await start(camera, frozenset({Rendition.SOURCE}))
        # Another camera's encoder hangs meanwhile: as long as that takes, this one is left alone.
        async with encoding(clip, caplog, hangs_after_s=0.2) as other:
            other.encoder.want(frozenset({Rendition.SOURCE}))
            await until(lambda: len(camera.pids) == 2)
            await other.push_until_made(Rendition.SOURCE, 1)
            os.kill(camera.pids[1], signal.SIGSTOP)
            other.push(10)
            await until(lambda: other.losses)

        assert not camera.losses
        camera.push(10)
        await camera.push_until_made(Rendition.SOURCE, len(camera.made[Rendition.SOURCE]) + 1)
        assert camera.pids[0] == pid


async def test_a_camera_that_can_not_be_decoded_is_said(clip: Clip, caplog: pytest.LogCaptureFixture) -> None:
    async with encoding(clip, caplog) as camera:
        camera.encoder.want(SOURCE_AND_240P)
        await until(lambda: camera.pids)
        for _ in range(300):
            camera.encoder.push(replace(camera.unit(), data=b"\0\0\0\x05\x65nope", is_key=True))
        await until(lambda: camera.losses)

        assert isinstance(camera.losses[0], SourceGarbled)
        assert "none could be decoded" in str(camera.losses[0])
        assert not camera.made


async def test_the_process_has_no_secrets(
    clip: Clip, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTLINE_GUNSHOT_SECRET", "whsec_hidden")
    async with encoding(clip, caplog) as camera:
        pid = await start(camera)
        ps = await asyncio.create_subprocess_exec("ps", "eww", "-o", "command=", "-p", str(pid), stdout=PIPE)
        shown, _ = await ps.communicate()

    assert b"encoder_worker" in shown
    assert b"hidden" not in shown
