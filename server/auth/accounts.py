"""Accounts: the people of the configuration and their passwords, brought into the database at every start."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from sqlalchemy import Connection

from server.auth.passwords import HASH_PREFIX, Passwords
from server.core.people import Account, Person
from server.store import people
from server.store.db import Database
from server.store.people import Seeded


async def seed(db: Database, passwords: Passwords, accounts: Sequence[Account], *, now_ms: int) -> Seeded:
    """Add, change and disable people so that exactly ``accounts`` can sign in.

    A password that is known already keeps its hash, so that nobody is signed out by a restart.
    Of servers that start at the same moment the first one's hashes stay: the others find them known and look again.
    It costs about 30 ms of a core for each account whose password is given in clear.

    Raises:
        LogUnavailable: the database can't be used.
    """
    while True:
        known = await db.read(people.hashes)
        hashes = await asyncio.gather(
            *(_hash(passwords, account, known.get(account.person.id, "")) for account in accounts)
        )
        wanted = [(account.person, password_hash) for account, password_hash in zip(accounts, hashes, strict=True)]
        seeded = await db.write(partial(_seed, known=known, wanted=wanted, now_ms=now_ms))
        if seeded is not None:
            return seeded


def _seed(
    conn: Connection, known: Mapping[str, str], wanted: Sequence[tuple[Person, str]], now_ms: int
) -> Seeded | None:
    """None: another server was faster."""
    return people.seed(conn, wanted, now_ms=now_ms) if people.hashes(conn) == known else None


async def _hash(passwords: Passwords, account: Account, known: str) -> str:
    if account.password.startswith(HASH_PREFIX):
        return account.password
    if known and not passwords.needs_rehash(known) and await passwords.verify(known, account.password):
        return known
    return await passwords.hash(account.password)
