import logging
import time
from collections.abc import Callable
from typing import Any

import pytest

from server.core.audience import EVERYBODY, Audience
from server.notify import bell as module
from server.notify import lines, waiting
from server.notify import push_service as services_module
from server.store import log
from server.store.db import Database
from streams import backoff
from tests.server.notify.house import ADDRESS, House, now_ms, ringing, until
from tests.server.notify.samples import an_alert
from tests.server.samples import OKAFOR, OPERATOR, REYES


async def test_a_person_without_a_connected_device_is_rung_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WAIT_MS", 3_600_000)
    await house.subscribe()
    async with ringing(house):
        house.hear()
        (ringing_,) = await house.there.until(1)
    assert ringing_.payload["notification"]["navigate"] == f"{ADDRESS}/tablet#alert=alert-1"
    assert ringing_.headers["Urgency"] == "high"
    assert 3590 <= int(ringing_.headers["TTL"]) <= 3600


async def test_everybody_is_led_to_his_own_page(house: House) -> None:
    await house.subscribe(OPERATOR, "console-3")
    async with ringing(house):
        house.hear()
        (ringing_,) = await house.there.until(1)
    assert ringing_.payload["notification"]["navigate"] == f"{ADDRESS}/console#alert=alert-1"


async def test_the_case_goes_along_only_when_that_is_wanted(house: House) -> None:
    await house.subscribe()
    async with ringing(house):
        house.hear(id="a")
        await house.there.until(1)
    async with ringing(house, show_content=True):
        house.hear(id="b")
        first, second = await house.there.until(2)
    assert b"Main St" not in first.plain
    assert b"Main St" in second.plain


async def test_a_connected_device_that_reports_it_is_not_rung(house: House) -> None:
    house.online = {REYES.id}
    await house.subscribe()
    await house.subscribe(OKAFOR)
    async with ringing(house):
        # Before the entry comes to the bell: on a slow machine it would look too early.
        await house.receipt("delivered")
        house.hear()
        await house.there.until(1)
        await house.idle()
    assert house.paths() == ["officer-7.tablet-1"]


async def test_a_connected_device_has_time_to_report(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "WAIT_MS", 3_600_000)
    house.online = {REYES.id}
    await house.subscribe()
    await house.subscribe(OKAFOR)
    async with ringing(house):
        house.hear(id="a")
        await house.there.until(1)
        # What was begun for the first is over when the second is heard.
        house.hear(id="b")
        await house.there.until(2)
    assert house.paths() == ["officer-7.tablet-1"] * 2


@pytest.mark.parametrize("stage", [None, "sent"])
async def test_a_connected_device_that_is_silent_is_rung_in_the_end(house: House, stage: str | None) -> None:
    house.online = {REYES.id}
    await house.subscribe()
    async with ringing(house):
        house.hear()
        if stage:
            await house.receipt(stage)
        await house.there.until(1)


async def test_the_other_device_of_a_connected_person_is_rung(house: House) -> None:
    house.online = {REYES.id}
    await house.subscribe(device="tablet-1")
    await house.subscribe(device="phone")
    await house.receipt("delivered", device="tablet-1")
    async with ringing(house):
        house.hear()
        await house.there.until(1)
        await house.idle()
    assert house.paths() == ["officer-12.phone"]


async def test_who_has_answered_is_not_rung_on_his_other_devices(house: House) -> None:
    await house.subscribe()
    await house.receipt("acknowledged", device="radio")
    async with ringing(house):
        house.hear()
        await house.idle()
    assert not house.there.rung


async def test_only_those_whom_it_concerns_are_rung(house: House) -> None:
    for person in (REYES, OKAFOR, OPERATOR):
        await house.subscribe(person)
    async with ringing(house):
        house.hear(audience=Audience.of_people([REYES.id]))
        await house.there.until(2)
        await house.idle()
    assert sorted(house.paths()) == ["officer-12.tablet-1", "operator.tablet-1"]


