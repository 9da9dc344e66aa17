"""Make or refresh .venv from the locks in this folder; run by the Makefile with any Python >= 3.11.

    python3 requirements/install.py run|test

What is fresh already is left alone: the stamp in .venv holds the hash of the locks and of pyproject.toml.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".installed.json"
SDIST_ONLY = "forbiddenfruit,http-ece"
"""Have never been published as wheels; both are plain Python. Everything else must be one: nothing is compiled."""


def main(wanted: str) -> None:
    began_at = time.monotonic()
    fingerprint = _fingerprint()
    installed = _installed(fingerprint)
    if wanted in installed or "test" in installed:
        return
    if not _is_usable():
        _say(f"Making .venv with Python {sys.version_info.major}.{sys.version_info.minor}")
        _make_venv()
    STAMP.unlink(missing_ok=True)
    locks = [wanted]
    if not _has_node():
        _say("No Node.js on PATH that is new enough: taking the one of requirements/node.lock")
        locks.append("node")
    for lock in locks:
        _install(FOLDER / f"{lock}.lock")
    _say("  sightline itself")
    _pip("install", "--no-deps", "--no-build-isolation", "--quiet", "--editable", str(ROOT))
    STAMP.write_text(json.dumps({"fingerprint": fingerprint, "installed": sorted({*installed, wanted})}))
    _say(f"Python packages are ready ({time.monotonic() - began_at:.0f} s)")


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for file in (*sorted(FOLDER.glob("*.lock")), ROOT / "pyproject.toml"):
        digest.update(file.read_bytes())
    # A moved or copied .venv has wrong paths inside.
    digest.update(str(VENV).encode())
    return digest.hexdigest()


def _installed(fingerprint: str) -> list[str]:
    try:
        stamp = json.loads(STAMP.read_text())
        return list(stamp["installed"]) if stamp["fingerprint"] == fingerprint and _is_usable() else []
    except (OSError, ValueError, KeyError):
        return []


def _is_usable() -> bool:
    test = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([PYTHON, "-c", test], check=False, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _make_venv() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False, capture_output=True, text=True)
    if made.returncode or not PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SystemExit(
            f"{sys.executable} cannot make a virtual environment, probably because its venv module is missing.\n"
            f"On Debian or Ubuntu: apt install python{version}-venv. Then run make again.\n{made.stdout[-300:]}"
        )


def _has_node() -> bool:
    """The build of the web clients knows which Node.js is new enough."""
    sys.path.insert(0, str(ROOT))
    from clients.web.build import BuildFailed, find_node

    try:
        find_node()
    except BuildFailed:
        return False
    return True


def _install(lock: Path) -> None:
    """Install every package of one lock, with a line for each on the way."""
    total = len(re.findall(r"(?m)^[\w.-]+==", lock.read_text()))
    _say(f"Installing the packages of requirements/{lock.name} (up to {total})")
    command = [
        *(str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--progress-bar", "off"),
        *("--only-binary", ":all:", "--no-binary", SDIST_ONLY, "--require-hashes", "-r", str(lock)),
    ]
    output: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            output.append(line)
            if line.startswith("Collecting "):
                _say("  " + line.removeprefix("Collecting ").split(" (from")[0].split(";")[0].strip())
            elif line.startswith("Installing collected packages"):
                _say("  unpacking")
    if pip.returncode:
        raise SystemExit("".join(output[-12:]) + "pip could not install the packages. Is the network there?")


def _pip(*arguments: str) -> None:
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    if subprocess.run(command, check=False).returncode:
        raise SystemExit(f"pip {' '.join(arguments)} failed; its own words are above.")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    os.chdir(ROOT)
    main(sys.argv[1])
