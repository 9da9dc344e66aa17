from functools import partial

from server.core.positions import Position
from server.store import positions
from server.store.db import Database
from streams.geo import Point
from tests.server.samples import NOW_MS

HERE = Position(Point(41.76, -72.67), 8.0, NOW_MS)
LATER = Position(Point(41.77, -72.68), None, NOW_MS + 1000)


async def keep(database: Database, found: dict[str, Position]) -> None:
    await database.write(partial(positions.keep, positions=found))


async def test_the_newest_place_of_everybody_is_kept(database: Database) -> None:
    await keep(database, {"officer-12": HERE, "officer-7": HERE})
    await keep(database, {"officer-12": LATER})
    assert await database.read(positions.everything) == {"officer-12": LATER, "officer-7": HERE}


async def test_an_older_one_of_another_server_replaces_nothing(database: Database) -> None:
    await keep(database, {"officer-12": LATER})
    await keep(database, {"officer-12": HERE})
    await keep(database, {})
    assert await database.read(positions.everything) == {"officer-12": LATER}
