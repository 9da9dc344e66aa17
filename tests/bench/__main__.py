"""``python -m tests.bench [NAME …]``: run the benchmarks, all or the named ones, and print one JSON object a line.

First ``{"machine": …}``, then a line a measure: what, the median of the runs, its unit, what it should reach at most,
whether it does, and each run. What is being done goes to stderr. Ends with 0, also when something is not reached:
numbers are to be read.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench import (
    alert_to_card,
    display,
    fan_out,
    idle,
    intake,
    machine,
    push_to_picture,
    relay,
    resume,
    slow_link,
    video,
)
from tests.bench.measure import Measure

BENCHES: dict[str, Callable[[Path], Sequence[Measure]]] = {
    "alert_to_card": alert_to_card.measure,
    "push_to_picture": push_to_picture.measure,
    "relay": relay.measure,
    "video": video.measure,
    "display": display.measure,
    "slow_link": slow_link.measure,
    "fan_out": fan_out.measure,
    "resume": resume.measure,
    "intake": intake.measure,
    "idle": idle.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure; one JSON object a line.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}; all when none is given")
    parser.add_argument("--clips", type=Path, default=Path("var/bench"), help="where encoded clips are kept")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(BENCHES))
    if unknown:
        parser.error(f"there is no {unknown[0]!r}; there is {', '.join(BENCHES)}")
    print(json.dumps({"machine": machine.facts()}), flush=True)
    for name, bench in BENCHES.items():
        if arguments.names and name not in arguments.names:
            continue
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        for measure in bench(arguments.clips.absolute()):
            print(measure.line(), flush=True)


if __name__ == "__main__":
    main()
