import pytest

from clients.cli.errors import NotUnderstood
from clients.cli.fragment import Kind, decode
from tests.clients.cli.wire_examples import BINARY, payload


@pytest.mark.parametrize("name", sorted(BINARY))
def test_the_header_is_read_as_the_golden_index_says(name: str) -> None:
    expected = BINARY[name]
    fragment = decode(payload(name))
    assert fragment.kind == expected["kind"]
    assert fragment.flags == expected["flags"]
    assert fragment.camera_number == expected["camera_number"]
    assert fragment.sequence == expected["sequence"]
    assert fragment.captured_ms == expected["captured_ms"]
    assert str(fragment.dts) == expected["dts"]
    assert len(fragment.body) == expected["body_length"]
    assert fragment.is_key is bool(expected["flags"] & 1)
    assert fragment.is_picture is (name not in {"init", "gap"})


def test_the_rendition_stands_in_the_flags() -> None:
    assert decode(payload("key_frame")).rendition == "source"
    assert decode(payload("key_frame_480p")).rendition == "480p"
    assert decode(b"\x01\x71" + payload("key_frame")[2:]).rendition == "", "of a later server"


def test_the_access_unit_of_a_frame_stands_behind_its_boxes() -> None:
    assert decode(payload("key_frame")).access_unit.hex().startswith(BINARY["key_frame"]["access_unit_starts_with"])


def test_a_kind_of_a_later_server_is_no_error() -> None:
    fragment = decode(b"\x09" + payload("gap")[1:])
    assert (fragment.kind, fragment.is_picture) == (9, False)
    assert fragment.kind not in set(Kind)


def test_a_message_shorter_than_its_header_is_not_understood() -> None:
    with pytest.raises(NotUnderstood, match="23 bytes"):
        decode(payload("gap")[:23])
