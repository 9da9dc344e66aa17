"""Photos over HTTP: from the bytes of a picture to who may open it."""

import asyncio
import base64
import hashlib
import io
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from yarl import URL

from server.media.darkroom import MAX_PLACES, Darkroom
from tests.server.running import Client, Running
from tests.vectors.photos import make, picture

PUSH = {"id": "push-1", "cameras": ["main-4th"], "to": {"people": ["officer-12"]}}


@dataclass
class Got:
    status: int
    headers: dict[str, str]
    body: bytes


async def get(client: Client, path: str) -> Got:
    async with client.http.get(URL(client.address + path, encoded=True), headers=client.headers) as response:
        return Got(response.status, dict(response.headers), await response.read())


def large(more_bytes: int) -> io.BytesIO:
    return io.BytesIO(picture("plain.jpg") + bytes(more_bytes))


async def send(client: Client, data: bytes | io.BytesIO) -> str:
    answer = await client.request("POST", "/api/media", data=data)
    assert answer.status == 201, answer
    return str(answer.json["media"]["id"])


async def push(operator: Client, media_id: str) -> None:
    answer = await operator.post("/api/pushes", {**PUSH, "media": [{"id": media_id}]})
    assert answer.status == 201, answer


async def test_an_operator_sends_a_picture_and_opens_the_photo(operator: Client) -> None:
    answer = await operator.request("POST", "/api/media", data=picture("phone.jpg"))
    assert answer.status == 201
    sent = answer.json["media"]
    assert set(sent) == {"id", "width", "height", "bytes", "thumbnail"}
    assert (sent["width"], sent["height"]) == (48, 64)
    full = await get(operator, f"/api/media/{sent['id']}")
    assert (full.status, len(full.body)) == (200, sent["bytes"])
    assert hashlib.sha256(full.body).hexdigest() == sent["id"]
    assert make.PLACE not in full.body
    thumbnail = await get(operator, f"/api/media/{sent['id']}/thumbnail")
    assert thumbnail.body == base64.b64decode(sent["thumbnail"])
    again = await operator.request("POST", "/api/media", data=picture("phone.jpg"))
    assert (again.status, again.json) == (201, answer.json)


async def test_a_photo_is_only_ever_a_jpeg_that_is_not_kept(operator: Client) -> None:
    media_id = await send(operator, picture("plain.png"))
    for path in (f"/api/media/{media_id}", f"/api/media/{media_id}/thumbnail"):
        got = await get(operator, path)
        headers = {name: got.headers[name] for name in HEADERS}
        assert headers == HEADERS
        head = await operator.request("HEAD", path)
        assert (head.status, head.headers["Content-Length"]) == (200, str(len(got.body)))


HEADERS = {
    "Content-Type": "image/jpeg",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
}


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("page.html", 400, "photo.not_a_picture"),
        ("drawing.svg", 400, "photo.not_a_picture"),
        ("script.gif", 400, "photo.not_a_picture"),
        ("gigantic.png", 400, "photo.too_many_pixels"),
        ("truncated.jpg", 400, "photo.damaged"),
        ("garbled.jpg", 400, "photo.damaged"),
    ],
)
async def test_what_is_no_photo_is_refused_in_words(
    server: Running, operator: Client, name: str, status: int, code: str
) -> None:
    answer = await operator.request("POST", "/api/media", data=picture(name), headers={"Content-Type": "image/jpeg"})
    assert (answer.status, answer.code) == (status, code)
    assert not await asyncio.to_thread((server.config.data_folder / "media").exists)


async def test_an_empty_body_is_no_picture(operator: Client) -> None:
    answer = await operator.request("POST", "/api/media")
    assert (answer.status, answer.code) == (400, "photo.not_a_picture")


async def test_50_megabytes_are_refused_before_they_are_read(operator: Client) -> None:
    answer = await operator.request("POST", "/api/media", data=large(50_000_000))
    assert (answer.status, answer.code) == (413, "photo.too_large")


async def test_a_body_that_does_not_say_how_large_it_is_is_refused_when_it_is(operator: Client) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(24):
            yield bytes(1024 * 1024)

    answer = await operator.request("POST", "/api/media", data=chunks())
    assert (answer.status, answer.code) == (413, "photo.too_large")


async def test_more_than_the_256_kib_of_other_bodies_is_a_photo(operator: Client) -> None:
    await send(operator, large(1024 * 1024))


