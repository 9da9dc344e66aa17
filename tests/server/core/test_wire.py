"""What the server says, against the examples that clients in other languages are tested with."""

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.core import wire
from server.core.entry import Entry
from server.core.receipts import Receipt, ReceiptResult
from server.core.reports import Reported
from server.errors import ItemUnknown, LogUnavailable

VECTORS = Path(__file__).parents[2] / "vectors/wire"
EVENTS: dict[str, Any] = json.loads((VECTORS / "events.json").read_text())["server"]
VIDEO: dict[str, Any] = json.loads((VECTORS / "video.json").read_text())["server"]


def read(frame: bytes) -> Any:
    """The JSON of one text frame, checking the frame around it."""
    assert frame[0] == 0x81, "FIN and opcode 1"
    match frame[1]:
        case 127:
            (length,), offset = struct.unpack_from(">Q", frame, 2), 10
        case 126:
            (length,), offset = struct.unpack_from(">H", frame, 2), 4
        case short:
            length, offset = short, 2
    assert length == len(frame) - offset
    return json.loads(frame[offset:])


@pytest.mark.parametrize("length", [2, 125, 126, 127, 65535, 65536, 100_000])
def test_a_frame_says_its_own_length(length: int) -> None:
    text = "x" * (length - len('{"a":""}') if length > 8 else 0)
    assert read(wire.text_frame({"a": text})) == {"a": text}


def test_text_is_utf_8_as_it_is() -> None:
    assert "Straße é 🚔".encode() in wire.text_frame({"note": "Straße é 🚔"})


def test_a_number_that_json_has_no_word_for_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        wire.text_frame({"lat": float("nan")})


def test_a_close_frame_cuts_its_reason_to_what_fits_without_cutting_a_character() -> None:
    frame = wire.close_frame(4502, "é" * 100)
    assert frame[0] == 0x88
    assert frame[1] == len(frame) - 2 <= 125
    assert struct.unpack_from(">H", frame, 2) == (4502,)
    assert frame[4:].decode() == "é" * 61


def test_hello_is_as_in_the_examples() -> None:
    example = EVENTS["hello"]
    frame = wire.hello(
        example["person"],
        installation=example["installation"],
        position=example["position"],
        build=example["build"],
        now_ms=example["server_time_ms"],
    )
    assert read(frame) == example


def test_the_answers_to_the_opening_are_as_in_the_examples() -> None:
    assert read(wire.replay(4701, 4711)) == EVENTS["replay"]
    example = EVENTS["snapshot"]
    frame = wire.snapshot(
        example["position"],
        example["reason"],
        alerts=example["alerts"],
        pushes=example["pushes"],
        bulletins=example["bulletins"],
        receipts=example["receipts"],
    )
    assert read(frame) == example


@pytest.mark.parametrize("name", ["entry_alert", "entry_alert_without_place", "entry_push", "entry_receipts"])
def test_entries_are_as_in_the_examples(name: str) -> None:
    entry = Entry.from_bus({**EVENTS[name], "audience": {"everybody": True}})
    assert read(wire.entry(entry, entry.payload)) == EVENTS[name]


def test_an_entry_carries_what_was_left_of_its_payload() -> None:
    entry = Entry.from_bus({**EVENTS["entry_receipts"], "audience": {"everybody": True}})
    assert read(wire.entry(entry, {"receipts": []})) == {**EVENTS["entry_receipts"], "receipts": []}


def test_what_is_not_kept_is_as_in_the_examples() -> None:
    tick = EVENTS["tick"]
    assert read(wire.tick(tick["position"], tick["server_time_ms"], heartbeat_s=10)) == tick
    assert read(wire.cameras(EVENTS["cameras"]["states"], full=False)) == EVENTS["cameras"]
    assert read(wire.cameras(EVENTS["cameras_full"]["states"], full=True)) == EVENTS["cameras_full"]
    assert read(wire.online({"officer-14", "officer-12"})) == EVENTS["online"]


def test_results_of_receipts_are_as_in_the_examples() -> None:
    good = EVENTS["receipt"]
    assert read(wire.receipt_result(ReceiptResult(good["id"], Receipt.from_wire(good["receipt"])))) == good
    bad = EVENTS["receipt_unknown_item"]
    result = ReceiptResult(bad["id"], None, ItemUnknown(bad["error"]["message"]))
    assert read(wire.receipt_result(result)) == bad


def test_answers_to_reports_are_as_in_the_examples() -> None:
    refused = EVENTS["reported_in_part"]["refused"][0]
    failed = EVENTS["reported_nothing"]["error"]
    assert read(wire.reported(Reported(7))) == EVENTS["reported"]
    in_part = Reported(8, ((1, ItemUnknown(refused["error"]["message"])),))
    assert read(wire.reported(in_part)) == EVENTS["reported_in_part"]
    nothing = Reported(9, error=LogUnavailable(failed["message"]))
    assert read(wire.reported(nothing)) == EVENTS["reported_nothing"]


def test_an_entry_that_was_written_down_is_the_same_message() -> None:
    example = EVENTS["entry_alert"]
    entry = Entry.from_bus({**example, "audience": {"everybody": True}})
    text = json.dumps(entry.payload)
    written = Entry.written(entry.position, entry.at_ms, entry.kind, entry.payload, entry.audience, text)
    assert read(wire.entry(written, written.payload)) == example
    assert Entry.from_bus(json.loads(written.to_bus())) == entry
    other = replace(written, payload={"alert": {}})
    assert read(wire.entry(other, other.payload))["alert"] == {}, "the text goes with its payload"


def test_what_is_said_on_the_video_socket_is_as_in_the_examples() -> None:
    hello, live = VIDEO["hello"], VIDEO["subscribed"]["state"]
    assert read(wire.video_hello(hello["person"], now_ms=hello["server_time_ms"])) == hello
    assert read(wire.subscribed("main-4th", 4, live)) == VIDEO["subscribed"]
    assert read(wire.state("main-4th", 4, VIDEO["state"]["state"])) == VIDEO["state"]
    assert read(wire.init(4, codec="avc1.42C01F", width=160, height=90)) == VIDEO["init"]
    assert read(wire.rendition(4, "source", "auto", "")) == VIDEO["rendition"]
    assert read(wire.burst(4, 37)) == VIDEO["burst"]
    assert read(wire.drop(4, 61)) == VIDEO["drop"]
    assert read(wire.video_tick(VIDEO["tick"]["server_time_ms"])) == VIDEO["tick"]
    gone = VIDEO["unsubscribed"]
    assert read(wire.unsubscribed("main-4th", 4, gone["code"], gone["message"])) == gone
    error = VIDEO["error"]
    assert read(wire.error(error["code"], error["message"], camera="main-5th")) == error


def test_an_error_names_no_camera_where_it_is_not_about_one() -> None:
    assert read(wire.error("request.invalid", "No.")) == {"type": "error", "code": "request.invalid", "message": "No."}
