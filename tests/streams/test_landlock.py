"""In processes of their own: what is fenced in stays so."""

import subprocess
import sys
from pathlib import Path

import pytest

from streams import landlock

pytestmark = pytest.mark.skipif(landlock.version() == 0, reason="this system has no such fence")

PROGRAM = """
import sys
from pathlib import Path
from streams import landlock
folder = Path(sys.argv[1])
assert landlock.restrict(readable=[folder / "open", folder / "file", folder / "missing"], ports=[])
for name in ("open/inside", "file", "closed/inside"):
    try:
        print((folder / name).read_text())
    except OSError as error:
        print(error.strerror)
for name in ("open/inside", "file", "new"):
    try:
        (folder / name).write_text("changed")
    except OSError as error:
        print(error.strerror)
"""


def test_only_what_is_named_can_be_read_and_nothing_written(tmp_path: Path) -> None:
    for name in ("open", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "inside").write_text(name)
    (tmp_path / "file").write_text("file")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], check=True, capture_output=True, text=True, timeout=30
    )

    assert done.stdout.splitlines() == ["open", "file", *["Permission denied"] * 4]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["closed", "file", "open"]


def test_fences_add_up(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("file")
    program = PROGRAM.replace("assert", "landlock.restrict(readable=[], ports=[]); assert", 1)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=True, capture_output=True, text=True, timeout=30
    )

    assert "file" not in done.stdout.splitlines()
