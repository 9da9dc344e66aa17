"""A server with nothing but a bell, to be killed.

python -m tests.server.notify.a_server PID_OF_PARENT DATABASE_URL FOLDER_OF_KEY
"""

import asyncio
import sys
from pathlib import Path

from server.notify.push_service import PushServices
from server.notify.vapid import open_key
from server.store.db import Database
from streams import child
from tests.fakes.push_service import trust
from tests.server.notify.house import a_bell


async def main(database_url: str, folder: Path) -> None:
    key = open_key(folder, "mailto:ops@city.example")
    async with PushServices(key, ["localhost"], ssl_context=trust()) as services:
        await a_bell(await Database.open(database_url), services, key).run()


if __name__ == "__main__":
    child.die_with_parent(int(sys.argv[1]))
    asyncio.run(main(sys.argv[2], Path(sys.argv[3])))
