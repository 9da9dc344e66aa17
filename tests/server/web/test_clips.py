import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientPayloadError, ClientSession, web

from server.__main__ import main
from server.clips_config import ClipsConfig
from server.core.manifest import read
from server.lanes import recorder
from server.store import audit
from streams.valkey import EmbeddedValkey
from tests.fakes.bucket import ACCESS_KEY, REGION, SECRET_KEY, Bucket
from tests.server.lanes.reel import Reel
from tests.server.running import Client, Running, a_config, running
from tests.server.samples import NOW_MS
from tests.streams.filming import film, fragments, hashes, source_hashes
from tests.vectors.wire import clipping

ORDER = {"id": "clip-1", "camera": "main-4th", "from_ms": NOW_MS, "to_ms": NOW_MS + 2_000, "why": "Two cars"}


@pytest.fixture
async def server(tmp_path: Path, valkey: EmbeddedValkey) -> AsyncIterator[Running]:
    config = a_config(tmp_path, valkey.url, clips=ClipsConfig(keep_days=7, keep_free_gib=0))
    async with running(config) as server:
        reel = Reel()
        reel.load(fragments(film()))
        reel.pass_time(10)
        server.services.recorder._past = reel
        yield server


async def get_bytes(client: Client, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    http: ClientSession = client.http
    async with http.get(client.address + path, headers={**client.headers, **headers}) as response:
        return response.status, dict(response.headers), await response.read()


async def kept(client: Client, clip_id: str = "clip-1") -> Any:
    async with asyncio.timeout(20):
        while True:
            clip = (await client.get(f"/api/clips/{clip_id}")).json["clip"]
            if clip["state"] not in ("wanted", "recording"):
                return clip
            await asyncio.sleep(0.02)


async def actions(server: Running) -> list[tuple[str, str]]:
    entries = await server.services.db.read(audit.page)
    return [(entry.action, entry.actor) for entry in entries if entry.subject == "clip:clip-1"]


async def test_what_is_ordered_is_kept_and_can_be_taken_with_its_proof(
    server: Running, operator: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await operator.post("/api/clips", ORDER)
    assert (answer.status, answer.json["clip"]["state"]) == (201, "wanted")
    clip = await kept(operator)
    assert (clip["state"], clip["pictures"], clip["holes"]) == ("kept", 50, [])
    assert clip["keep_until_ms"] == clip["made_ms"] + 7 * 86_400_000
    assert (await operator.post("/api/clips", ORDER)).status == 200
    status, headers, data = await get_bytes(operator, "/api/clips/clip-1/video")
    assert (status, headers["Content-Type"], headers["Cache-Control"]) == (200, "video/mp4", "no-store")
    assert headers["Content-Disposition"] == 'attachment; filename="clip-1-main-4th.mp4"'
    assert hashlib.sha256(data).hexdigest() == clip["sha256"] == headers["Etag"].strip('"')
    manifest = await operator.get("/api/clips/clip-1/manifest")
    assert manifest.headers["Content-Disposition"] == 'attachment; filename="clip-1-main-4th.json"'
    key = await operator.get("/api/clips/key")
    assert key.json["algorithm"] == "Ed25519"
    files = [tmp_path / name for name in ("clip.mp4", "clip.json", "key.json", "key.pem")]
    for file, content in zip(files, (data, manifest.text, key.text, key.json["pem"]), strict=True):
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert await asyncio.to_thread(hashes, files[0]) == source_hashes(film())
    for of_key in files[2:]:
        command = ["verify", str(files[0]), str(files[1]), "--key", str(of_key)]
        assert await asyncio.to_thread(main, command) == 0
        assert key.json["fingerprint"] in capsys.readouterr().out
    assert await actions(server) == [
        ("clip.ordered", "operator"),
        ("clip.kept", "server"),
        ("clip.opened", "operator"),
        ("clip.manifest_opened", "operator"),
    ]


async def test_answers_are_as_in_the_examples(operator: Client) -> None:
    def shape(value: Any) -> Any:
        """Names at every depth; of a list those of its first item."""
        if isinstance(value, dict):
            return {name: shape(one) for name, one in value.items()}
        return [shape(value[0])] if isinstance(value, list) and value else None

    examples = {name: exchange["answer"] for name, exchange in clipping.http().items()}
    ordered = await operator.post("/api/clips", ORDER)
    assert shape(ordered.json) == shape(examples["clip_ordered"]["body"])
    clip = await kept(operator)
    assert clip.keys() == examples["clips"]["body"]["clips"][0].keys()
    manifest = (await operator.get("/api/clips/clip-1/manifest")).json
    expected = examples["clip_manifest"]["body"]
    manifest["manifest"]["holes"] = expected["manifest"]["holes"]
    assert shape(manifest) == shape(expected)
    assert shape((await operator.get("/api/clips/key")).json) == shape(examples["clip_key"]["body"])
    assert read(json.dumps(expected)).is_signed_by(clipping.KEY.public_key().public_bytes_raw())


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-99", 206, 0, 100),
        ("bytes=100-", 206, 100, None),
        ("bytes=-50", 206, -50, None),
        ("bytes=5-99999999", 206, 5, None),
        ("bytes=0-", 200, 0, None),
        ("lines=1-2", 200, 0, None),
        ("bytes=9-5", 200, 0, None),
        ("bytes=0-1,5-6", 200, 0, None),
    ],
)
async def test_a_part_of_it_can_be_asked_for(
    operator: Client, asked: str, status: int, start: int, end: int | None
) -> None:
    await operator.post("/api/clips", ORDER)
    await kept(operator)
    _, _, whole = await get_bytes(operator, "/api/clips/clip-1/video")
    found, headers, data = await get_bytes(operator, "/api/clips/clip-1/video", Range=asked)
    assert (found, data) == (status, whole[start:end])
    if status == 206:
        first = start % len(whole)
        assert headers["Content-Range"] == f"bytes {first}-{first + len(data) - 1}/{len(whole)}"


