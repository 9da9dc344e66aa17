from functools import partial

import pytest

from server.core.clips import ClipState
from server.store import audit, clip_retention, clip_work, clips
from server.store.clip_work import LEASE_MS, MAX_TURNS, QUIET_MS, Running
from server.store.db import Database
from tests.server.filmed import A_FILM, CLIP_CAMERAS, a_clip_order
from tests.server.samples import AT_THE_DESK, NOW_MS


@pytest.fixture(autouse=True)
async def ordered(database: Database) -> None:
    order = partial(clips.order, cameras=CLIP_CAMERAS, actor=AT_THE_DESK, now_ms=NOW_MS)
    for clip_id in ("clip-1", "clip-2"):
        await database.write(partial(order, wanted=a_clip_order(clip_id)))


async def claim(database: Database, *wanted: str, server: str = "one", now_ms: int = NOW_MS) -> list[Running]:
    return await database.write(partial(clip_work.claim, wanted=wanted, server=server, now_ms=now_ms))


async def running(database: Database, now_ms: int = NOW_MS) -> list[tuple[str, int, bool, bool]]:
    found = await database.read(partial(clip_work.running, now_ms=now_ms))
    return [(one.record.id, one.turn, one.is_free, one.is_quiet) for one in found]


async def test_one_server_records_a_clip(database: Database) -> None:
    assert await running(database) == [("clip-1", 0, True, True), ("clip-2", 0, True, True)]
    (taken,) = await claim(database, "clip-1")
    assert (taken.record.state, taken.turn) == (ClipState.RECORDING, 1)
    assert [one.record.id for one in await claim(database, "clip-1", "clip-2", server="two")] == ["clip-2"]
    assert await running(database) == [("clip-1", 1, False, False), ("clip-2", 1, False, False)]


async def test_a_lease_that_is_not_renewed_lapses(database: Database) -> None:
    await claim(database, "clip-1", "clip-2")
    await claim(database, "clip-2", server="two")
    await database.write(partial(clip_work.renew, server="two", now_ms=NOW_MS + LEASE_MS))
    await database.write(partial(clip_work.renew, server="one", now_ms=NOW_MS + 1000))
    later_ms = NOW_MS + 1000 + LEASE_MS + 1
    assert await running(database, NOW_MS + 1000 + QUIET_MS) == [
        ("clip-1", 1, False, False),
        ("clip-2", 1, False, False),
    ]
    assert (await running(database, NOW_MS + 1001 + QUIET_MS))[0] == ("clip-1", 1, False, True)
    assert await claim(database, "clip-1", server="two", now_ms=later_ms - 1) == []
    (taken,) = await claim(database, "clip-1", server="two", now_ms=later_ms)
    assert taken.turn == 2
    # The one that was frozen wakes up: nothing is its own any more.
    await database.write(partial(clip_work.renew, server="one", now_ms=later_ms + LEASE_MS))
    assert (await running(database, later_ms + LEASE_MS + 1))[0] == ("clip-1", 2, True, True)


async def test_a_server_that_stops_lets_go_at_once(database: Database) -> None:
    await claim(database, "clip-1")
    await database.write(partial(clip_work.let_go, server="one"))
    (taken,) = await claim(database, "clip-1", server="two")
    assert taken.turn == 2


async def test_what_came_of_it_is_kept_once(database: Database) -> None:
    (taken,) = await claim(database, "clip-1")
    kept = taken.record.kept(A_FILM, now_ms=NOW_MS + 1, keep_ms=1000)
    conclude = partial(clip_work.conclude, record=kept, now_ms=NOW_MS + 1, manifest="{}", file=A_FILM.name)
    assert not await database.write(partial(conclude, server="two"))
    assert await database.write(partial(conclude, server="one"))
    assert not await database.write(partial(conclude, server="one"))
    assert await database.read(partial(clips.find, clip_id="clip-1")) == kept
    assert [one[0] for one in await running(database)] == ["clip-2"]
    assert await database.read(clip_work.running_numbers) == (frozenset({2}), 2)
    entry = (await database.read(audit.page))[-1]
    assert (entry.action, entry.actor, entry.subject) == ("clip.kept", "server", "clip:clip-1")


async def test_a_hold_that_came_meanwhile_stays(database: Database) -> None:
    (taken,) = await claim(database, "clip-1")
    hold = partial(clip_retention.hold, clip_id="clip-1", reason="Case 7", actor=AT_THE_DESK, now_ms=NOW_MS)
    await database.write(hold)
    kept = taken.record.kept(A_FILM, now_ms=NOW_MS + 1, keep_ms=1000)
    await database.write(partial(clip_work.conclude, record=kept, server="one", now_ms=NOW_MS, file=A_FILM.name))
    assert await database.read(partial(clip_retention.due, now_ms=NOW_MS + 10_000, limit=1)) == []


async def test_what_has_failed_says_why(database: Database) -> None:
    (taken,) = await claim(database, "clip-1")
    failed = taken.record.failed("The disk is full.", now_ms=NOW_MS)
    await database.write(partial(clip_work.conclude, record=failed, server="one", now_ms=NOW_MS))
    found = await database.read(partial(clips.find, clip_id="clip-1"))
    assert found is not None
    assert (found.state, found.reason) == (ClipState.FAILED, "The disk is full.")
    assert (await database.read(audit.page))[-1].action == "clip.failed"


async def test_what_every_server_dies_of_is_given_up(database: Database) -> None:
    for turn in range(MAX_TURNS):
        assert await claim(database, "clip-1", server=f"{turn}", now_ms=NOW_MS + turn * (LEASE_MS + 1))
    assert await claim(database, "clip-1", now_ms=NOW_MS + MAX_TURNS * (LEASE_MS + 1)) == []
    found = await database.read(partial(clips.find, clip_id="clip-1"))
    assert found is not None
    assert found.state is ClipState.FAILED
    assert "20 servers have tried" in found.reason
