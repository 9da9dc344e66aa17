"""/ws/video: who gets which rendition, how it changes, and who may lift masks (docs/wire.md §8)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.core import quality
from server.lanes import renditions, video
from streams.config import BusConfig, StreamsConfig
from streams.fragment import HEADER, Fragment, Kind
from streams.mask import Mask
from streams.rendition import Rendition
from streams.valkey import EmbeddedValkey
from tests.fakes.slow_link import SlowLink
from tests.fakes.studio import Studio, StudioCamera, open_studio
from tests.server.running import CAMERAS, PEOPLE, Client, Running, Talk, a_config, running
from tests.streams.filming import film, fragments
from tests.streams.until import until

SOURCE, P480, P240, STILLS, UNMASKED = (each.stream(4) for each in Rendition)
"""Streams of main-4th."""
MASK = Mask(((0, 0), (0.5, 0), (0.5, 1)))
EVERYTHING = ["avc1", "hvc1", "jpeg"]
FULL = "All 8 encoders are in use."


@pytest.fixture
async def server(tmp_path: Path, valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    """In a hurry; the harbor is masked, and its operator may lift that."""
    monkeypatch.setattr(video, "SWEEP_S", 0.05)
    cameras = (CAMERAS[0], replace(CAMERAS[1], masks=(MASK,)))
    people = tuple(replace(each, rights=("lift_masks",)) if each.id == "operator" else each for each in PEOPLE)
    config = a_config(
        tmp_path, valkey.url, streams=StreamsConfig(cameras, BusConfig(valkey.url), tmp_path), people=people
    )
    async with running(config) as server:
        yield server


@pytest.fixture
async def studio(valkey: EmbeddedValkey, server: Running) -> AsyncIterator[Studio]:
    async with open_studio(valkey.url) as studio:
        await studio.say(main_4th="live", harbor="live")
        await until(lambda: server.services.board.state_of("harbor").state == "live")
        yield studio


def payload(fragment: Fragment) -> bytes:
    return fragment.message[-(HEADER.size + len(fragment.body)) :]


async def subscribe(talk: Talk, camera: str = "main-4th", **wishes: Any) -> None:
    await talk.say(type="subscribe", camera=camera, **{"purpose": "wall", **wishes})
    await talk.until("subscribed", camera=camera)


async def ask(talk: Talk, word: str, camera: str = "main-4th", **more: Any) -> None:
    await talk.say(type="quality", camera=camera, quality=word, **more)


async def told(talk: Talk) -> tuple[str, str]:
    """What comes next, and why."""
    message = await talk.until("rendition")
    return message["rendition"], message["why"]


async def shows(talk: Talk, camera: StudioCamera) -> None:
    """A picture that is made now arrives."""
    sent = camera.key()
    while await talk.binary() != payload(sent):
        pass


def filled(studio: Studio, number: int) -> StudioCamera:
    """One that has pictures."""
    camera = studio.camera(number)
    camera.init()
    camera.group(2)
    return camera


async def records(server: Running, action: str, count: int = 1) -> list[dict[str, Any]]:
    admin = await server.signed_in("admin")
    async with asyncio.timeout(10):
        while True:
            entries = (await admin.get("/api/audit")).json["entries"]
            found = [entry for entry in entries if entry["action"] == action]
            if len(found) >= count:
                return found


# --- as asked


async def test_a_rendition_is_given_as_asked_and_is_no_other(operator: Client, studio: Studio) -> None:
    camera = filled(studio, P480)
    async with operator.video() as talk:
        await subscribe(talk, quality="480p")
        await studio.wanted(P480)
        assert await told(talk) == ("480p", "asked")
        assert (await talk.next())["type"] == "init"
        assert await talk.until("burst") == {"type": "burst", "camera_number": 4, "frames": 3}
        pictures = [await talk.binary() for _ in camera.sent]
        assert pictures == [payload(each) for each in camera.sent]
        assert {picture[1] >> 4 & 7 for picture in pictures} == {Rendition.P480}


async def test_the_old_rendition_goes_on_until_the_new_one_has_a_key_frame(operator: Client, studio: Studio) -> None:
    source, smaller = filled(studio, SOURCE), studio.camera(P480)
    async with operator.video() as talk:
        await subscribe(talk)
        assert await told(talk) == ("source", "auto")
        await ask(talk, "480p")
        await studio.wanted(SOURCE, P480)
        await shows(talk, source)
        init = smaller.init()
        await shows(talk, source)
        last = source.delta()
        while await talk.binary() != payload(last):
            pass
        key = smaller.key()
        assert await told(talk) == ("480p", "asked")
        assert [await talk.binary(), await talk.binary()] == [payload(init), payload(key)]
        await studio.wanted(P480)
        source.key()
        delta = smaller.delta()
        assert await talk.binary() == payload(delta), "nothing of the one before"
    announced = [each for each in talk.heard if isinstance(each, dict) and each["type"] == "rendition"]
    assert len(announced) == 2, "the first one never stopped"


async def test_whoever_changes_his_mind_stays_where_he_is(operator: Client, studio: Studio) -> None:
    source = filled(studio, SOURCE)
    async with operator.video() as talk:
        await subscribe(talk)
        assert await told(talk) == ("source", "auto")
        await ask(talk, "240p")
        await studio.wanted(SOURCE, P240)
        await ask(talk, "source")
        await studio.wanted(SOURCE)
        assert await told(talk) == ("source", "asked")
        await shows(talk, source)


async def test_a_quality_is_asked_for_of_what_is_watched(operator: Client, studio: Studio) -> None:
    async with operator.video() as talk:
        for camera in ("main-4th", "main-5th"):
            await ask(talk, "480p", camera)
            error = await talk.until("error")
            assert (error["code"], error["camera"]) == ("request.invalid", camera)


async def test_the_record_of_a_look_says_what_was_shown(server: Running, operator: Client, studio: Studio) -> None:
    source, stills = filled(studio, SOURCE), studio.camera(STILLS)
    async with operator.video() as talk:
        await subscribe(talk)
        await shows(talk, source)
        await ask(talk, "stills")
        await studio.wanted(SOURCE, STILLS)
        stills.jpeg()
        assert await told(talk) == ("stills", "asked")
        assert len(await talk.binary()) == HEADER.size + 4
    (ended,) = await records(server, "camera.watch_ended")
    shown = ended["details"]["shown_ms"]
    assert set(shown) == {"source", "stills"}
    assert 0 <= shown["source"] <= ended["details"]["duration_ms"] + 1
    pictures = [message for message in talk.heard if isinstance(message, bytes) and message[0] != Kind.INIT]
    assert ended["details"]["frames"] == len(pictures), "of all renditions"


# --- what a client can show


def h265_init() -> bytes:
    return fragments(film("h265"))[0].body


async def test_a_client_without_h265_is_given_what_is_made_for_it_and_not_a_byte_of_the_other(
    operator: Client, studio: Studio
) -> None:
    source, smaller = studio.camera(SOURCE), filled(studio, P480)
    async with operator.video() as talk, operator.video() as other:
        await subscribe(talk)
        await subscribe(other, codecs=EVERYTHING)
        await studio.wanted(SOURCE)
        source.init(h265_init())
        source.key()
        message = await talk.until("rendition")
        assert (message["rendition"], message["why"]) == ("480p", "codec")
        assert message["message"] == "This client can't show H.265."
        await shows(talk, smaller)
        assert all(picture[1] >> 4 & 7 == Rendition.P480 for picture in talk.heard if isinstance(picture, bytes))
        assert await told(other) == ("source", "auto")
        await shows(other, source)
        async with operator.video() as third:
            await subscribe(third)
            assert await told(third) == ("480p", "codec"), "known by now"
            await shows(third, smaller)


async def test_what_stands_in_is_not_shown_either_to_who_can_not_show_it(operator: Client, studio: Studio) -> None:
    source, smallest = studio.camera(SOURCE), filled(studio, P240)
    await studio.say(main_4th="live", refused=["480p"])
    async with operator.video() as talk:
        await subscribe(talk, quality="480p")
        await studio.wanted(SOURCE, P480)
        source.init(h265_init())
        source.key()
        assert await told(talk) == ("240p", "encoders")
        await shows(talk, smallest)
        assert all(picture[1] >> 4 & 7 == Rendition.P240 for picture in talk.heard if isinstance(picture, bytes))


async def test_a_camera_that_changes_its_codec_takes_nobody_by_surprise(operator: Client, studio: Studio) -> None:
    source, smaller = filled(studio, SOURCE), filled(studio, P480)
    async with operator.video() as talk:
        await subscribe(talk)
        assert await told(talk) == ("source", "auto")
        await shows(talk, source)
        changed = source.init(h265_init())
        source.key()
        assert await told(talk) == ("480p", "codec")
        await shows(talk, smaller)
        assert payload(changed) not in talk.heard
        await studio.wanted(P480)


async def test_who_could_not_show_a_camera_gets_it_when_it_speaks_a_codec_that_he_can(
    operator: Client, studio: Studio
) -> None:
    source = studio.camera(SOURCE)
    filled(studio, P480)
    async with operator.video() as talk, operator.video() as other:
        await subscribe(other, codecs=EVERYTHING)
        await studio.wanted(SOURCE)
        source.init(h265_init())
        source.key()
        assert await told(other) == ("source", "auto")
        await subscribe(talk)
        assert await told(talk) == ("480p", "codec")
        source.init()
        source.key()
        assert await told(talk) == ("source", "auto")
        await shows(talk, source)


# --- what can't be had


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renditions, "LATE_S", 0.3)


async def test_of_what_is_refused_the_old_goes_on_and_he_is_told_why(operator: Client, studio: Studio) -> None:
    source, smaller = filled(studio, SOURCE), studio.camera(P480)
    async with operator.video() as talk:
        await subscribe(talk)
        await told(talk)
        await ask(talk, "480p")
        await studio.wanted(SOURCE, P480)
        await studio.say(main_4th="live", refused=["480p"])
        message = await talk.until("rendition")
        assert (message["rendition"], message["why"], message["message"]) == ("source", "encoders", FULL)
        await shows(talk, source)
        await studio.say(main_4th="live")
        smaller.init()
        smaller.key()
        assert await told(talk) == ("480p", "asked"), "he was waiting for it all the time"


async def test_who_has_no_picture_yet_is_shown_the_best_there_is(operator: Client, studio: Studio) -> None:
    source = filled(studio, SOURCE)
    await studio.say(main_4th="live", refused=["480p"])
    async with operator.video() as talk:
        await subscribe(talk, quality="480p")
        message = await talk.until("rendition")
        assert (message["rendition"], message["why"], message["message"]) == ("source", "encoders", FULL)
        await shows(talk, source)
        await studio.wanted(SOURCE, P480)


@pytest.mark.usefixtures("impatient")
async def test_who_waits_too_long_is_told_and_shown_what_there_is(operator: Client, studio: Studio) -> None:
    source = filled(studio, SOURCE)
    async with operator.video() as talk:
        await subscribe(talk, quality="240p")
        await studio.wanted(P240)
        message = await talk.until("rendition")
        assert (message["rendition"], message["why"]) == ("source", "encoders")
        assert message["message"].startswith("No picture in 240p has come")
        await shows(talk, source)


@pytest.mark.usefixtures("impatient")
async def test_of_a_camera_that_is_down_nothing_is_late(operator: Client, studio: Studio, server: Running) -> None:
    await studio.say(main_4th="down")
    await until(lambda: server.services.board.state_of("main-4th").state == "down")
    async with operator.video() as talk:
        await subscribe(talk, quality="240p")
        await studio.wanted(P240)
        with pytest.raises(TimeoutError):
            await talk.until("rendition", timeout_s=1)
        assert studio.demands[-1].cameras == {P240}


@pytest.mark.usefixtures("impatient")
async def test_when_its_encoder_works_no_more_something_else_is_shown_until_it_does(
    operator: Client, studio: Studio
) -> None:
    source, smaller = filled(studio, SOURCE), filled(studio, P480)
    async with operator.video() as talk:
        await subscribe(talk, quality="480p")
        assert await told(talk) == ("480p", "asked")
        smaller.gap()
        await studio.say(main_4th="live", refused=["480p"])
        assert await told(talk) == ("source", "encoders")
        await shows(talk, source)
        await studio.say(main_4th="live")
        smaller.init()
        smaller.key()
        assert await told(talk) == ("480p", "asked")
        await shows(talk, smaller)


async def test_who_can_be_shown_nothing_is_told_and_keeps_his_place(
    server: Running, operator: Client, studio: Studio
) -> None:
    source = studio.camera(SOURCE)
    async with operator.video() as talk, operator.video() as other:
        await subscribe(other, codecs=EVERYTHING)
        await studio.wanted(SOURCE)
        source.init(h265_init())
        source.key()
        await told(other)
        await subscribe(talk)
        async with refusing_all(studio):
            message = await talk.until("rendition")
            assert (message["rendition"], message["why"], message["message"]) == ("480p", "encoders", FULL)
            before = len(studio.demands)
            await until(lambda: len(studio.demands) > before + 1)
            assert all(demand.cameras == {SOURCE, P480} for demand in studio.demands[before:]), "nothing is tried again"


@asynccontextmanager
async def refusing_all(studio: Studio) -> AsyncIterator[None]:
    """As a streams process does it: whatever is asked for can't be had, as long as it is asked for."""

    async def refuse() -> None:
        while True:
            wanted = studio.demands[-1].cameras
            refused = [each.word for each in Rendition if each and each.stream(4) in wanted]
            await studio.say(main_4th="live", refused=refused)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(refuse())
    try:
        yield
    finally:
        task.cancel()