async def test_a_part_that_there_is_not_is_refused(operator: Client) -> None:
    await operator.post("/api/clips", ORDER)
    clip = await kept(operator)
    status, headers, data = await get_bytes(operator, "/api/clips/clip-1/video", Range="bytes=99999999-")
    assert (status, headers["Content-Range"], data) == (416, f"bytes */{clip['bytes']}", b"")


async def test_head_says_how_large_it_is(server: Running, operator: Client) -> None:
    await operator.post("/api/clips", ORDER)
    clip = await kept(operator)
    answer = await operator.request("HEAD", "/api/clips/clip-1/video")
    assert (answer.status, answer.headers["Content-Length"], answer.text) == (200, str(clip["bytes"]), "")
    assert ("clip.opened", "operator") in await actions(server)


async def test_they_are_found_by_alert_and_camera(operator: Client) -> None:
    alert = (await operator.post("/api/alerts", {"event": "Shots"})).json["alert"]["id"]
    await operator.post("/api/clips", ORDER)
    await operator.post("/api/clips", {**ORDER, "id": "clip-2", "camera": "harbor", "alert": alert})

    async def ids(query: str) -> list[str]:
        return [clip["id"] for clip in (await operator.get(f"/api/clips{query}")).json["clips"]]

    assert await ids("") == ["clip-2", "clip-1"]
    assert await ids(f"?alert={alert}") == ["clip-2"]
    assert await ids("?camera=main-4th") == ["clip-1"]
    assert await ids("?alert=none") == []


async def test_what_is_wrong_is_said(operator: Client) -> None:
    answer = await operator.post("/api/clips", {**ORDER, "to_ms": NOW_MS})
    assert (answer.status, answer.code) == (400, "request.invalid")
    answer = await operator.post("/api/clips", {**ORDER, "camera": "nowhere"})
    assert (answer.status, answer.code) == (404, "camera.unknown")
    await operator.post("/api/clips", ORDER)
    answer = await operator.post("/api/clips", {**ORDER, "why": "Something else"})
    assert (answer.status, answer.code, answer.json["clip"]["id"]) == (409, "conflict.id", "clip-1")
    for path in ("", "/video", "/manifest"):
        assert (await operator.get(f"/api/clips/clip-9{path}")).code == "clip.unknown"


async def test_what_came_to_nothing_says_why_and_has_no_file(operator: Client) -> None:
    await operator.post("/api/clips", {**ORDER, "camera": "harbor"})
    clip = await kept(operator)
    assert (clip["state"], clip["reason"]) == ("failed", "Nothing is kept of this time.")
    answer = await operator.get("/api/clips/clip-1/video")
    assert (answer.status, answer.code, answer.json["clip"]["state"]) == (409, "conflict.state", "failed")


async def test_a_file_that_is_gone_is_said_so(server: Running, operator: Client) -> None:
    await operator.post("/api/clips", ORDER)
    await kept(operator)
    await server.services.clips.remove("000001.1.mp4")
    answer = await operator.get("/api/clips/clip-1/video")
    assert (answer.status, answer.code) == (503, "clip.unavailable")


async def test_a_file_that_ends_in_the_middle_is_not_taken_for_whole(server: Running, operator: Client) -> None:
    await operator.post("/api/clips", ORDER)
    clip = await kept(operator)
    store = server.services.clips

    async def longer(name: str) -> int:
        return clip["bytes"] + 1 if name else 0

    store.size = longer  # type: ignore[method-assign]
    with pytest.raises(ClientPayloadError):
        await get_bytes(operator, "/api/clips/clip-1/video")


