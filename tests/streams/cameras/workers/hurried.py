"""A packets worker that plays a file as fast as it can be read."""

import json
import sys
from dataclasses import replace

from streams import child
from streams.cameras import sandbox, worker_end
from streams.cameras.packets_source import Source, file_of
from streams.cameras.packets_worker import LIMITS, play
from streams.formats import packet_pipe
from streams.networks import ANYWHERE


def main() -> None:
    child.die_with_parent(int(sys.argv[1]))
    url = json.loads(sys.stdin.readline())["url"]
    LIMITS.set()
    sandbox.lock_reader(file=file_of(url))

    def work(send: worker_end.Send) -> None:
        source = Source.of(url, username="", password="", networks=ANYWHERE)
        play(replace(source, is_live=True, repeats=False), send)

    worker_end.run(work, packet_pipe.failure, memory_bytes=LIMITS.memory_bytes)


if __name__ == "__main__":
    main()
