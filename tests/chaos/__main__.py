"""``python -m tests.chaos``: the long run. Ends with one line of counts; exits with 1 when a promise was broken.

Rounds of about a minute, each with a product of its own, by turns on SQLite and on PostgreSQL: a history short enough
to be read. What a round does follows from its seed, which is printed as SEED/N: ``--seed SEED --only N``, with
the other arguments as they were, does the same again, as far as a machine does the same twice.
"""

import argparse
import asyncio
import secrets
import sys
import time
from collections import Counter
from collections.abc import Mapping
from functools import partial
from math import ceil
from pathlib import Path

from tests.chaos.database import PostgreSql, Sqlite
from tests.chaos.history import History
from tests.chaos.plan import NEMESES, rounds
from tests.chaos.round import Wish, run
from tests.server.postgres import Postgres, running_postgres

COUNTS = {
    "kill": 300,
    "stop": 40,
    "valkey-kill": 100,
    "valkey-freeze": 8,
    "outage": 45,
    "cut": 120,
    "flap": 120,
    "stall": 15,
    "jump": 45,
}
KILLS_A_ROUND = 20
HISTORIES = Path("var/chaos")


def main() -> int:
    arguments = _arguments()
    counts = {name: getattr(arguments, _option(name)) for name in NEMESES}
    number = arguments.rounds or max(1, ceil(counts["kill"] / KILLS_A_ROUND))
    total: Counter[str] = Counter()
    began_at = time.monotonic()
    failed = 0
    done = 0
    with running_postgres() as postgres:
        for index, share in enumerate(_shares(counts, number)):
            if arguments.only not in (None, index):
                continue
            wish = Wish(
                f"{arguments.seed}/{index}",
                arguments.round_s,
                share,
                devices=arguments.devices,
                tolerance_s=arguments.tolerance_s,
            )
            violations, found = _round(wish, postgres if index % 2 else None)
            total += found
            failed += violations
            done += 1
            minutes = (time.monotonic() - began_at) / 60
            if arguments.minutes and minutes > arguments.minutes:
                break
    words = ", ".join(f"{total[name]} {name}" for name in total)
    _say(
        f"chaos: {failed} violations in {done} of {number} rounds, {(time.monotonic() - began_at) / 60:.1f} min, "
        f"seed {arguments.seed}: {words}"
    )
    return 1 if failed else 0


def _shares(counts: Mapping[str, int], number: int) -> list[Counter[str]]:
    """Evenly, but clocks jump in every third round only: of a server that starts with a wrong one no steps on time are
    asked, and in the others they are asked of all."""
    shares = rounds({**counts, "jump": 0}, number)
    jumping = shares[2::3] or shares[-1:]
    for share, jumps in zip(jumping, rounds({"jump": counts["jump"]}, len(jumping)), strict=True):
        share.update(jumps)
    return shares


def _round(wish: Wish, postgres: Postgres | None) -> tuple[int, Counter[str]]:
    """How many violations there were, and the counts."""
    kind = "SQLite" if postgres is None else "PostgreSQL"
    _say(f"chaos: seed {wish.seed} on {kind} …")
    began_at = time.monotonic()
    outcome = asyncio.run(run(Sqlite if postgres is None else partial(_postgresql, postgres), wish))
    if outcome.violations:
        HISTORIES.mkdir(parents=True, exist_ok=True)
        file = HISTORIES / f"{wish.seed.replace('/', '-')}.history"
        file.write_text("".join(outcome.history.lines()))
        _say(f"\nchaos: seed {wish.seed} on {kind}: {outcome.report()}\n\nThe whole history is in {file}")
    done = ", ".join(f"{count} {name}" for name, count in outcome.counts.items())
    _say(
        f"chaos:   {time.monotonic() - began_at:.0f} s, all live {outcome.settled_s:.1f} s after the last harm: {done}"
    )
    return len(outcome.violations), outcome.counts


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="The long run of chaos.")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="of the whole run; printed")
    parser.add_argument("--only", type=int, metavar="N", help="do this round alone, the second number of its seed")
    parser.add_argument("--rounds", type=int, default=0, help=f"over which all is spread ({KILLS_A_ROUND} kills each)")
    parser.add_argument("--round-s", type=float, default=45.0, help="about how long harm is done in a round")
    parser.add_argument("--minutes", type=float, default=0.0, help="begin no round after so many")
    parser.add_argument("--devices", type=int, default=24)
    parser.add_argument(
        "--tolerance-s", type=float, default=1.0, help="of the steps of ladders; more on a busy machine"
    )
    for name, count in COUNTS.items():
        parser.add_argument(f"--{name}s", dest=_option(name), type=int, default=count, metavar="N")
    return parser.parse_args()


def _option(nemesis: str) -> str:
    return f"{nemesis.replace('-', '_')}s"


def _postgresql(postgres: Postgres, _folder: Path, history: History) -> PostgreSql:
    return PostgreSql(postgres, history)


def _say(text: str) -> None:
    print(text, file=sys.stdout, flush=True)


if __name__ == "__main__":
    sys.exit(main())
