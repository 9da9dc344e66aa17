import asyncio
import json
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, text

from server.auth import accounts
from server.auth.passwords import Passwords
from server.auth.sessions import IDLE_MS, LIFETIME_MS, Sessions, SignedIn
from server.core.people import Account, SignIn
from server.errors import AuthRequired, AuthThrottled, AuthWrong, LogUnavailable
from server.store import audit
from server.store import sessions as store
from server.store.db import Database
from server.store.sessions import Session
from tests.server.samples import HOUR_MS, NOW_MS, OPERATOR, REYES

ADDRESS = "10.0.0.12"
RIGHT = SignIn("officer-12", "officer's word", "tablet-1")
WRONG = SignIn("officer-12", "another word", "tablet-1")
MINUTE_MS = 60_000


@dataclass
class Clock:
    now_ms: int = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sessions(database: Database, passwords: Passwords, clock: Clock) -> Sessions:
    people = [Account(OPERATOR, "operator's word"), Account(REYES, "officer's word")]
    await accounts.seed(database, passwords, people, now_ms=NOW_MS)
    return Sessions(database, passwords, clock=clock)


async def sign_in(sessions: Sessions, wanted: SignIn = RIGHT) -> SignedIn:
    return await sessions.sign_in(wanted, address=ADDRESS)


async def actions(database: Database) -> list[tuple[str, str, str]]:
    entries = await database.read(audit.page)
    return [(one.actor, one.action, one.subject) for one in entries if one.action.startswith("session.")]


async def test_the_right_password_opens_a_session(sessions: Sessions, database: Database) -> None:
    signed_in = await sign_in(sessions)
    assert signed_in.session.person == REYES
    assert signed_in.session.device == "tablet-1"
    assert signed_in.session.ends_ms == NOW_MS + 12 * HOUR_MS
    assert await sessions.find(signed_in.token) == signed_in.session
    (entry,) = (await database.read(audit.page))[-1:]
    assert (entry.actor, entry.device, entry.address, entry.action) == (
        "officer-12",
        "tablet-1",
        ADDRESS,
        "session.opened",
    )


async def test_a_token_has_256_bits_and_only_its_hash_is_stored(sessions: Sessions, database: Database) -> None:
    tokens = {(await sign_in(sessions)).token for _ in range(3)}
    assert len(tokens) == 3
    assert all(len(token) == 43 for token in tokens), "32 bytes in base64"
    for table in ("sessions", "audit"):
        rows = await database.read(lambda conn, table=table: conn.execute(text(f"SELECT * FROM {table}")).all())  # type: ignore[misc]
        assert not any(token in str(rows) for token in tokens)


async def test_a_token_does_not_show_in_a_repr(sessions: Sessions) -> None:
    signed_in = await sign_in(sessions)
    assert signed_in.token not in repr(signed_in)


async def test_without_a_device_one_is_made_up(sessions: Sessions) -> None:
    devices = {(await sign_in(sessions, SignIn("officer-12", "officer's word"))).session.device for _ in range(2)}
    assert len(devices) == 2
    assert all(device.startswith("officer-") for device in devices)


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 5000, "\0", "\ud800"])
async def test_a_token_of_nobody_is_refused(sessions: Sessions, token: str) -> None:
    with pytest.raises(AuthRequired):
        await sessions.find(token)


@pytest.mark.parametrize(
    ("wanted", "actor", "subject"),
    [
        (WRONG, "officer-12", "officer-12"),
        (SignIn("Officer-12", "officer's word"), "server", "unknown"),
        (SignIn("officer's word", "officer's word"), "server", "unknown"),
    ],
)
async def test_a_wrong_sign_in_is_refused_and_on_record(
    sessions: Sessions, database: Database, wanted: SignIn, actor: str, subject: str
) -> None:
    with pytest.raises(AuthWrong) as refusal:
        await sign_in(sessions, wanted)
    assert refusal.value.message == "User name or password are wrong."
    assert await actions(database) == [(actor, "session.refused", subject)]
    assert "word" not in str(await database.read(audit.page))


async def test_who_is_disabled_can_neither_sign_in_nor_go_on(
    sessions: Sessions, database: Database, passwords: Passwords
) -> None:
    signed_in = await sign_in(sessions)
    await accounts.seed(database, passwords, [Account(OPERATOR, "operator's word")], now_ms=NOW_MS)
    with pytest.raises(AuthRequired):
        await sessions.find(signed_in.token)
    with pytest.raises(AuthWrong):
        await sign_in(sessions)


async def test_a_session_ends_12_hours_after_signing_in(sessions: Sessions, clock: Clock) -> None:
    signed_in = await sign_in(sessions)
    for hours in (4, 8, 11):
        clock.now_ms = NOW_MS + hours * HOUR_MS
        await sessions.find(signed_in.token)
    clock.now_ms = NOW_MS + LIFETIME_MS - 1
    await sessions.find(signed_in.token)
    clock.now_ms += 1
    with pytest.raises(AuthRequired):
        await sessions.find(signed_in.token)


async def test_a_session_ends_after_8_hours_without_a_use(sessions: Sessions, clock: Clock) -> None:
    signed_in = await sign_in(sessions)
    clock.now_ms = NOW_MS + IDLE_MS - 1
    await sessions.find(signed_in.token)
    clock.now_ms += IDLE_MS - 1
    assert clock.now_ms > NOW_MS + LIFETIME_MS
    other = await sign_in(sessions)
    clock.now_ms += IDLE_MS
    with pytest.raises(AuthRequired):
        await sessions.find(other.token)


