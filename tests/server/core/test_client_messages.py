import json
from pathlib import Path
from typing import Any

import pytest

from server.core.client_messages import (
    Ack,
    AskQuality,
    AskSnapshot,
    GiveCommand,
    GivePosition,
    GiveReceipt,
    GiveReport,
    Heartbeat,
    Resume,
    Subscribe,
    Unsubscribe,
    parse_events,
    parse_video,
)
from server.errors import RequestError
from streams.rendition import Rendition

VECTORS = Path(__file__).parents[2] / "vectors/wire"
EVENTS: dict[str, Any] = json.loads((VECTORS / "events.json").read_text())["client"]
VIDEO: dict[str, Any] = json.loads((VECTORS / "video.json").read_text())["client"]


def test_the_examples_of_the_events_socket_are_understood() -> None:
    resume = EVENTS["resume"]
    receipt = EVENTS["receipt"]
    assert parse_events(json.dumps(resume)) == Resume(resume["installation"], 4700)
    assert parse_events(json.dumps(EVENTS["snapshot"])) == AskSnapshot()
    assert parse_events(json.dumps(EVENTS["heartbeat"])) == Heartbeat()
    assert parse_events(json.dumps(receipt)) == GiveReceipt(receipt["id"], receipt)
    report = EVENTS["report"]
    assert parse_events(json.dumps(report)) == GiveReport(7, report)
    command, position = EVENTS["command"], EVENTS["position"]
    assert parse_events(json.dumps(command)) == GiveCommand(command["id"], command)
    assert parse_events(json.dumps(position)) == GivePosition(position)


def test_the_examples_of_the_video_socket_are_understood() -> None:
    push = VIDEO["subscribe_to_a_push"]
    assert parse_video(json.dumps(VIDEO["subscribe"])) == Subscribe("main-4th", "wall")
    assert parse_video(json.dumps(push)) == Subscribe("main-4th", push["purpose"])
    some = Subscribe("main-4th", "wall", Rendition.P480, frozenset({"avc1", "hvc1", "jpeg"}))
    assert parse_video(json.dumps(VIDEO["subscribe_to_a_rendition"])) == some
    assert parse_video(json.dumps(VIDEO["quality"])) == AskQuality("main-4th", None, "")
    lifted = VIDEO["quality_unmasked"]
    assert parse_video(json.dumps(lifted)) == AskQuality("main-4th", Rendition.UNMASKED, lifted["purpose"])
    assert parse_video(json.dumps(VIDEO["unsubscribe"])) == Unsubscribe("main-4th")
    assert parse_video(json.dumps(VIDEO["ack"])) == Ack(4, 1234)
    assert parse_video(json.dumps(VIDEO["heartbeat"])) == Heartbeat()


def test_fields_of_a_later_version_are_ignored() -> None:
    assert parse_events('{"type": "snapshot", "flavour": 3}') == AskSnapshot()
    assert parse_video('{"type": "unsubscribe", "camera": "a", "why": {}}') == Unsubscribe("a")


def test_a_receipt_with_wrong_fields_is_understood_so_that_it_gets_its_own_answer() -> None:
    assert isinstance(parse_events('{"type": "receipt", "id": "1", "stage": []}'), GiveReceipt)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ('{"type": "resume", "installation": "a", "position": NaN}', "NaN"),
        ("[" * 60_000, "deep"),
        ("[]", "a list"),
        ("{}", "null"),
        ('{"type": "resumé"}', "resumé"),
        ('{"type": ["resume"]}', "a list"),
        ('{"type": "subscribe", "camera": "a"}', "expected resume"),
        ('{"type": "resume", "installation": "a"}', "resume.position"),
        ('{"type": "resume", "installation": "a", "position": "4"}', "resume.position"),
        ('{"type": "resume", "installation": "a", "position": 4.0}', "resume.position"),
        ('{"type": "resume", "installation": "a", "position": true}', "resume.position"),
        ('{"type": "resume", "installation": 3, "position": 4}', "resume.installation"),
        ('{"type": "receipt", "stage": "shown"}', "receipt.id"),
        ('{"type": "report", "receipts": []}', "report.number"),
    ],
)
def test_what_is_not_understood_is_named(text: str, word: str) -> None:
    with pytest.raises(RequestError, match=word):
        parse_events(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"type": "resume"}', "expected subscribe"),
        ('{"type": "subscribe"}', "subscribe.camera"),
        ('{"type": "subscribe", "camera": ""}', "subscribe.camera"),
        ('{"type": "subscribe", "camera": "\\ud800"}', "surrogate"),
        ('{"type": "subscribe", "camera": "a", "purpose": 4}', "purpose"),
        (json.dumps({"type": "subscribe", "camera": "a", "purpose": "x" * 201}), "purpose"),
        ('{"type": "subscribe", "camera": "a", "quality": "720p"}', "subscribe.quality.* auto, source, 480p"),
        ('{"type": "subscribe", "camera": "a", "quality": []}', "subscribe.quality"),
        ('{"type": "subscribe", "camera": "a", "codecs": "avc1"}', "subscribe.codecs.* list"),
        ('{"type": "subscribe", "camera": "a", "codecs": ["hvc1", {}]}', "avc1 or jpeg"),
        ('{"type": "quality", "camera": "a"}', "quality.quality"),
        ('{"type": "quality", "quality": "auto"}', "quality.camera"),
        ('{"type": "quality", "camera": "a", "quality": "auto", "purpose": 4}', "purpose"),
        ('{"type": "ack", "camera_number": 4}', "ack.sequence"),
        ('{"type": "ack", "camera_number": 4, "sequence": 1e999}', "ack.sequence"),
    ],
)
def test_what_is_not_understood_on_the_video_socket_is_named(text: str, word: str) -> None:
    with pytest.raises(RequestError, match=word):
        parse_video(text)


def test_codecs_of_a_later_version_are_left_out() -> None:
    wish = parse_video('{"type": "subscribe", "camera": "a", "codecs": ["av01", "jpeg", 3]}')
    assert wish == Subscribe("a", "", codecs=frozenset({"jpeg"}))


def test_a_sequence_wraps() -> None:
    assert parse_video('{"type": "ack", "camera_number": 4, "sequence": 4294967297}') == Ack(4, 1)
