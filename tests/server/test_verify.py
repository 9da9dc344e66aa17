from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.__main__ import main
from server.core import manifest
from server.media import clip_cutter
from server.media.clip_key import public_pem
from tests.server.filmed import CLOCK, KEY, RECORDING
from tests.server.media.test_clip_cutter import part
from tests.streams.filming import film, fragments

Files = tuple[Path, Path, Path]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A clip, its manifest and the key."""
    clip, text, key = tmp_path / "clip.mp4", tmp_path / "clip.json", tmp_path / "key.pem"
    made = clip_cutter.cut(part(tmp_path, *fragments(film())), clip, until_ms=2**50)
    assert made is not None
    kept = RECORDING.kept(made, now_ms=RECORDING.to_ms, keep_ms=1)
    text.write_text(manifest.sign(manifest.of_clip(kept, made, CLOCK, installation="here", software="1.0"), KEY))
    key.write_text(public_pem(KEY))
    return clip, text, key


def verify(clip: Path, text: Path, key: Path | None = None) -> int:
    return main(["verify", str(clip), str(text), *(["--key", str(key)] if key else [])])


def test_a_clip_as_it_was_made_holds(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(*files) == 0
    said = capsys.readouterr().out
    assert said.startswith("HOLDS.")
    assert "Not proved:" in said
    assert verify(*files[:2]) == 0
    assert "anybody can make one" in capsys.readouterr().out


def test_one_changed_byte_does_not_hold(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray(files[0].read_bytes())
    data[-1] ^= 1
    files[0].write_bytes(data)
    assert verify(*files) == 1
    assert capsys.readouterr().out.startswith("NOT PROVED: the file is not the one of the manifest")


def test_a_cut_file_does_not_hold(files: Files) -> None:
    files[0].write_bytes(files[0].read_bytes()[:-100])
    assert verify(*files) == 1


def test_the_key_of_somebody_else_does_not_hold(files: Files) -> None:
    files[2].write_text(public_pem(Ed25519PrivateKey.generate()))
    assert verify(*files) == 1


def test_files_that_can_not_be_read_are_a_sentence(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(files[0].with_name("none"), files[1]) == 1
    assert capsys.readouterr().err.endswith("none: No such file or directory\n")
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for wrong in (b"", b"{}", b'{"pem": 7}', pem, b"\xff"):
        files[2].write_bytes(wrong)
        assert verify(*files) == 1
        assert "expected a public key of Ed25519 in PEM" in capsys.readouterr().err
