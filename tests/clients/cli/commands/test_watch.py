import pytest

from clients.cli.__main__ import parser
from clients.cli.commands.watch import Meter, wish
from clients.cli.fragment import decode
from tests.clients.cli.wire_examples import payload


def test_a_second_says_rate_age_and_bit_rate() -> None:
    meter = Meter()
    meter.state = "live"
    for name in ("init", "key_frame", "delta_frame"):
        meter.count(decode(payload(name)), age_ms=12.6)
    body_bytes = sum(len(payload(name)) - 24 for name in ("init", "key_frame", "delta_frame"))
    assert meter.read("main-4th", 2.0) == {
        "type": "second",
        "camera": "main-4th",
        "state": "live",
        "fps": 1.0,
        "age_ms": 13,
        "kbit_s": round(body_bytes * 8 / 2000),
    }


def test_a_second_without_pictures_has_no_age() -> None:
    meter = Meter()
    meter.count(decode(payload("key_frame")), age_ms=5)
    meter.read("main-4th", 1.0)
    meter.count(decode(payload("gap")), age_ms=9_000)
    assert meter.read("main-4th", 1.0)["age_ms"] is None


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], ("auto", "command line")),
        (["--save", "out.mp4"], ("source", "command line")),
        (["--save", "out.mp4", "--quality", "240p", "--purpose", "case 53-351"], ("240p", "case 53-351")),
        (["--quality", "unmasked"], ("unmasked", "")),
    ],
)
def test_a_recording_is_of_one_rendition_and_lifting_masks_takes_a_purpose(
    words: list[str], wanted: tuple[str, str]
) -> None:
    assert wish(parser().parse_args(["watch", "main-4th", *words])) == wanted