async def test_a_picture_that_does_not_come_whole_is_no_mistake_of_ours(
    server: Running, operator: Client, caplog: pytest.LogCaptureFixture
) -> None:
    url = URL(operator.address)
    assert url.host is not None
    assert url.port is not None
    loop = asyncio.get_running_loop()
    head = f"POST /api/media HTTP/1.1\r\nHost: {url.host}\r\nAuthorization: Bearer {operator.token}\r\n"
    with socket.create_connection((url.host, url.port)) as connection:
        connection.setblocking(False)
        await loop.sock_sendall(connection, f"{head}Content-Length: 1000\r\n\r\n".encode() + bytes(100))
        await _until_taken(server.services.darkroom, 1)
    await _until_taken(server.services.darkroom, 0)
    assert not [record for record in caplog.records if record.exc_info]


async def test_one_photo_too_many_is_told_to_come_again(server: Running, operator: Client) -> None:
    places = [server.services.darkroom.place() for _ in range(MAX_PLACES)]
    for place in places:
        await place.__aenter__()
    answer = await operator.request("POST", "/api/media", data=picture("plain.jpg"))
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "photo.unavailable", "1")
    for place in places:
        await place.__aexit__(None, None, None)
    await send(operator, picture("plain.jpg"))


async def test_officers_do_not_send_photos(officer: Client) -> None:
    answer = await officer.request("POST", "/api/media", data=picture("plain.jpg"))
    assert (answer.status, answer.code) == (403, "auth.forbidden")


async def test_a_photo_is_opened_by_those_it_was_sent_to_until_it_is_recalled(
    server: Running, operator: Client, officer: Client
) -> None:
    other = await server.signed_in("officer-7")
    media_id = await send(operator, picture("plain.jpg"))
    path = f"/api/media/{media_id}"
    assert (await officer.get(path)).code == "media.unknown"
    await push(operator, media_id)
    for each, status in ((officer, 200), (operator, 200), (other, 404)):
        for size in (path, f"{path}/thumbnail"):
            assert (await get(each, size)).status == status
    await operator.post("/api/pushes/push-1/recall")
    for each in (officer, operator, other):
        for size in (path, f"{path}/thumbnail"):
            answer = await each.get(size)
            assert (answer.status, answer.code) == (404, "media.unknown")


async def test_every_look_is_on_record(server: Running, operator: Client, officer: Client) -> None:
    media_id = await send(operator, picture("plain.jpg"))
    await push(operator, media_id)
    await get(officer, f"/api/media/{media_id}")
    await get(officer, f"/api/media/{media_id}/thumbnail")
    admin = await server.signed_in("admin")
    entries = (await admin.get("/api/audit")).json["entries"]
    looks = [entry for entry in entries if entry["action"] == "media.opened"]
    assert [(look["actor"], look["subject"], look["details"]["size"]) for look in looks] == [
        ("officer-12", f"media:{media_id}", "full"),
        ("officer-12", f"media:{media_id}", "thumbnail"),
    ]
    assert json.dumps(looks[0]["details"]["items"]) == '["push:push-1"]'


@pytest.mark.parametrize("media_id", ["0" * 64, "..%2F..%2Flog.db", "%00", "x"])
async def test_what_was_never_sent_is_unknown(operator: Client, media_id: str) -> None:
    answer = await operator.get(f"/api/media/{media_id}")
    assert (answer.status, answer.code) == (404, "media.unknown")


async def test_a_photo_whose_file_is_gone_is_unknown_and_can_be_sent_again(server: Running, operator: Client) -> None:
    media_id = await send(operator, picture("plain.jpg"))
    await server.services.media.remove(media_id, put_before_ms=2**42)
    answer = await operator.get(f"/api/media/{media_id}")
    assert (answer.status, answer.code) == (404, "media.unknown")
    assert await send(operator, picture("plain.jpg")) == media_id
    assert (await get(operator, f"/api/media/{media_id}")).status == 200


async def test_a_disk_that_can_not_take_a_photo_is_an_answer(server: Running, operator: Client) -> None:
    folder: Path = server.config.data_folder / "media"
    await asyncio.to_thread(folder.write_bytes, b"in the way")
    answer = await operator.request("POST", "/api/media", data=picture("plain.jpg"))
    assert (answer.status, answer.code) == (503, "log.unavailable")


async def _until_taken(darkroom: Darkroom, places: int) -> None:
    async with asyncio.timeout(10):
        while darkroom.taken != places:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
