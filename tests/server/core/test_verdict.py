import json
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.core import manifest
from server.core.verdict import Verdict, judge
from tests.server.filmed import A_CLIP, A_FILM, CLOCK, KEY

PUBLIC = KEY.public_key().public_bytes_raw()


def text(**changes: Any) -> bytes:
    clip = replace(A_CLIP, **changes)
    said = manifest.of_clip(clip, A_FILM, CLOCK, installation="here", software="1.0")
    return manifest.sign(said, KEY).encode()


def verdict(of: bytes, *, sha256: str = A_FILM.sha256, key: bytes | None = PUBLIC) -> Verdict:
    return judge(of, sha256=sha256, size=2000, key=key)


def test_it_says_what_is_proved_and_what_is_not() -> None:
    found = verdict(text())
    assert found.holds
    words = "\n".join(found.lines)
    assert words.startswith("HOLDS.\n")
    assert "byte for byte" in words
    assert "signed with the key that you gave" in words
    assert "camera 4, Main St / 4th Ave (main-4th)" in words
    assert "asked for by operator on 2026-11-20 18:40:09.000 UTC: Two cars, the second one" in words
    assert "first picture 2026-11-20 18:40:05.000 UTC, last picture 2026-11-20 18:40:08.960 UTC" in words
    assert "no pictures from 2026-11-20 18:40:00.000 UTC to 2026-11-20 18:40:05.000 UTC: Nothing of this time" in words
    assert "at most 120 ms behind the server's, the server's followed a time server (off by 4 ms at most)" in words
    assert "no part of the picture is masked" in words
    assert words.index("Not proved:") < words.index("that the clock was right")


def test_without_a_key_it_says_that_anybody_may_have_signed() -> None:
    found = verdict(text(), key=None)
    assert found.holds
    assert any("ANYBODY can make" in line or "anybody can make" in line for line in found.lines)


def test_masks_are_told() -> None:
    found = verdict(text(camera=replace(A_CLIP.camera, masks=1)))
    assert "  - parts of the picture are masked;" in found.lines
    assert "  - pictures were encoded again, with the masks in them;" in found.lines


def test_another_file_does_not_hold() -> None:
    found = verdict(text(), sha256="00" * 32)
    assert (found.holds, len(found.lines)) == (False, 1)
    assert found.lines[0].startswith("NOT PROVED: the file is not the one of the manifest")


def test_another_key_does_not_hold() -> None:
    found = verdict(text(), key=Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    assert not found.holds
    assert "another key" in found.lines[0]


def test_a_changed_manifest_does_not_hold_whoever_asks() -> None:
    changed = json.loads(text())
    changed["manifest"]["camera"]["name"] = "Elm St"
    for key in (PUBLIC, None):
        found = verdict(json.dumps(changed).encode(), key=key)
        assert found.lines == (
            "NOT PROVED: the manifest is not what was signed: it was changed since, or the signature was.",
        )
        assert not found.holds


def test_a_manifest_of_nothing_does_not_hold() -> None:
    assert not verdict(b"not json").holds
    assert not verdict(manifest.sign({"version": 1}, KEY).encode()).holds
    assert not verdict(manifest.sign({"version": 1, "file": {"sha256": 7}}, KEY).encode()).holds


def test_odd_words_are_said_as_they_are_and_move_no_cursor() -> None:
    file = {"sha256": A_FILM.sha256}
    odd = {"version": 1, "file": file, "camera": 7, "asked": {"why": "\x1b[2Jgone"}, "holes": ["x"], "made_ms": "now"}
    found = verdict(manifest.sign(odd, KEY).encode())
    assert found.holds
    assert not any("\x1b" in line for line in found.lines)
    assert any("an unknown time" in line for line in found.lines)
