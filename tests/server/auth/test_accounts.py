import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from server.auth import accounts
from server.auth.passwords import Passwords
from server.core.people import Account
from server.store import people
from server.store.db import Database
from server.store.people import Seeded
from tests.server.samples import NOW_MS, OKAFOR, OPERATOR, REYES

ACCOUNTS = [Account(OPERATOR, "operator's word"), Account(REYES, "officer's word"), Account(OKAFOR, "")]


async def hash_of(database: Database, person_id: str) -> str:
    return (await database.read(people.hashes))[person_id]


async def test_passwords_are_kept_as_hashes(sqlite_database: Database, passwords: Passwords) -> None:
    seeded = await accounts.seed(sqlite_database, passwords, ACCOUNTS, now_ms=NOW_MS)
    assert set(seeded.added) == {"operator", "officer-12", "officer-7"}
    assert await passwords.verify(await hash_of(sqlite_database, "operator"), "operator's word")
    assert await hash_of(sqlite_database, "officer-7") == "", "who has no password can't sign in"


async def test_a_password_that_is_known_keeps_its_hash(sqlite_database: Database, passwords: Passwords) -> None:
    await accounts.seed(sqlite_database, passwords, ACCOUNTS, now_ms=NOW_MS)
    assert await accounts.seed(sqlite_database, passwords, ACCOUNTS, now_ms=NOW_MS) == Seeded((), (), ())


async def test_a_changed_password_is_hashed_anew(sqlite_database: Database, passwords: Passwords) -> None:
    await accounts.seed(sqlite_database, passwords, ACCOUNTS, now_ms=NOW_MS)
    changed = [Account(OPERATOR, "new word"), *ACCOUNTS[1:]]
    assert (await accounts.seed(sqlite_database, passwords, changed, now_ms=NOW_MS)).changed == ("operator",)
    password_hash = await hash_of(sqlite_database, "operator")
    assert await passwords.verify(password_hash, "new word")
    assert not await passwords.verify(password_hash, "operator's word")


async def test_a_person_who_is_not_named_is_disabled(sqlite_database: Database, passwords: Passwords) -> None:
    await accounts.seed(sqlite_database, passwords, ACCOUNTS, now_ms=NOW_MS)
    seeded = await accounts.seed(sqlite_database, passwords, ACCOUNTS[:1], now_ms=NOW_MS)
    assert set(seeded.disabled) == {"officer-12", "officer-7"}


async def test_a_name_may_change_without_the_password(sqlite_database: Database, passwords: Passwords) -> None:
    await accounts.seed(sqlite_database, passwords, ACCOUNTS, now_ms=NOW_MS)
    before = await hash_of(sqlite_database, "operator")
    renamed = [Account(replace(OPERATOR, name="Olga Perez"), "operator's word"), *ACCOUNTS[1:]]
    assert (await accounts.seed(sqlite_database, passwords, renamed, now_ms=NOW_MS)).changed == ("operator",)
    assert await hash_of(sqlite_database, "operator") == before


async def test_a_hash_in_the_configuration_is_taken_as_it_is(sqlite_database: Database, passwords: Passwords) -> None:
    ready = await passwords.hash("operator's word")
    await accounts.seed(sqlite_database, passwords, [Account(OPERATOR, ready)], now_ms=NOW_MS)
    assert await hash_of(sqlite_database, "operator") == ready


async def test_a_hash_of_another_cost_is_made_anew(sqlite_database: Database, passwords: Passwords) -> None:
    cheap = Passwords(memory_kib=32, passes=1)
    await accounts.seed(sqlite_database, cheap, ACCOUNTS, now_ms=NOW_MS)
    cheap.close()
    await accounts.seed(sqlite_database, passwords, ACCOUNTS, now_ms=NOW_MS)
    assert not passwords.needs_rehash(await hash_of(sqlite_database, "operator"))


async def test_of_servers_that_start_at_the_same_moment_one_makes_the_hashes_and_the_others_keep_them(
    database_url: str, open_database: Callable[[str], Awaitable[Database]], passwords: Passwords
) -> None:
    servers = [await open_database(database_url) for _ in range(4)]
    seeded = await asyncio.gather(*(accounts.seed(server, passwords, ACCOUNTS, now_ms=NOW_MS) for server in servers))
    assert sorted(len(each.added) for each in seeded) == [0, 0, 0, len(ACCOUNTS)]
    assert not any(each.changed or each.disabled for each in seeded)