async def test_when_an_alert_climbs_those_are_rung_whom_it_reaches_anew(house: House) -> None:
    for person in (REYES, OKAFOR):
        await house.subscribe(person)
    async with ringing(house):
        house.hear(audience=Audience.of_people([REYES.id]))
        await house.there.until(1)
        house.hear(audience=Audience.of_people([REYES.id, OKAFOR.id]))
        await house.there.until(2)
        await house.idle()
    assert house.paths() == ["officer-12.tablet-1", "officer-7.tablet-1"]


async def test_of_several_servers_one_rings(house: House) -> None:
    for number in range(3):
        await house.subscribe(device=f"tablet-{number}")
    async with ringing(house, 3):
        house.hear()
        await house.there.until(3)
        await house.idle()
    assert sorted(house.paths()) == [f"officer-12.tablet-{number}" for number in range(3)]


async def test_a_new_revision_rings_again_under_the_same_topic(house: House) -> None:
    await house.subscribe()
    async with ringing(house):
        house.hear()
        await house.there.until(1)
        house.hear(state="acknowledged")
        house.hear(revision=2, revised_ms=now_ms())
        first, second = await house.there.until(2)
        await house.idle()
    assert len(house.there.rung) == 2
    assert first.headers["Topic"] == second.headers["Topic"]
    assert second.payload["notification"]["title"] == "P1 alert changed"
    assert second.payload["notification"]["tag"] == first.payload["notification"]["tag"]


async def test_an_end_is_told_only_where_the_beginning_was(house: House) -> None:
    await house.subscribe(REYES)
    async with ringing(house):
        house.hear()
        await house.there.until(1)
        await house.subscribe(OKAFOR)
        house.hear(state="cancelled", revision=2)
        await house.there.until(2)
        await house.idle()
    assert house.paths() == ["officer-12.tablet-1"] * 2
    assert house.there.rung[1].payload["notification"]["title"] == "P1 alert cancelled"


async def test_what_has_expired_does_not_ring(house: House) -> None:
    await house.subscribe()
    async with ringing(house):
        house.hear(expires_ms=now_ms() - 1)
        await house.idle()
    assert not house.there.rung


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_is_gone_is_deleted(house: House, status: int) -> None:
    await house.subscribe()
    house.there.answer(status)
    async with ringing(house):
        house.hear()
        await house.there.until(1)
        await house.idle()
    assert await house.subscribed() == 0


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_failure_is_tried_again_and_the_subscription_is_kept(house: House, status: int) -> None:
    await house.subscribe()
    house.there.answer(status, status)
    async with ringing(house):
        house.hear()
        await house.there.until(3)
        await house.idle()
    assert len(house.there.rung) == 3
    assert await house.subscribed() == 1


async def test_a_pause_that_the_push_service_asks_for_is_kept(house: House) -> None:
    await house.subscribe()
    house.there.answer(429, **{"Retry-After": "1"})
    async with ringing(house):
        house.hear()
        await house.there.until(1)
        began_at = time.monotonic()
        house.hear(id="alert-2")
        await house.there.until(2)
    assert time.monotonic() - began_at >= 0.9


async def test_a_push_service_that_never_answers_is_tried_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services_module, "TIMEOUT_S", 0.2)
    await house.subscribe()
    house.there.answers.append(None)
    async with ringing(house):
        house.hear()
        await house.there.until(2)
    assert await house.subscribed() == 1


async def test_trying_again_ends_when_it_does_not_matter_any_more(house: House) -> None:
    await house.subscribe()
    house.there.answer(*[500] * 1000)
    async with ringing(house):
        house.hear(expires_ms=now_ms() + 3000)
        await house.there.until(2)
        await house.idle()
    assert await house.subscribed() == 1


