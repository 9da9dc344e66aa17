"""``python -m tests.halves``: all tests, in two runs of pytest side by side.

Most tests wait, for processes to start and for pictures to come; one run alone leaves half of two processors idle. What
the first half says is shown as it comes, what the second says when both are through. Ends with 1 when either fails.
"""

import subprocess
import sys
import tempfile

SECOND = ("tests/browser", "tests/chaos", "tests/clients", "tests/e2e", "tests/fuzz", "tests/soak")
_PYTEST = (sys.executable, "-m", "pytest")


def main() -> int:
    # One of them keeps pytest's cache; the other would overwrite it.
    second = [*_PYTEST, "-p", "no:cacheprovider", *SECOND]
    first = [*_PYTEST, *(f"--ignore={folder}" for folder in SECOND)]
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(second, stdout=said, stderr=subprocess.STDOUT)
        try:
            code = subprocess.run(first, check=False).returncode
            print(f"tests: {', '.join(SECOND)} are still running; they take a few minutes more …", flush=True)
            other = running.wait()
        finally:
            running.kill()
        said.seek(0)
        sys.stdout.write(said.read().decode(errors="replace"))
    print(f"tests: {_word(code)} in the first half, {_word(other)} in the second", flush=True)
    return 1 if code or other else 0


def _word(code: int) -> str:
    return f"failed ({code})" if code else "passed"


if __name__ == "__main__":
    sys.exit(main())