async def test_a_legal_hold_is_put_on_by_the_staff_and_taken_off_by_an_administrator(
    server: Running, operator: Client
) -> None:
    admin = await server.signed_in("admin")
    await operator.post("/api/clips", ORDER)
    await kept(operator)
    assert (await operator.post("/api/clips/clip-1/hold", {})).json["error"]["path"] == "reason"
    held = await operator.post("/api/clips/clip-1/hold", {"reason": "Case 26-7"})
    assert held.json["clip"]["hold"]["by"] == "operator"
    server.services.recorder._past = Reel()
    server.services.janitor._clips._now_ms = lambda: 2**42  # type: ignore[union-attr]
    await server.services.janitor.clean()
    assert (await operator.get("/api/clips/clip-1")).json["clip"]["state"] == "kept"
    assert (await operator.request("DELETE", "/api/clips/clip-1/hold")).code == "auth.forbidden"
    assert (await admin.request("DELETE", "/api/clips/clip-1/hold")).json["clip"]["hold"] is None
    await server.services.janitor.clean()
    assert (await operator.get("/api/clips/clip-1")).json["clip"]["state"] == "removed"
    assert (await operator.get("/api/clips/clip-1/video")).code == "conflict.state"
    assert not list((server.config.data_folder / "recorded").glob("*.mp4"))
    assert (await actions(server))[-3:] == [
        ("clip.held", "operator"),
        ("clip.released", "admin"),
        ("clip.removed", "server"),
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/clips"),
        ("POST", "/api/clips"),
        ("GET", "/api/clips/key"),
        ("GET", "/api/clips/clip-1"),
        ("GET", "/api/clips/clip-1/video"),
        ("GET", "/api/clips/clip-1/manifest"),
        ("POST", "/api/clips/clip-1/hold"),
    ],
)
async def test_officers_have_no_clips(officer: Client, method: str, path: str) -> None:
    answer = await officer.request(method, path, json=ORDER if method == "POST" else None)
    assert (answer.status, answer.code) == (403, "auth.forbidden")


async def test_an_alert_with_a_view_keeps_clips_by_itself(server: Running, operator: Client) -> None:
    board = server.services.board
    board.on_states(json.dumps({"cameras": {"main-4th": {"state": "live", "since_ms": 1, "reason": ""}}}).encode())
    body = {"event": "Shots", "priority": 1, "area": {"point": {"lat": 41.7601, "lon": -72.67}}}
    alert = (await operator.post("/api/alerts", body)).json["alert"]
    async with asyncio.timeout(20):
        found: list[Any] = []
        while not found:
            await asyncio.sleep(0.02)
            found = (await operator.get(f"/api/clips?alert={alert['id']}")).json["clips"]
    assert [(clip["camera"]["id"], clip["asked_by"], clip["alert_id"]) for clip in found] == [
        ("main-4th", "server", alert["id"])
    ]
    assert found[0]["to_ms"] - found[0]["from_ms"] == 90_000


async def test_files_may_lie_in_a_bucket(
    tmp_path: Path, valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "STORE_AGAIN_S", 0.01)
    async with Bucket.open() as bucket:
        config = ClipsConfig(
            bucket=bucket.address, region=REGION, access_key=ACCESS_KEY, secret_key=SECRET_KEY, keep_free_gib=0
        )
        async with running(a_config(tmp_path, valkey.url, clips=config)) as server:
            reel = Reel()
            reel.load(fragments(film()))
            reel.pass_time(10)
            server.services.recorder._past = reel
            operator = await server.signed_in("operator")
            await operator.post("/api/clips", ORDER)
            clip = await kept(operator)
            assert hashlib.sha256(bucket.objects["000001.1.mp4"]).hexdigest() == clip["sha256"]
            _, _, data = await get_bytes(operator, "/api/clips/clip-1/video", Range="bytes=10-19")
            assert data == bucket.objects["000001.1.mp4"][10:20]
            server.services.janitor._clips._now_ms = lambda: 2**42  # type: ignore[union-attr]
            await server.services.janitor.clean()
            assert bucket.objects == {}
            bucket.answers = [web.Response(status=503), web.Response(status=503)]
            await operator.post("/api/clips", {**ORDER, "id": "clip-2"})
            assert (await kept(operator, "clip-2"))["state"] == "kept"
            monkeypatch.setattr(recorder, "STORE_FOR_S", 0.0)
            bucket.answers = [web.Response(status=507)]
            await operator.post("/api/clips", {**ORDER, "id": "clip-3"})
            failed = await kept(operator, "clip-3")
            assert (failed["state"], "status 507" in failed["reason"]) == ("failed", True)


async def test_the_key_stays_with_the_data(server: Running, operator: Client, tmp_path: Path) -> None:
    before = (await operator.get("/api/clips/key")).json
    assert "PRIVATE" not in json.dumps(before)
    await server.stop()
    async with running(replace(server.config)) as again:
        assert (await (await again.signed_in("operator")).get("/api/clips/key")).json == before
