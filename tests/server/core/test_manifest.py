import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.core import manifest
from server.core.manifest import ManifestInvalid
from tests.server.filmed import A_CLIP, A_FILM, CLOCK, KEY

PUBLIC = KEY.public_key().public_bytes_raw()


def signed(**changes: Any) -> str:
    said = manifest.of_clip(A_CLIP, A_FILM, CLOCK, installation="here", software="1.0")
    return manifest.sign({**said, **changes}, KEY)


def test_the_canonical_form_is_that_of_rfc_8785() -> None:
    value = {"b": [1, True, None], "a": 'é€\U0001f600"\\\n\t\x08\x0c\r\x1f\x7f/', "A": {}, "a2": -(2**53) + 1}
    expected = '{"A":{},"a":"é€\U0001f600\\"\\\\\\n\\t\\b\\f\\r\\u001f\x7f/","a2":-9007199254740991,"b":[1,true,null]}'
    assert manifest.canonical(value).decode() == expected


@pytest.mark.parametrize("value", [1.0, 2**53, {"é": 1}, {1: 1}, "\ud800", b"", [float("nan")]])
def test_what_implementations_write_differently_is_not_signed(value: Any) -> None:
    with pytest.raises(ManifestInvalid):
        manifest.canonical(value)


def test_a_manifest_says_what_a_clip_is() -> None:
    said = manifest.read(signed()).manifest
    assert said["file"] == {"sha256": A_FILM.sha256, "bytes": 2000, "codec": "avc1", "pictures": 75}
    assert said["camera"] == {"id": "main-4th", "number": 4, "name": "Main St / 4th Ave", "masks": 0}
    assert said["asked"]["why"] == "Two cars, the second one"
    assert (said["masks_burnt_in"], said["encoded_again"]) == (False, False)
    assert said["clock"] == {"behind_at_most_ms": 120, "is_synchronized": True, "max_error_ms": 4}
    assert [hole["from_ms"] for hole in said["holes"]] == [A_CLIP.from_ms]
    assert said["pieces"][0]["starts_ms"] == 0


def test_it_is_signed_by_the_key_and_by_no_other() -> None:
    whole = manifest.read(signed())
    assert whole.public_key == PUBLIC
    assert whole.is_signed_by(PUBLIC)
    assert not whole.is_signed_by(Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    assert not whole.is_signed_by(b"short")


def test_the_order_and_the_blanks_of_the_text_do_not_matter() -> None:
    whole = json.loads(signed())
    turned = {name: dict(reversed(value.items())) for name, value in reversed(whole.items())}
    assert manifest.read(json.dumps(turned, separators=(",", ":"))).is_signed_by(PUBLIC)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("made_ms",), 1),
        (("camera", "name"), "Elm St"),
        (("asked", "by"), "somebody"),
        (("more",), "said"),
        (("holes",), []),
    ],
)
def test_a_change_shows(path: tuple[str, ...], value: Any) -> None:
    whole = json.loads(signed())
    inner = whole["manifest"]
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    assert not manifest.read(json.dumps(whole)).is_signed_by(PUBLIC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"manifest": {}, "signature": {}}',
        '{"manifest": {"version": 1, "version": 1}, "signature": {}}',
        '{"manifest": {"version": 1.0}, "signature": {"algorithm": "Ed25519", "public_key": "", "value": ""}}',
        '{"manifest": {"version": 2}, "signature": {"algorithm": "Ed25519", "public_key": "", "value": ""}}',
        '{"manifest": {"version": 1}, "signature": {"algorithm": "none", "public_key": "", "value": ""}}',
        '{"manifest": {"version": 1}, "signature": {"algorithm": "Ed25519", "public_key": "xy", "value": ""}}',
        '{"manifest": {"version": 1, "n": NaN}, "signature": {"algorithm": "Ed25519", "public_key": "", "value": ""}}',
        "[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_manifest_is_refused_in_words(text: str | bytes) -> None:
    with pytest.raises(ManifestInvalid, match="it "):
        manifest.read(text)


def test_of_a_masked_camera_it_says_so() -> None:
    masked = replace(A_CLIP, camera=replace(A_CLIP.camera, masks=2))
    said = manifest.of_clip(masked, A_FILM, CLOCK, installation="here", software="1.0")
    assert (said["masks_burnt_in"], said["encoded_again"], said["camera"]["masks"]) == (True, True, 2)