# --- by itself


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "GOOD_S", 1.0)
    monkeypatch.setattr(quality, "MAX_PATIENCE_S", 2.0)
    monkeypatch.setattr(renditions, "UP_EVERY_S", 0.5)


@pytest.mark.usefixtures("hasty")
async def test_on_a_link_that_gets_slow_a_smaller_rendition_comes_by_itself_and_goes_again(
    server: Running, operator: Client, studio: Studio
) -> None:
    showing = [
        asyncio.create_task(show(studio.camera(SOURCE), 60_000, 6_000)),
        asyncio.create_task(show(studio.camera(P480), 4_000, 400)),
    ]
    async with SlowLink(int(server.address.rpartition(":")[2]), rate_bps=1_600_000, queue_bytes=256 * 1024) as link:
        operator.address = f"http://127.0.0.1:{link.port}"
        async with operator.video() as talk:
            await subscribe(talk)
            assert await told(talk) == ("source", "auto")
            assert await told(talk) == ("480p", "link")
            assert sum(isinstance(message, dict) and message["type"] == "drop" for message in talk.heard) >= 3
        async with operator.video() as talk:
            await subscribe(talk)
            assert await told(talk) == ("480p", "link"), "known of the connection before"
            link.becomes(50_000_000)
            assert await told(talk) == ("source", "auto")
            first = await talk.binary()
            assert first[1] >> 4 & 7 == Rendition.SOURCE
    for task in showing:
        task.cancel()


