"""``python -m tests.bench.valkey FOLDER``: a bus for several servers, until SIGTERM. Prints ``{"url": …}``."""

import asyncio
import json
import signal
import sys
from pathlib import Path

from streams.valkey import EmbeddedValkey


async def serve(folder: Path) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with EmbeddedValkey(folder) as valkey:
        print(json.dumps({"url": valkey.url}), flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
