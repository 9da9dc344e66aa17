"""The command `sightline streams`: the intake alone."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from streams import app, child
from streams.config import load
from streams.errors import StreamsError

STOP_S = 8.0
"""For an orderly stop when the parent is gone."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, 1 when it could not be started (stderr says why), 2 for a wrong command line."""
    parser = argparse.ArgumentParser(
        prog="sightline streams", description="The intake: reads cameras and publishes their pictures on the bus."
    )
    parser.add_argument("--config", type=Path, required=True, help="the TOML file (docs/operations.md)")
    parser.add_argument("--with-parent", type=int, metavar="PID", help="the process that started this one: end with it")
    parser.add_argument("--name", default="", help="of its place among several: started again it has the same cameras")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the whole log")
    options = parser.parse_args(arguments)
    if options.with_parent is not None:
        child.die_with_parent(options.with_parent, grace_s=STOP_S)
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        datefmt="%H:%M:%S",
    )
    for name in ("asyncio", "aiohttp", "redis"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        app.run(load(options.config, os.environ), name=options.name)
    except StreamsError as error:
        sys.stderr.write(f"sightline: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