async def show(camera: StudioCamera, key: int, delta: int) -> None:
    camera.init()
    while True:
        camera.key(key)
        for _ in range(9):
            await asyncio.sleep(0.02)
            camera.delta(delta)


async def test_who_gets_no_picture_in_long_enough_is_given_smaller_ones(
    server: Running, operator: Client, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renditions, "STARVED_S", 0.5)
    monkeypatch.setattr(renditions, "LATE_S", 1.0)
    source = studio.camera(SOURCE)
    showing = asyncio.create_task(show(studio.camera(P480), 4_000, 400))
    async with SlowLink(int(server.address.rpartition(":")[2]), rate_bps=400_000, queue_bytes=256 * 1024) as link:
        operator.address = f"http://127.0.0.1:{link.port}"
        async with operator.video() as talk:
            await subscribe(talk)
            await studio.wanted(SOURCE)
            source.init()
            source.key(120_000)
            assert await told(talk) == ("source", "auto")
            source.delta()
            assert await told(talk) == ("480p", "link"), "before the second key frame, and without any drop"
    showing.cancel()


# --- masks


async def test_masks_are_lifted_for_a_purpose_and_on_record_before_the_first_picture(
    server: Running, operator: Client, studio: Studio
) -> None:
    hidden, bare = filled(studio, Rendition.SOURCE.stream(5)), studio.camera(Rendition.UNMASKED.stream(5))
    async with operator.video() as talk:
        await subscribe(talk, "harbor")
        assert await told(talk) == ("source", "auto")
        await ask(talk, "unmasked", "harbor", purpose="Missing child, case 53-351")
        await studio.wanted(hidden.number, bare.number)
        (lifted,) = await records(server, "camera.mask_lifted")
        assert (lifted["subject"], lifted["actor"]) == ("camera:harbor", "operator")
        assert lifted["details"]["purpose"] == "Missing child, case 53-351"
        (began,) = await records(server, "camera.watch_started")
        assert lifted["details"]["look"] == began["details"]["look"]
        bare.init()
        bare.key()
        assert await told(talk) == ("unmasked", "asked")
        await shows(talk, bare)
        hidden.gap()
        await ask(talk, "auto", "harbor")
        await studio.wanted(hidden.number)
        bare.key()
        bare.key()
        await shows(talk, hidden)
        kinds = [message[1] >> 4 & 7 for message in talk.heard if isinstance(message, bytes)]
        assert kinds[-1] == Rendition.SOURCE
        assert kinds.count(Rendition.UNMASKED) == 3, "none after it was not asked for any more"
    (ended,) = await records(server, "camera.watch_ended")
    assert set(ended["details"]["shown_ms"]) == {"source", "unmasked"}


