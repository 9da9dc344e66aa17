"""Passwords at a low cost, so that the tests do not spend their time on Argon2."""

from collections.abc import Iterator

import pytest

from server.auth.passwords import Passwords


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    passwords = Passwords(memory_kib=64, passes=1)
    yield passwords
    passwords.close()
