"""Find a Chromium for the browser tests, or install Debian's; run by the Makefile before the tests."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    if find():
        return
    if not shutil.which("apt-get"):
        raise SystemExit(_sentence("there is no apt-get here to install it with"))
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode:
        raise SystemExit(_sentence("installing it needs root or sudo without a password"))
    print("Installing Chromium with apt-get", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        command = [*prefix, "apt-get", *step]
        done = subprocess.run(command, check=False, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if done.returncode:
            sys.stdout.buffer.write(done.stdout)
            raise SystemExit(_sentence(f"`{' '.join(command)}` failed"))
    if not find():
        raise SystemExit(_sentence("apt-get has installed no program of that name"))


def find() -> str | None:
    """The program in $CHROMIUM, else the first of ``NAMES`` on PATH."""
    return next(
        (path for name in (os.environ.get("CHROMIUM", ""), *NAMES) if name and (path := shutil.which(name))), None
    )


def _sentence(reason: str) -> str:
    return (
        "The browser tests need a Chromium that plays H.264: chromium, chromium-browser or google-chrome on PATH, "
        f"or its path in CHROMIUM. There is none, and {reason}."
    )


if __name__ == "__main__":
    main()