async def test_a_look_may_begin_without_masks(server: Running, operator: Client, studio: Studio) -> None:
    bare = filled(studio, Rendition.UNMASKED.stream(5))
    async with operator.video() as talk:
        await subscribe(talk, "harbor", quality="unmasked", purpose="case 53-351")
        assert await told(talk) == ("unmasked", "asked")
        await shows(talk, bare)
    (lifted,) = await records(server, "camera.mask_lifted")
    assert lifted["details"]["purpose"] == "case 53-351"


async def test_nobody_lifts_masks_without_the_right_whatever_his_role(server: Running, studio: Studio) -> None:
    hidden = filled(studio, Rendition.SOURCE.stream(5))
    for name in ("dispatcher", "admin"):
        person = await server.signed_in(name)
        async with person.video() as talk:
            await talk.say(type="subscribe", camera="harbor", quality="unmasked", purpose="curious")
            error = await talk.until("error")
            assert (error["code"], error["camera"]) == ("auth.forbidden", "harbor")
            await subscribe(talk, "harbor")
            await ask(talk, "unmasked", "harbor")
            assert (await talk.until("error"))["code"] == "auth.forbidden"
            await shows(talk, hidden)
    refused = await records(server, "camera.mask_lift_refused", count=2)
    assert [(entry["actor"], entry["subject"]) for entry in refused] == [
        ("dispatcher", "camera:harbor"),
        ("admin", "camera:harbor"),
    ]
    assert not any(Rendition.UNMASKED.stream(5) in demand.cameras for demand in studio.demands)