async def test_a_refusal_is_told_to_the_operator_once_and_not_repeated(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.subscribe()
    house.there.answer(403, 403)
    async with ringing(house):
        for item_id in "ab":
            house.hear(id=item_id)
        await house.there.until(2)
        await house.idle()
        (problem,) = house.bells[0].problems()
        assert "status 403" in problem
        assert house.there.address not in problem
        assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == [
            "web push is refused: status 403"
        ]
        assert await house.subscribed() == 1
        house.hear(id="c")
        await house.there.until(3)
        await house.idle()
        assert house.bells[0].problems() == []


async def test_what_is_too_large_is_sent_once_more_without_the_text(house: House) -> None:
    await house.subscribe()
    house.there.answer(413, 413)
    async with ringing(house, show_content=True):
        house.hear()
        await house.there.until(2)
        await house.idle()
    large, small = house.there.rung
    assert len(small.plain) < len(large.plain)
    assert b"Main St" not in small.plain
    assert await house.subscribed() == 1


async def test_a_subscription_is_called_one_at_a_time_and_the_urgent_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What comes anew does not wait for the next try of the old.
    monkeypatch.setattr(backoff, "LADDER_S", (3600.0,))
    await house.subscribe()
    house.there.answer(500)
    async with ringing(house):
        house.hear(id="p4", priority=4)
        await house.there.until(1)
        for priority in (3, 1, 2):
            house.hear(id=f"p{priority}", priority=priority)
        await house.there.until(5)
        await house.idle()
    assert house.there.most_at_once == 1
    titles = [one.payload["notification"]["title"] for one in house.there.rung]
    assert titles == ["P4 alert", "P1 alert", "P2 alert", "P3 alert", "P4 alert"]


async def test_a_flood_costs_no_more_than_the_queue_and_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(waiting, "MAX_WAITING", 10)
    await house.subscribe()
    async with ringing(house):
        for number in range(30):
            house.hear(id=f"p3-{number}", priority=3)
        house.hear(id="p1", priority=1)
        assert house.bells[0].problems() == [
            "More bells are to be rung than can be: some sleeping devices are not woken."
        ]
        await house.there.until(10)
        await house.idle()
        assert house.bells[0].problems() == []
    tags = {one.payload["notification"]["tag"] for one in house.there.rung}
    assert len(tags) == 10
    assert "alert:p1" in tags
    said = [record.message for record in caplog.records if "bells:" in record.message]
    assert said == ["bells: 10 items wait already, the least urgent are left out", "bells: 21 items were left out"]


async def test_calls_that_cannot_wait_are_left_out_and_that_is_said(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lines, "MAX_CALLS", 4)
    await house.subscribe()
    house.there.answer(*[500] * 3)
    async with ringing(house):
        for number in range(9):
            house.hear(id=f"a-{number}")
        await house.there.until(3 + 4)
        await house.idle()
        assert house.bells[0].problems() == []
    assert "bells: 4 calls wait already, more are left out" in caplog.messages
    assert "bells: 5 calls were left out" in caplog.messages


async def test_what_a_dead_server_took_in_is_rung_by_the_next(house: House) -> None:
    await house.subscribe()

    def write(item_id: str, at_ms: int) -> Callable[[Any], object]:
        return lambda conn: log.append(conn, "alert", {"alert": an_alert(id=item_id)}, EVERYBODY, at_ms)

    await house.db.write(write("old", now_ms() - 2 * module.MISSED_MS))
    await house.db.write(write("new", now_ms()))
    async with ringing(house):
        await house.there.until(1)
        await house.idle()
    assert [one.payload["notification"]["tag"] for one in house.there.rung] == ["alert:new"]


async def test_a_log_that_cannot_be_read_only_puts_it_off(house: House, sqlite_url: str) -> None:
    await house.subscribe()
    db = house.db
    async with ringing(house):
        await house.idle()
        closed = await Database.open(sqlite_url)
        await closed.close()
        house.bells[0]._db = closed
        house.hear()
        await until(lambda: bool(house.bells[0]._waiting) and not house.bells[0]._waiting.has_fresh)
        house.bells[0]._db = db
        await house.there.until(1)


async def test_an_old_entry_that_comes_late_does_not_take_the_place_of_a_new_one(house: House) -> None:
    await house.subscribe()
    async with ringing(house):
        house.hear(revision=2, revised_ms=now_ms())
        house.hear()
        (ringing_,) = await house.there.until(1)
        await house.idle()
    assert ringing_.payload["notification"]["title"] == "P1 alert changed"
