from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest

from server.core.nearest import Fault
from server.core.picture_checks import Check, Outcome, masks_key
from server.errors import StillUnavailable
from server.lanes import picture_checks
from server.lanes.picture_checks import PictureChecks
from server.store import audit, camera_checks
from server.store.camera_checks import Reference
from server.store.db import Database
from server.web.services import wall_ms
from streams.mask import Mask
from streams.valkey import EmbeddedValkey
from tests.fakes.street import blurred, covered, street, turned
from tests.server.lanes.camera_house import HARBOR, MAIN, CameraHouse, camera_house, passing
from tests.server.samples import AT_THE_DESK


@pytest.fixture
async def house(sqlite_database: Database, valkey: EmbeddedValkey) -> AsyncIterator[CameraHouse]:
    async with camera_house(sqlite_database, valkey.url) as house:
        yield house


async def reference(house: CameraHouse, masks: str = "") -> Reference | None:
    return await house.db.read(partial(camera_checks.reference, camera="harbor", masks=masks))


def found(check: Check) -> list[Fault]:
    return [finding.fault for finding in check.findings]


async def test_the_first_good_check_sets_the_reference_and_later_ones_compare_with_it(house: CameraHouse) -> None:
    async with house.showing(HARBOR, passing):
        check = await house.checks.check(HARBOR)
        assert (check.outcome, check.asked_by, check.message) == (Outcome.GOOD, "", "")
    first = await reference(house)
    assert first is not None
    assert (first.set_by, first.at_ms) == ("", check.at_ms)
    async with house.showing(HARBOR, lambda number: turned(passing(number), 0.15)):
        check = await house.checks.check(HARBOR, AT_THE_DESK)
    assert (found(check), check.asked_by) == ([Fault.MOVED], AT_THE_DESK.id)
    assert await reference(house) == first
    assert house.checks.faults() == {"harbor": Fault.MOVED}
    assert await house.db.read(camera_checks.latest) == {"harbor": check}
    assert [entry.action for entry in await house.db.read(audit.page)] == ["camera.checked"], "what a person asked for"


async def test_a_bad_picture_is_no_reference(house: CameraHouse) -> None:
    async with house.showing(HARBOR, lambda number: blurred(passing(number), 8)):
        assert found(await house.checks.check(HARBOR)) == [Fault.BLURRED]
    assert await reference(house) is None
    async with house.showing(HARBOR, lambda _: covered(100)):
        with pytest.raises(StillUnavailable, match="can't be the reference"):
            await house.checks.set_reference(HARBOR, AT_THE_DESK)


async def test_an_operator_sets_another_one(house: CameraHouse) -> None:
    async with house.showing(HARBOR, passing):
        await house.checks.check(HARBOR)
    async with house.showing(HARBOR, lambda number: turned(passing(number), 0.15)):
        await house.checks.set_reference(HARBOR, AT_THE_DESK)
        assert (await house.checks.check(HARBOR)).outcome is Outcome.GOOD
    assert [entry.action for entry in await house.db.read(audit.page)] == ["camera.reference_set"]


async def test_a_picture_that_stands_still_is_frozen(house: CameraHouse) -> None:
    still = street()
    async with house.showing(HARBOR, lambda _: still):
        assert found(await house.checks.check(HARBOR)) == [Fault.FROZEN]


async def test_a_quiet_moment_is_looked_at_again_before_it_is_called_so(house: CameraHouse) -> None:
    """Pictures 0 to 6 are the same, which is as long as two that are compared at first are apart."""
    house.checks._sure_ms = 1500
    async with house.showing(HARBOR, lambda number: street(at_s=5) if number < 7 else passing(number)):
        check = await house.checks.check(HARBOR)
    assert found(check) == []


async def test_one_that_ends_before_it_is_sure_is_not_called_so(
    house: CameraHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_checks, "NEXT_KEY_S", 0.3)
    still = street()
    async with house.showing(HARBOR, lambda _: still, only=12):
        check = await house.checks.check(HARBOR)
    assert check.outcome is Outcome.UNSURE
    assert "Only one whole picture" in check.message


async def test_a_camera_that_gives_no_picture_has_not_answered(
    house: CameraHouse,
) -> None:
    house.stills.connect_s = 0.3
    await house.says("harbor", "down")
    check = await house.checks.check(HARBOR)
    assert (check.outcome, check.figures) == (Outcome.UNANSWERED, None)
    assert "It is down" in check.message or "no whole picture" in check.message
    assert house.checks.faults() == {"harbor": Fault.SILENT}
    await house.says("harbor", "live")
    assert house.checks.faults() == {}


async def test_a_reference_with_other_masks_is_not_used_any_more(house: CameraHouse) -> None:
    async with house.showing(HARBOR, passing):
        await house.checks.check(HARBOR)
        masked = replace(HARBOR, masks=(Mask(((0.0, 0.0), (0.2, 0.0), (0.2, 1.0))),))
        check = await house.checks.check(masked)
    assert (check.outcome, check.figures and check.figures.held) == (Outcome.GOOD, None)
    assert await reference(house) is None
    assert await reference(house, masks_key(masked.masks)) is not None


async def test_what_another_server_has_found_is_known_after_a_start_and_later(house: CameraHouse) -> None:
    async with house.showing(MAIN, lambda _: covered(100)):
        check = await house.checks.check(MAIN)
    other = PictureChecks(house.db, house.board, house.stills, now_ms=wall_ms)
    await other.open()
    assert other.all() == {"main-4th": check}
    later = replace(check, at_ms=check.at_ms + 1, outcome=Outcome.GOOD, findings=())
    await house.db.write(partial(camera_checks.add, check=later))
    await other._learn(check.at_ms)
    assert other.last("main-4th") == later