async def test_masks_are_not_lifted_for_nothing(operator: Client, studio: Studio) -> None:
    async with operator.video() as talk:
        await talk.say(type="subscribe", camera="harbor", quality="unmasked", purpose=" ")
        error = await talk.until("error")
        assert (error["code"], error["camera"]) == ("request.invalid", "harbor")
        await subscribe(talk, "harbor", purpose="")
        await ask(talk, "unmasked", "harbor")
        assert (await talk.until("error"))["code"] == "request.invalid"
        await studio.wanted(Rendition.SOURCE.stream(5))


async def test_masks_stay_while_their_lifting_can_not_be_put_on_record(
    server: Running, operator: Client, studio: Studio
) -> None:
    async with operator.video() as talk:
        await subscribe(talk, "harbor")
        await server.services.db.close()
        await ask(talk, "unmasked", "harbor")
        error = await talk.until("error")
        assert (error["code"], error["camera"]) == ("log.unavailable", "harbor")
        await ask(talk, "480p", "harbor")
        await studio.wanted(Rendition.SOURCE.stream(5), Rendition.P480.stream(5))
    assert not any(Rendition.UNMASKED.stream(5) in demand.cameras for demand in studio.demands)


async def test_a_camera_without_masks_has_none_to_lift(server: Running, operator: Client, studio: Studio) -> None:
    source = filled(studio, SOURCE)
    async with operator.video() as talk:
        await subscribe(talk, quality="unmasked")
        assert await told(talk) == ("source", "asked")
        await shows(talk, source)
    await records(server, "camera.watch_ended")
    assert not await records(server, "camera.mask_lifted", count=0)
