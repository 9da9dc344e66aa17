"""The documents say what is true: links lead somewhere, every package has its line."""

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text())
    broken = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert broken == []


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
