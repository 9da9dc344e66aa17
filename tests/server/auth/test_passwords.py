import asyncio

import pytest
from argon2 import extract_parameters

from server.auth import passwords as module
from server.auth.passwords import Passwords


async def test_only_the_right_password_fits(passwords: Passwords) -> None:
    password_hash = await passwords.hash("correct horse")
    assert await passwords.verify(password_hash, "correct horse")
    assert not await passwords.verify(password_hash, "correct hors")
    assert not await passwords.verify(password_hash, "")


async def test_a_hash_says_nothing_and_is_never_the_same(passwords: Passwords) -> None:
    one, other = await passwords.hash("correct horse"), await passwords.hash("correct horse")
    assert one.startswith("$argon2id$")
    assert "horse" not in one
    assert one != other


@pytest.mark.parametrize("password", ["", "correct horse"])
async def test_without_a_hash_nothing_fits(passwords: Passwords, password: str) -> None:
    assert await passwords.hash("") == ""
    assert not await passwords.verify("", password)


async def test_a_hash_that_is_none_fits_nothing(passwords: Passwords) -> None:
    assert not await passwords.verify("$argon2id$broken", "correct horse")
    assert not await passwords.verify("correct horse", "correct horse")


async def test_no_hash_costs_the_same_work_as_a_wrong_password(passwords: Passwords) -> None:
    # Argon2's work depends on the parameters in the hash alone, so these say more than a clock.
    real = await passwords.hash("correct horse")
    decoy = passwords._decoy
    assert extract_parameters(decoy) == extract_parameters(real)


async def test_hashes_of_another_cost_are_recognised(passwords: Passwords) -> None:
    cheap = Passwords(memory_kib=32, passes=1)
    assert passwords.needs_rehash(await cheap.hash("correct horse"))
    assert not passwords.needs_rehash(await passwords.hash("correct horse"))
    cheap.close()


async def test_it_is_busy_while_many_wait(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    waiting = [asyncio.create_task(passwords.hash("correct horse")) for _ in range(3)]
    is_busy = [passwords.is_busy]
    await asyncio.sleep(0)
    is_busy.append(passwords.is_busy)
    await asyncio.gather(*waiting)
    is_busy.append(passwords.is_busy)
    assert is_busy == [False, True, False]
