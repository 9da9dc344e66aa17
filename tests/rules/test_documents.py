"""The documents say what is true: links lead somewhere, every package has its line."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED_FILE = r"`((?:[\w-]+/)+|(?:[\w-]+/)*[\w.-]+\.(?:py|ts|js|svelte|toml|md))(?:: (\w+))?`"
"""A folder ends in a slash."""
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text())
    broken = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize(
    "document",
    [ROOT / "docs/architecture.md", ROOT / "docs/threat-model.md", *sorted(ROOT.glob("docs/decisions/*.md"))],
    ids=lambda document: str(document.relative_to(ROOT)),
)
def test_files_that_are_named_are_there(document: Path) -> None:
    """So is what is named in one of them (`server/store/alerts.py: raise_alert`). A name without its folder is of the
    folder of the one named before, or of one above it."""
    gone = []
    last = ROOT / "server" / "core"
    for name, symbol in re.findall(NAMED_FILE, document.read_text()):
        found = next((folder / name for folder in (ROOT, last, *last.parents) if (folder / name).exists()), None)
        if found is None or (symbol and f"def {symbol}(" not in found.read_text()):
            gone.append(f"{name}: {symbol}" if symbol else name)
        else:
            last = found
    assert gone == []


def test_every_direct_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *(name for extra in project["project"]["optional-dependencies"].values() for name in extra),
        *(name for group in project["dependency-groups"].values() for name in group),
    ]
    packages = json.loads((ROOT / "clients/web/package.json").read_text())
    names = {re.split(r"[\[<>=~!;\s]", requirement, maxsplit=1)[0] for requirement in wanted}
    names |= packages["dependencies"].keys() | packages["devDependencies"].keys()
    document = (ROOT / "docs/dependencies.md").read_text()
    said = set(re.findall(r"(?m)^\| `([^`]+)` \|", document))
    assert said == names
