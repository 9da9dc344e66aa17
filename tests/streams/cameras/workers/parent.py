"""A worker that starts a process of its own, which has its pipe, and waits."""

import subprocess
import sys

from streams import child


def main() -> None:
    child.die_with_parent(int(sys.argv[1]))
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    sys.stdout.write("started\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
