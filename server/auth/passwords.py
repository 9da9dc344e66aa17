"""Passwords: Argon2id, in threads of its own, so that signing in never holds up anything else."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")

PARALLEL = 2
MAX_WAITING = 64
HASH_PREFIX = "$argon2"


class Passwords:
    """Hashes and compares.

    The cost is OWASP's recommendation (19 MiB, two passes): about 30 ms of one core each. ``close`` ends the threads.
    """

    def __init__(self, *, memory_kib: int = 19 * 1024, passes: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(PARALLEL, thread_name_prefix="passwords")
        self._waiting = 0
        self._decoy = self._hasher.hash(secrets.token_hex())

    @property
    def is_busy(self) -> bool:
        """Whether so many wait that one more should come back later."""
        return self._waiting >= MAX_WAITING

    async def hash(self, password: str) -> str:
        """A new hash, with a new salt; "" (nobody can sign in) for an empty password."""
        return await self._in_thread(self._hasher.hash, password) if password else ""

    async def verify(self, password_hash: str, password: str) -> bool:
        """Whether the password fits. Without a hash (no such person, no password) it takes as long and never fits."""
        return await self._in_thread(self._verify, password_hash or self._decoy, password) and password_hash != ""

    def needs_rehash(self, password_hash: str) -> bool:
        """Whether the hash was made at another cost than ours."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[..., T], *args: str) -> T:
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        finally:
            self._waiting -= 1
