from dataclasses import replace
from functools import partial

import pytest

from server.core.policies import DEFAULTS, Policy
from server.errors import ConflictRevision, PolicyUnknown
from server.store import audit, policies
from server.store.db import Database
from tests.server.samples import AT_THE_DESK, NOW_MS

P2 = DEFAULTS[1]


async def seed(database: Database) -> None:
    await database.write(partial(policies.seed, now_ms=NOW_MS))


async def change(database: Database, policy: Policy) -> Policy:
    return await database.write(partial(policies.change, wanted=policy, actor=AT_THE_DESK, now_ms=NOW_MS))


async def test_a_new_installation_has_the_defaults_and_a_changed_one_its_own(database: Database) -> None:
    await seed(database)
    assert await database.read(policies.everything) == DEFAULTS
    await change(database, replace(P2, loop_s=20))
    await seed(database)
    assert (await database.read(partial(policies.find, name="P2"))).loop_s == 20


async def test_a_change_is_the_next_revision_and_on_record(database: Database) -> None:
    await seed(database)
    changed = await change(database, replace(P2, loop_s=20))
    assert changed == replace(P2, loop_s=20, revision=2)
    assert await database.read(partial(policies.find, name="P2")) == changed
    (entry,) = await database.read(audit.page)
    assert (entry.actor, entry.action, entry.subject) == ("operator", "policy.changed", "policy:P2")
    assert '"loop_s":20' in entry.details
    assert '"loop_s":300' in entry.details


async def test_the_same_again_is_no_change(database: Database) -> None:
    await seed(database)
    assert await change(database, P2) == P2
    assert await database.read(audit.page) == []


async def test_a_change_of_what_has_changed_meanwhile_is_a_conflict_with_what_there_is(database: Database) -> None:
    await seed(database)
    present = await change(database, replace(P2, loop_s=20))
    with pytest.raises(ConflictRevision) as refused:
        await change(database, replace(P2, loop_s=30))
    assert refused.value.to_wire()["policy"] == present.to_json()


async def test_there_is_one_for_each_priority_and_no_other(database: Database) -> None:
    await seed(database)
    for name in ("P5", "", "\0"):
        with pytest.raises(PolicyUnknown):
            await change(database, replace(P2, name=name))
