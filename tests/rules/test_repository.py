"""What must not be in the repository, and what import-linter watches."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {
    *(".git", ".venv", "node_modules", "dist", "var", "secrets", ".tests", ".make", "__pycache__"),
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache"),
}
REGISTRY = re.compile(
    r"pypi\.(org|io)|pythonhosted\.|registry\.npmjs|npmjs\.com|yarnpkg\.|jsr\.io|--(extra-)?index-url|\bregistry *=",
    re.IGNORECASE,
)


def our_files() -> Iterator[Path]:
    """Everything but what is made, fetched or kept while running (.gitignore)."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS]
        yield from (Path(folder, name) for name in names)


def test_no_file_names_a_package_registry() -> None:
    """Whoever builds this decides where packages come from; locks hold versions and hashes only."""
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line[:80]}"
        for path in our_files()
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), 1)
        if REGISTRY.search(line)
    ]
    assert found == []


def test_every_locked_package_has_hashes() -> None:
    for lock in ROOT.glob("requirements/*.lock"):
        packages = re.split(r"(?m)^(?=\S)", lock.read_text())
        without = [package.split()[0] for package in packages if package.strip() and "--hash=sha256:" not in package]
        assert without == [], lock.name


def test_everybody_imports_only_whom_he_may() -> None:
    """The contracts are in pyproject.toml."""
    program = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run([program, "--no-cache"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout[-5000:] + checked.stderr[-1000:]
