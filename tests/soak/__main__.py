"""``python -m tests.soak``: ends with one line of counts; exits with 1 when something was wrong or has grown."""

import argparse
import secrets
import sys
import time
from pathlib import Path

from tests.soak.run import Wish, run

CLIPS = Path("var/bench-clips")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="at least; whole cycles of 5 minutes")
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--viewers", type=int, default=100)
    parser.add_argument("--seed", default=secrets.token_hex(3), help="the same one does the same again")
    options = parser.parse_args()
    CLIPS.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    wish = Wish(options.seed, options.minutes, cameras=options.cameras, viewers=options.viewers)
    found = run(wish, CLIPS, _say)
    for sentence in found.violations[:20]:
        _say(sentence)
    words = ", ".join(f"{found.counts[what]} {what}" for what in sorted(found.counts))
    _say(
        f"soak: {len(found.violations)} violations in {(time.monotonic() - began) / 60:.1f} min, seed {options.seed}, "
        f"{options.cameras} cameras, {options.viewers} viewers: {words}"
    )
    return 1 if found.violations else 0


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
