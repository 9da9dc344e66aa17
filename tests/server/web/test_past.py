"""GET /api/cameras/ID/past: it plays, says its span, is for the staff, is on record, and never ends early unsaid."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError, ClientResponse, MultipartReader
from aiohttp.client_exceptions import ClientPayloadError

from server.lanes import past_reader
from streams.cameras.muxer import Muxer
from streams.fragment import Flag, Fragment, Kind, pack
from streams.valkey import EmbeddedValkey
from tests.fakes.past_keeper import PastKeeper, open_past_keeper
from tests.server.running import Client, Running
from tests.streams.filming import START_S, complaints, film, fragments, hashes, later, source_hashes
from tests.streams.until import until

START_MS = int(START_S * 1000)
PATH = "/api/cameras/main-4th/past"
ALL = f"{PATH}?from_ms={START_MS}&to_ms={START_MS + 3_600_000}"


@pytest.fixture
async def keeper(valkey: EmbeddedValkey, server: Running) -> AsyncIterator[PastKeeper]:
    """A streams process that has kept what camera main-4th has shown."""
    async with open_past_keeper(valkey.url) as keeper:
        yield keeper


def _jpegs(count: int) -> list[Fragment]:
    return [
        pack(
            Kind.JPEG,
            Flag.KEY,
            camera_number=4,
            sequence=n,
            captured_ms=START_MS + 40.0 * n,
            dts=3600 * n,
            body=b"\xff\xd8" + b"\r\n--sightline-picture\r\n" * n + b"\xff\xd9",
        )
        for n in range(count)
    ]


async def _fetch(client: Client, path: str = ALL) -> tuple[ClientResponse, bytes]:
    async with client.http.get(client.address + path, headers=client.headers) as response:
        return response, await response.read()


async def _on_record(server: Running, count: int) -> list[dict[str, Any]]:
    """What the audit says of cameras, once it is so much."""
    admin = await server.signed_in("admin")
    async with asyncio.timeout(10):
        while True:
            entries = (await admin.get("/api/audit")).json["entries"]
            looks = [entry for entry in entries if entry["action"].startswith("camera.")]
            if len(looks) >= count:
                return looks


def _boxes(messages: Sequence[Fragment]) -> bytes:
    return b"".join(message.body for message in messages)


async def test_what_was_shown_plays_in_a_strangers_player_picture_by_picture(
    keeper: PastKeeper, operator: Client, tmp_path: Path
) -> None:
    sent = keeper.keep(fragments(film()))
    response, body = await _fetch(operator, f"{PATH}?from_ms={START_MS + 500}&to_ms={START_MS + 900}")
    assert response.status == 200
    assert response.headers["Content-Type"].startswith('video/mp4; codecs="avc1.')
    assert response.headers["Cache-Control"] == "no-store"
    assert body == _boxes([sent[0], *sent[11:31]])
    file = tmp_path / "past.mp4"
    file.write_bytes(body)
    assert complaints(file) == ""
    assert hashes(file) == source_hashes(film())[10:30]


async def test_h265_and_pictures_that_wait_for_later_ones_play_too(
    keeper: PastKeeper, operator: Client, tmp_path: Path
) -> None:
    units = film("h265", b_frames=2)
    keeper.keep(fragments(units))
    response, body = await _fetch(operator)
    assert response.headers["Content-Type"].startswith('video/mp4; codecs="hvc1.')
    file = tmp_path / "past.mp4"
    file.write_bytes(body)
    assert complaints(file) == ""
    assert hashes(file) == source_hashes(units)


async def test_the_answer_says_from_when_to_when_it_really_is(keeper: PastKeeper, operator: Client) -> None:
    keeper.keep(fragments(film()))
    response, _ = await _fetch(operator, f"{PATH}?from_ms={START_MS + 500}&to_ms={START_MS + 900}")
    assert response.headers["Sightline-From-Ms"] == str(START_MS + 400)
    assert response.headers["Sightline-To-Ms"] == str(START_MS + 1160)
    assert response.headers["Sightline-Clock"] == f"{START_MS + 400}@36000"


async def test_where_time_has_jumped_the_answer_says_what_time_it_was(keeper: PastKeeper, operator: Client) -> None:
    """Decode times go on without a hole while the camera is lost."""
    muxer = Muxer(4)
    before = fragments(film(), muxer)
    gap = muxer.gap(START_MS + 2_000)
    keeper.keep([*before, gap, *fragments(later(film(), 30.0), muxer)])
    response, _ = await _fetch(operator)
    first, second = (tuple(map(int, each.split("@"))) for each in response.headers["Sightline-Clock"].split(", "))
    assert first == (START_MS, 0)
    assert second[0] == START_MS + 30_000
    assert 179_000 < second[1] < 190_000


async def test_a_change_of_parameters_brings_its_init_segment_along(keeper: PastKeeper, operator: Client) -> None:
    units = [*film(), *later(film(width=256), 2.0)]
    sent = keeper.keep(fragments(units))
    assert [fragment.kind for fragment in sent].count(Kind.INIT) == 2
    _, body = await _fetch(operator)
    assert body == _boxes(sent)


async def test_a_gap_leaves_no_bytes(keeper: PastKeeper, operator: Client) -> None:
    sent = fragments(film())
    gap = pack(Kind.GAP, Flag.NONE, camera_number=4, sequence=99, captured_ms=START_MS + 2_000, dts=180_000)
    keeper.keep([*sent, gap])
    assert (await _fetch(operator))[1] == _boxes(sent)


async def test_of_a_camera_that_sends_jpeg_every_picture_comes_with_its_time(
    keeper: PastKeeper, operator: Client
) -> None:
    sent = keeper.keep(_jpegs(5))
    got = []
    async with operator.http.get(operator.address + ALL, headers=operator.headers) as response:
        parts = MultipartReader.from_response(response)
        while (part := await parts.next()) is not None:
            assert not isinstance(part, MultipartReader)
            assert part.headers["Content-Type"] == "image/jpeg"
            got.append((int(part.headers["Sightline-Captured-Ms"]), bytes(await part.read())))
    assert got == [(START_MS + 40 * n, sent[n].body) for n in range(5)]


async def test_what_was_kept_of_another_kind_is_left_out(keeper: PastKeeper, operator: Client) -> None:
    sent = keeper.keep([*fragments(film()), *_jpegs(3)])
    assert (await _fetch(operator))[1] == _boxes(sent[:-3])


async def test_it_is_for_the_staff(keeper: PastKeeper, server: Running) -> None:
    keeper.keep(fragments(film()))
    for person in ("operator", "dispatcher", "admin"):
        response, _ = await _fetch(await server.signed_in(person))
        assert response.status == 200, person


async def test_it_is_not_for_officers_not_even_of_a_camera_that_was_pushed_to_them(
    keeper: PastKeeper, operator: Client, officer: Client
) -> None:
    keeper.keep(fragments(film()))
    push = {"id": "push-1", "cameras": ["main-4th"], "to": {"people": ["officer-12"]}}
    assert (await operator.post("/api/pushes", push)).status == 201
    answer = await officer.get(ALL)
    assert (answer.status, answer.code) == (403, "auth.forbidden")


async def test_a_look_at_the_past_is_on_record_from_beginning_to_end(
    keeper: PastKeeper, server: Running, operator: Client
) -> None:
    keeper.keep(fragments(film()))
    await _fetch(operator, ALL + "&purpose=alert%2017")
    began, ended = await _on_record(server, 2)
    assert (began["action"], began["actor"], began["subject"]) == (
        "camera.watch_started",
        "operator",
        "camera:main-4th",
    )
    assert began["details"]["purpose"] == "alert 17"
    assert ended["action"] == "camera.watch_ended"
    assert ended["details"].items() >= {"look": began["details"]["look"], "frames": 50, "why": "finished"}.items()


async def test_without_a_purpose_it_is_the_past_that_is_looked_at(
    keeper: PastKeeper, server: Running, operator: Client
) -> None:
    keeper.keep(fragments(film()))
    await _fetch(operator)
    assert (await _on_record(server, 1))[0]["details"]["purpose"] == "past"


async def test_what_can_not_be_put_on_record_is_not_shown(
    keeper: PastKeeper, server: Running, operator: Client
) -> None:
    keeper.keep(fragments(film()))
    await operator.get("/api/cameras")  # the session is known from now on
    await server.services.db.close()
    response, body = await _fetch(operator)
    assert response.status == 503
    assert b"moof" not in body


async def test_what_there_is_can_be_asked_without_looking(
    keeper: PastKeeper, server: Running, operator: Client
) -> None:
    keeper.keep(fragments(film()))
    answer = await operator.request("HEAD", ALL)
    assert (answer.status, answer.headers["Sightline-To-Ms"]) == (200, str(START_MS + 1960))
    assert await _on_record(server, 0) == []


async def test_nothing_kept_is_said_in_words_and_is_no_look(
    keeper: PastKeeper, server: Running, operator: Client
) -> None:
    keeper.has(4)
    answer = await operator.get(ALL)
    assert (answer.status, answer.code) == (404, "past.unavailable")
    assert "it has shown nothing in the last 60 s" in answer.json["error"]["message"]
    assert await _on_record(server, 0) == []


async def test_what_is_asked_for_must_be_a_span(server: Running, operator: Client) -> None:
    for query, path in (
        ("", "from_ms"),
        ("from_ms=1", "to_ms"),
        ("from_ms=yesterday&to_ms=2", "from_ms"),
        ("from_ms=-1&to_ms=2", "from_ms"),
        (f"from_ms=1&to_ms={10**30}", "to_ms"),
        ("from_ms=2&to_ms=1", "to_ms"),
        (f"from_ms=1&to_ms=2&purpose={'x' * 201}", "purpose"),
    ):
        answer = await operator.get(f"{PATH}?{query}")
        assert (answer.status, answer.code, answer.json["error"]["path"]) == (400, "request.invalid", path), query


async def test_a_camera_that_is_none_is_unknown(server: Running, operator: Client) -> None:
    answer = await operator.get("/api/cameras/none/past?from_ms=1&to_ms=2")
    assert (answer.status, answer.code) == (404, "camera.unknown")


def _more_than_fits_on_the_way() -> list[Fragment]:
    return [
        pack(
            Kind.FRAME,
            Flag.NONE if n % 10 else Flag.KEY,
            camera_number=4,
            sequence=n,
            captured_ms=START_MS + 40.0 * n,
            dts=0,
            body=bytes(200_000),
        )
        for n in range(150)
    ]


async def test_an_answer_that_breaks_off_is_not_taken_for_whole(
    valkey: EmbeddedValkey, server: Running, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_reader, "SILENT_AFTER_S", 0.2)
    monkeypatch.setattr(past_reader, "REPEAT_S", 0.1)
    async with asyncio.timeout(30):
        async with open_past_keeper(valkey.url) as keeper:
            keeper.keep(_more_than_fits_on_the_way())
            response = await operator.http.get(operator.address + ALL, headers=operator.headers)
            await response.content.readexactly(1_000_000)
        with pytest.raises(ClientError):
            await response.read()
    _, ended = await _on_record(server, 2)
    assert ended["details"]["why"] == "broken"
    assert 0 < ended["details"]["frames"] < 150


async def test_who_leaves_in_the_middle_is_noticed(keeper: PastKeeper, server: Running, operator: Client) -> None:
    keeper.keep(_more_than_fits_on_the_way())
    response = await operator.http.get(operator.address + ALL, headers=operator.headers)
    await response.content.readexactly(1_000_000)
    response.close()
    await until(lambda: not keeper.is_telling)
    assert [look["details"].get("why", "") for look in await _on_record(server, 2)] == ["", "closed"]


async def test_who_takes_nothing_is_not_waited_for(
    keeper: PastKeeper, server: Running, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.web.past.WRITE_TIMEOUT_S", 0.2)
    keeper.keep(_more_than_fits_on_the_way())
    response = await operator.http.get(operator.address + ALL, headers=operator.headers)
    await response.content.readexactly(1_000)
    await until(lambda: not keeper.is_telling)
    assert [look["details"].get("why", "") for look in await _on_record(server, 2)] == ["", "closed"]
    with pytest.raises(ClientPayloadError):
        await response.read()
