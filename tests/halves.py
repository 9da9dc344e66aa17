"""``python -m tests.halves``: all tests, in two runs of pytest side by side.

Most tests wait, for processes to start and for pictures to come; one run alone leaves half of two processors idle. What
the first half says is shown as it comes, what the second says when both are through. What fails beside the other half
is run once more alone, so that it is known whether only the crowd has done it; that verdict counts, and both are shown.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass

SECOND = ("tests/browser", "tests/chaos", "tests/clients", "tests/e2e", "tests/fuzz", "tests/soak")
FAILED = 1
"""Exit code of pytest when tests have failed, and nothing else was wrong."""


@dataclass(frozen=True, slots=True)
class Half:
    name: str
    arguments: tuple[str, ...]

    @property
    def command(self) -> list[str]:
        cache = f"cache_dir=.pytest_cache/{self.name}"
        return [sys.executable, "-m", "pytest", "-o", cache, "--durations=10", *self.arguments]

    def alone(self) -> int:
        """Run once more what has failed. The exit code."""
        _say(f"{self.name} half: what failed beside the other half is run again, alone")
        return subprocess.run(
            [*self.command, "--last-failed", "--last-failed-no-failures=none"], check=False
        ).returncode


FIRST_HALF = Half("first", tuple(f"--ignore={folder}" for folder in SECOND))
SECOND_HALF = Half("second", SECOND)


def main() -> int:
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(SECOND_HALF.command, stdout=said, stderr=subprocess.STDOUT)
        try:
            first = subprocess.run(FIRST_HALF.command, check=False).returncode
            _say("the first half is through; what the second says comes when it is, too …")
            second = running.wait()
        finally:
            running.kill()
        said.seek(0)
        sys.stdout.write(said.read().decode(errors="replace"))
    verdicts = [half.alone() if code == FAILED else code for half, code in ((FIRST_HALF, first), (SECOND_HALF, second))]
    _say(f"exit codes side by side {first} and {second}, in the end {verdicts[0]} and {verdicts[1]}")
    return 1 if any(verdicts) else 0


def _say(words: str) -> None:
    print(f"tests: {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
