"""Verdict: what a clip and its manifest prove, and what they do not, in words (`sightline verify`)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from server.core import manifest
from server.core.manifest import ManifestInvalid, Signed

NOT_PROVED = (
    "that the camera showed what was in front of it, or stands where its name says;",
    "that the clock was right: times are those of the computer that read the camera;",
    "that nothing else was recorded, or what happened in the holes.",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    holds: bool
    lines: tuple[str, ...]


def judge(text: bytes, *, sha256: str, size: int, key: bytes | None) -> Verdict:
    """
    Args:
        text: of the manifest.
        sha256, size: of the file of the clip, in hex and bytes.
        key: the public key that is trusted; None takes the one in the manifest, which proves less.
    """
    try:
        signed = manifest.read(text)
    except ManifestInvalid as error:
        return Verdict(holds=False, lines=(f"NOT PROVED: this is no manifest that can be checked: {error}.",))
    why = _wrong(signed, sha256, size, key)
    if why:
        return Verdict(holds=False, lines=(f"NOT PROVED: {why}",))
    print_of_key = manifest.fingerprint(signed.public_key)
    by = (
        f"that it was signed with the key that you gave ({print_of_key}): by the server that holds it;"
        if key is not None
        else f"that it was signed with the key {print_of_key}, WHICH STANDS IN THE MANIFEST ITSELF: anybody can make "
        "one. Compare it with that of the server (GET /api/clips/key), or give that with --key;"
    )
    proved = ("that the file is, byte for byte, the one of which the manifest speaks (SHA-256);", by)
    said = _said(signed.manifest)
    lines = ("HOLDS.", "", "Proved:", *_list(proved), "", "The signer says:", *_list(said), "", "Not proved:")
    return Verdict(holds=True, lines=(*lines, *_list(NOT_PROVED)))


def _wrong(signed: Signed, sha256: str, size: int, key: bytes | None) -> str:
    if key is not None and key != signed.public_key:
        ours, theirs = manifest.fingerprint(key), manifest.fingerprint(signed.public_key)
        return f"the manifest was signed with another key ({theirs}) than the one you gave ({ours})."
    if not signed.is_signed_by(signed.public_key):
        return "the manifest is not what was signed: it was changed since, or the signature was."
    file = signed.manifest.get("file")
    if not isinstance(file, Mapping) or not isinstance(file.get("sha256"), str):
        return "the manifest names no file."
    if file["sha256"] != sha256:
        counts = f"it has {size} bytes, the manifest says {file.get('bytes')}"
        return f"the file is not the one of the manifest: its SHA-256 is {sha256}, expected {file['sha256']}; {counts}."
    return ""


def _said(said: Mapping[str, Any]) -> list[str]:
    """What it tells, for people. What is not there is left out: a later version may say more, none says less."""
    camera, asked, clock = (_object(said, name) for name in ("camera", "asked", "clock"))
    holes = said.get("holes")
    lines = [
        f"camera {camera.get('number')}, {camera.get('name')} ({camera.get('id')});",
        f"asked for by {asked.get('by')} on {_time(asked.get('at_ms'))}: {asked.get('why')};",
        f"asked for: {_time(asked.get('from_ms'))} to {_time(asked.get('to_ms'))};",
        f"first picture {_time(said.get('first_ms'))}, last picture {_time(said.get('last_ms'))};",
    ]
    if asked.get("alert"):
        lines.append(f"belongs to the alert {asked['alert']};")
    if isinstance(holes, list):
        lines += [
            f"no pictures from {_time(_of(hole, 'from_ms'))} to {_time(_of(hole, 'to_ms'))}: {_of(hole, 'why')}"
            for hole in holes
        ]
        if not holes:
            lines.append("no holes;")
    lines.append(
        "parts of the picture are masked;" if said.get("masks_burnt_in") else "no part of the picture is masked;"
    )
    if isinstance(said.get("encoded_again"), bool):
        how = "were encoded again, with the masks in them" if said["encoded_again"] else "are as the camera sent them"
        lines.append(f"pictures {how};")
    lines.append(_clock(clock))
    lines.append(f"made on {_time(said.get('made_ms'))} by Sightline {said.get('software')}.")
    return lines


def _clock(clock: Mapping[str, Any]) -> str:
    behind, error = clock.get("behind_at_most_ms"), clock.get("max_error_ms")
    known = [] if behind is None else [f"the pictures' clock was at most {behind} ms behind the server's"]
    if clock.get("is_synchronized") is not None:
        word = "followed" if clock["is_synchronized"] else "did NOT follow"
        known.append(f"the server's {word} a time server" + ("" if error is None else f" (off by {error} ms at most)"))
    return f"clock: {', '.join(known) or 'nothing is known of it'};"


def _object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = parent.get(name)
    return found if isinstance(found, Mapping) else {}


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _time(at_ms: Any) -> str:
    if not isinstance(at_ms, int) or not 0 <= at_ms < 253_402_300_800_000:
        return "an unknown time"
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d} UTC"


def _list(lines: Iterable[str]) -> list[str]:
    # A manifest may come from anybody: what it says must not move the cursor of whoever reads it.
    return ["  - " + "".join(letter if letter.isprintable() else "\ufffd" for letter in line) for line in lines]
