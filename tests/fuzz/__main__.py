"""``python -m tests.fuzz [NAME …]``: nearly right bytes for every parser, or the named ones.

Prints a line a parser; ends with 1 when one of them failed, with the input that did it in ``var/fuzz``. The long run is
``--inputs 10000000``, the short one of the tests ``--seconds``.
"""

import argparse
import json
import resource
import secrets
import sys
import time
from pathlib import Path
from random import Random

from tests.fuzz.fuzzing import Done, fuzz
from tests.fuzz.targets import Target, all_targets

MAX_MEMORY_BYTES = 4 << 30
"""Of address space: one that takes without end fails here and not the machine."""
FOUND = Path("var/fuzz")


def main() -> int:
    targets = all_targets()
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Nearly right bytes for every parser.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(targets)}; all when none is given")
    parser.add_argument("--seconds", type=float, help="for each parser")
    parser.add_argument("--inputs", type=int, default=10_000_000, help="for each parser, when no time is given")
    parser.add_argument("--seed", default=secrets.token_hex(4))
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.names) - set(targets)):
        parser.error(f"there is no {unknown[0]!r}; there is {', '.join(targets)}")
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    done = [_fuzz(name, targets[name], arguments) for name in arguments.names or targets]
    return 1 if any(each.finding for each in done) else 0


def _fuzz(name: str, target: Target, arguments: argparse.Namespace) -> Done:
    began = time.monotonic()
    until = began + (arguments.seconds or 0)

    def is_over(inputs: int) -> bool:
        return time.monotonic() >= until if arguments.seconds else inputs >= arguments.inputs

    done = fuzz(target, Random(f"{arguments.seed}/{name}"), is_over=is_over)
    line = {
        "parser": name,
        "seed": arguments.seed,
        "inputs": done.inputs,
        "seconds": round(time.monotonic() - began, 1),
        "outcomes": done.outcomes,
        "slowest_ms": round(done.slowest_ms, 1),
    }
    if done.finding is not None:
        FOUND.mkdir(parents=True, exist_ok=True)
        file = FOUND / f"{name}-{arguments.seed}.bin"
        file.write_bytes(done.finding.data)
        line |= {"finding": done.finding.what, "input": str(file), "begins": done.finding.data[:200].hex()}
    print(json.dumps(line), flush=True)
    return done


if __name__ == "__main__":
    sys.exit(main())