async def test_a_connection_that_stays_open_is_a_use(sessions: Sessions, clock: Clock) -> None:
    signed_in = await sign_in(sessions)
    for _ in range(11):
        clock.now_ms += HOUR_MS
        await sessions.touch([signed_in.session.id])
    assert (await sessions.find(signed_in.token)).last_seen_ms == NOW_MS + 11 * HOUR_MS


async def test_who_comes_while_others_are_looked_up_is_looked_up_with_all_who_came_meanwhile(
    sessions: Sessions, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in = [await sign_in(sessions) for _ in range(3)]
    questions: list[int] = []
    look_up = store.find_all

    def counted(conn: Connection, session_ids: set[str]) -> dict[str, Session]:
        questions.append(len(session_ids))
        return look_up(conn, session_ids)

    monkeypatch.setattr(store, "find_all", counted)
    found = await asyncio.gather(
        *(sessions.find(one.token) for _ in range(20) for one in signed_in),
        sessions.find("none"),
        return_exceptions=True,
    )
    assert [one.id for one in found[:-1] if isinstance(one, Session)] == 20 * [one.session.id for one in signed_in]
    assert isinstance(found[-1], AuthRequired)
    assert sum(questions) < 10
    assert len(questions) < 4


async def test_who_gives_up_while_looking_for_all_leaves_the_others_to_look_for_themselves(sessions: Sessions) -> None:
    signed_in = await sign_in(sessions)
    first, second = (asyncio.create_task(sessions.find(signed_in.token)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).id == signed_in.session.id


async def test_the_last_use_is_written_once_a_minute(sessions: Sessions, clock: Clock) -> None:
    signed_in = await sign_in(sessions)
    clock.now_ms += MINUTE_MS - 1
    assert (await sessions.find(signed_in.token)).last_seen_ms == NOW_MS
    clock.now_ms += 1
    await sessions.find(signed_in.token)
    clock.now_ms += 1
    assert (await sessions.find(signed_in.token)).last_seen_ms == NOW_MS + MINUTE_MS


async def test_signing_out_ends_one_session_and_no_other(sessions: Sessions, database: Database) -> None:
    one, other = await sign_in(sessions), await sign_in(sessions)
    for _ in range(2):
        await sessions.end(one.session, address=ADDRESS)
        with pytest.raises(AuthRequired):
            await sessions.find(one.token)
    await sessions.find(other.token)
    assert [action for _, action, _ in await actions(database)] == [
        "session.opened",
        "session.opened",
        "session.closed",
    ]


async def fail(sessions: Sessions, times: int) -> None:
    for _ in range(times):
        with pytest.raises(AuthWrong):
            await sign_in(sessions, WRONG)


async def test_the_sixth_attempt_is_refused_even_with_the_right_password(
    sessions: Sessions, database: Database, clock: Clock
) -> None:
    await fail(sessions, 5)
    with pytest.raises(AuthThrottled) as refusal:
        await sign_in(sessions)
    assert refusal.value.retry_after_s == 15 * 60
    assert "15 minutes" in refusal.value.message
    assert [action for _, action, _ in await actions(database)] == ["session.refused"] * 5 + ["session.throttled"]
    last = (await database.read(audit.page))[-1]
    assert json.loads(last.details) == {"until_ms": NOW_MS + 15 * MINUTE_MS}
    clock.now_ms += 15 * MINUTE_MS
    await sign_in(sessions)


async def test_a_restart_does_not_clear_it(
    sessions: Sessions, database_url: str, passwords: Passwords, clock: Clock
) -> None:
    await fail(sessions, 5)
    again = await Database.open(database_url)
    with pytest.raises(AuthThrottled):
        await sign_in(Sessions(again, passwords, clock=clock))
    await again.close()


async def test_success_forgets_the_failures(sessions: Sessions) -> None:
    for _ in range(3):
        await fail(sessions, 4)
        await sign_in(sessions)


async def test_other_accounts_are_not_refused(sessions: Sessions) -> None:
    await fail(sessions, 5)
    await sign_in(sessions, SignIn("operator", "operator's word"))


async def test_an_account_that_does_not_exist_is_refused_alike(sessions: Sessions) -> None:
    nobody = SignIn("nobody", "word")
    for _ in range(5):
        with pytest.raises(AuthWrong):
            await sign_in(sessions, nobody)
    with pytest.raises(AuthThrottled):
        await sign_in(sessions, nobody)


async def test_many_attempts_at_once_do_not_get_around_it(sessions: Sessions) -> None:
    attempts = [sign_in(sessions, WRONG) for _ in range(20)]
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    assert [type(answer) for answer in answers].count(AuthWrong) == 5
    assert [type(answer) for answer in answers].count(AuthThrottled) == 15


async def test_trying_on_while_refused_writes_nothing(sessions: Sessions, database: Database) -> None:
    await fail(sessions, 5)
    before = await database.read(audit.page)
    for _ in range(3):
        with pytest.raises(AuthThrottled):
            await sign_in(sessions, WRONG)
    assert await database.read(audit.page) == before


async def test_whoever_is_signed_in_goes_on_while_nothing_can_be_written(
    sqlite_url: str, passwords: Passwords, clock: Clock
) -> None:
    database = await Database.open(sqlite_url)
    await accounts.seed(database, passwords, [Account(REYES, "officer's word")], now_ms=NOW_MS)
    sessions = Sessions(database, passwords, clock=clock)
    signed_in = await sign_in(sessions)
    await database.write(lambda conn: conn.execute(text("PRAGMA query_only = ON")))
    clock.now_ms += HOUR_MS
    assert (await sessions.find(signed_in.token)).person == REYES
    with pytest.raises(LogUnavailable):
        await sign_in(sessions)
    await database.close()
