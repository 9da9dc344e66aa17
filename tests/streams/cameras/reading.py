"""Reading: what a test gets out of a packets reader."""

import asyncio

from streams.access_unit import AccessUnit
from streams.cameras.packets import PacketsReader, Timeouts
from streams.errors import SourceError


async def read(
    url: str,
    count: int = 10_000,
    *,
    username: str = "",
    password: str = "",
    tls_verify: bool = True,
    timeouts: Timeouts | None = None,
    module: str = "streams.cameras.packets_worker",
) -> tuple[list[AccessUnit], SourceError | None]:
    """So many pictures, or what it ended with before."""
    units: list[AccessUnit] = []
    enough = asyncio.Event()

    def take(unit: AccessUnit) -> None:
        if len(units) < count:  # more may come before it is stopped
            units.append(unit)
        if len(units) == count:
            enough.set()

    reader = PacketsReader(
        url, username=username, password=password, tls_verify=tls_verify, timeouts=timeouts, module=module
    )
    task = asyncio.create_task(reader.run(take))
    waiting = asyncio.create_task(enough.wait())
    async with asyncio.timeout(20):
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        for each in (task, waiting):
            each.cancel()
        await asyncio.wait({task, waiting})
    if task.cancelled():
        return units, None
    error = task.exception()
    assert isinstance(error, SourceError)
    return units, error
