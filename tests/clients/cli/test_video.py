import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from clients.cli.client import Client
from clients.cli.errors import ClientError, NotAllowed, Refused
from clients.cli.fragment import Fragment, Kind
from clients.cli.line import Lost, Opened
from clients.cli.video import CameraState, Dropped, Parameters, Shown, Watch
from tests.clients.cli.scripted_server import TOKEN, Script, Visit, scripted_server
from tests.clients.cli.wire_examples import VIDEO, payload

SERVER = VIDEO["server"]


@asynccontextmanager
async def watch_of(*visits: Script, quality: str = "auto") -> AsyncIterator[Watch]:
    async with (
        asyncio.timeout(10),
        scripted_server(*visits) as address,
        Watch(Client(address, TOKEN), "main-4th", purpose="wall", quality=quality) as watch,
    ):
        yield watch


async def join(server: Visit, quality: str = "auto") -> None:
    await server.say(SERVER["hello"])
    assert await server.hears() == VIDEO["client"]["subscribe_to_a_rendition"] | {"quality": quality}
    await server.say(SERVER["subscribed"])


async def test_pictures_and_states_come_in_their_order() -> None:
    async def visit(server: Visit) -> None:
        await join(server)
        await server.say(SERVER["init"])
        await server.say(SERVER["burst"] | {"frames": 1})
        await server.picture(payload("init"))
        await server.picture(payload("key_frame"))
        await server.say(SERVER["drop"])
        await server.say(SERVER["state"])
        await server.stay()

    async with watch_of(visit) as watch:
        seen = [await anext(watch) for _ in range(7)]
        opened, subscribed, parameters, init, key_frame, dropped, state = seen
        assert isinstance(opened, Opened)
        assert isinstance(subscribed, CameraState)
        assert subscribed.state == "live"
        assert parameters == Parameters("avc1.42C01F", 160, 90)
        assert isinstance(init, Fragment)
        assert init.kind is Kind.INIT
        assert isinstance(key_frame, Fragment)
        assert key_frame.is_key
        assert dropped == Dropped(61)
        assert isinstance(state, CameraState)
        assert (state.state, state.reason) == ("stalled", "no picture for 5 s")


async def test_the_newest_message_is_acknowledged_every_half_second_while_pictures_come() -> None:
    acknowledged = asyncio.Event()

    async def visit(server: Visit) -> None:
        await join(server)
        for name in ("init", "key_frame", "delta_frame"):
            await server.picture(payload(name))
        assert await server.hears() == {"type": "ack", "camera_number": 4, "sequence": 1, "gap_ms": 0}
        acknowledged.set()
        await server.stay()

    async with watch_of(visit) as watch:
        for _ in range(5):
            await anext(watch)
        await acknowledged.wait()


async def test_a_rendition_is_told_and_pictures_of_another_one_are_left_out() -> None:
    async def visit(server: Visit) -> None:
        await join(server, "480p")
        await server.picture(payload("key_frame"))
        await server.say(SERVER["rendition"] | {"rendition": "480p", "why": "asked"})
        await server.picture(payload("delta_frame"))
        await server.picture(payload("key_frame_480p"))
        await server.close(1001)

    async def again(server: Visit) -> None:
        await join(server, "480p")
        await server.picture(payload("key_frame"))
        await server.stay()

    async with watch_of(visit, again, quality="480p") as watch:
        seen = [await anext(watch) for _ in range(8)]
    kinds = [each.rendition if isinstance(each, Fragment) else type(each) for each in seen]
    assert kinds == [Opened, CameraState, "source", Shown, "480p", Lost, Opened, CameraState]
    assert seen[3] == Shown("480p", "asked", "")


async def test_heartbeats_go_out_when_no_pictures_come() -> None:
    heard = asyncio.Event()

    async def visit(server: Visit) -> None:
        await server.say(SERVER["hello"] | {"heartbeat_s": 0.6})
        await server.hears()
        assert await server.hears() == VIDEO["client"]["heartbeat"]
        heard.set()
        await server.stay()

    async with watch_of(visit) as watch:
        await anext(watch)
        await heard.wait()


async def test_it_subscribes_again_after_a_loss() -> None:
    async def first(server: Visit) -> None:
        await join(server)
        await server.close(1001)

    async def second(server: Visit) -> None:
        await join(server)
        await server.stay()

    async with watch_of(first, second) as watch:
        kinds = [type(await anext(watch)) for _ in range(5)]
        assert kinds == [Opened, CameraState, Lost, Opened, CameraState]


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (SERVER["error"], Refused),
        (SERVER["error"] | {"code": "camera.forbidden"}, NotAllowed),
        (SERVER["unsubscribed"], NotAllowed),
    ],
)
async def test_a_camera_that_may_not_be_watched_is_an_error(
    message: dict[str, object], error: type[ClientError]
) -> None:
    async def visit(server: Visit) -> None:
        await server.say(SERVER["hello"])
        await server.hears()
        await server.say(message)
        await server.stay()

    async with watch_of(visit) as watch:
        await anext(watch)
        with pytest.raises(error, match=str(message["message"])):
            await anext(watch)


async def test_age_is_counted_on_the_clock_of_the_server() -> None:
    async def visit(server: Visit) -> None:
        await server.say(SERVER["hello"])  # of another year: its clock, not ours
        await server.hears()
        await server.picture(payload("key_frame"))
        await server.stay()

    async with watch_of(visit) as watch:
        await anext(watch)
        picture = await anext(watch)
        assert isinstance(picture, Fragment)
        assert abs(watch.age_ms(picture)) < 5_000
