from dataclasses import replace
from functools import partial

from server.core.nearest import Fault
from server.core.picture_checks import Check, Finding, Outcome
from server.store import audit, camera_checks
from server.store.camera_checks import CheckOrder, Reference
from server.store.db import Database
from streams.formats.picture_pipe import Figures
from tests.server.samples import AT_THE_DESK, NOW_MS

GOOD = Check("harbor", NOW_MS, "", Outcome.GOOD, figures=Figures(0, 0.2, 1, 0.08, 0.5, 100, 0.9, 0.8, 1.1))
MOVED = Check(
    "harbor", NOW_MS + 5, "operator", Outcome.FAULTY, (Finding(Fault.MOVED, "It looks at the café – elsewhere."),)
)
REFERENCE = Reference("harbor", b"\xff\xd8\xff\0", "", NOW_MS, "")


async def add(database: Database, *checks: Check) -> None:
    for check in checks:
        await database.write(partial(camera_checks.add, check=check))


async def latest(database: Database, since_ms: int = 0) -> dict[str, Check]:
    return await database.read(partial(camera_checks.latest, since_ms=since_ms))


async def reference(database: Database, masks: str = "") -> Reference | None:
    return await database.read(partial(camera_checks.reference, camera="harbor", masks=masks))


async def test_the_last_check_of_each_camera_is_what_counts(database: Database) -> None:
    other = replace(GOOD, camera="main-4th", outcome=Outcome.UNANSWERED, note="Down.", figures=None)
    await add(database, GOOD, MOVED, other)
    await add(database, MOVED)  # again, after nobody could tell whether it was written
    assert await latest(database) == {"harbor": MOVED, "main-4th": other}
    assert await latest(database, NOW_MS + 1) == {"harbor": MOVED}
    assert await database.read(partial(camera_checks.history, camera="harbor", limit=5)) == [MOVED, GOOD]
    assert await database.read(partial(camera_checks.history, camera="harbor", limit=1)) == [MOVED]


async def test_a_reference_replaces_the_one_before(database: Database) -> None:
    assert await reference(database) is None
    await database.write(partial(camera_checks.set_reference, new=REFERENCE))
    newer = replace(REFERENCE, jpeg=b"\xff\xd8\xff\1", at_ms=NOW_MS + 1, set_by="operator")
    await database.write(partial(camera_checks.set_reference, new=newer, actor=AT_THE_DESK))
    assert await reference(database) == newer
    assert await database.read(camera_checks.reference_times) == {"harbor": ("", NOW_MS + 1, "operator")}
    (entry,) = await database.read(audit.page)
    assert (entry.action, entry.subject) == ("camera.reference_set", "camera:harbor")


async def test_one_that_was_made_with_other_masks_is_none(database: Database) -> None:
    """It may show what nobody may see by now."""
    await database.write(partial(camera_checks.set_reference, new=REFERENCE))
    assert await reference(database, "of other masks") is None


async def test_an_order_stands_until_the_camera_was_checked(database: Database) -> None:
    order = partial(camera_checks.order, actor=AT_THE_DESK)
    await database.write(partial(order, cameras=["harbor", "main-4th"], now_ms=NOW_MS))
    await database.write(partial(order, cameras=["harbor"], now_ms=NOW_MS + 1))
    by = AT_THE_DESK.id
    harbor, main = CheckOrder("harbor", NOW_MS, by), CheckOrder("main-4th", NOW_MS, by)
    assert await database.read(camera_checks.orders) == [harbor, main]
    await add(database, GOOD)
    assert await database.read(camera_checks.orders) == [main]
    await database.write(partial(camera_checks.cancel, cameras=["main-4th"]))
    assert await database.read(camera_checks.orders) == []
    actions = [(entry.action, entry.subject) for entry in await database.read(audit.page)]
    assert actions == [("camera.checks_ordered", "cameras")] * 2


async def test_what_somebody_asks_for_is_on_record(database: Database) -> None:
    await database.write(partial(camera_checks.add, check=MOVED, actor=AT_THE_DESK))
    (entry,) = await database.read(audit.page)
    assert (entry.action, entry.subject) == ("camera.checked", "camera:harbor")
    assert entry.details == '{"faults":["moved"],"outcome":"faulty"}'


async def test_old_checks_are_forgotten_but_for_the_last(database: Database) -> None:
    other = replace(GOOD, camera="main-4th")
    await add(database, GOOD, MOVED, other)
    await database.write(partial(camera_checks.forget, before_ms=NOW_MS + 100))
    assert await latest(database) == {"harbor": MOVED, "main-4th": other}
    assert await database.read(partial(camera_checks.history, camera="harbor", limit=5)) == [MOVED]
