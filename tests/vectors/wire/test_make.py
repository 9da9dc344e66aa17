"""The examples in this folder are what our code makes and reads."""

import base64
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import imageio_ffmpeg
import pytest
import standardwebhooks

from server.core.alerts import AlertRecord
from server.core.bulletins import BulletinRecord
from server.core.camera_figures import CameraFigures
from server.core.camera_states import CameraState
from server.core.commands import AlertCommand
from server.core.nearest import nearest
from server.core.policies import Policy
from server.core.positions import Position
from server.core.pushes import PushRecord
from server.core.receipts import Receipt, ReceiptResult
from server.core.sums import ItemSum, Numbers, unreached
from server.errors import ConflictRevision
from streams.config import CameraConfig
from streams.formats import fmp4
from streams.fragment import Flag, Kind, unpack
from streams.geo import Circle, Point
from tests.vectors.wire import make

FOLDER = Path(__file__).parent
INDEX: dict[str, dict[str, Any]] = json.loads((FOLDER / "binary.json").read_text())
SAID: dict[str, Any] = json.loads((FOLDER / "events.json").read_text())["server"]


def payload(name: str) -> bytes:
    file: str = INDEX[name]["file"]
    return (FOLDER / file).read_bytes()


@pytest.mark.parametrize("name", sorted(make.everything()))
def test_the_script_makes_exactly_this_file(name: str) -> None:
    made = make.everything()[name]
    assert (FOLDER / name).read_bytes() == made, "run python -m tests.vectors.wire.make and look at the difference"


def test_no_file_is_left_over() -> None:
    found = {path.name for path in FOLDER.iterdir() if path.suffix in {".bin", ".json"}}
    assert found == {*make.everything(), "clip.json"}


@pytest.mark.parametrize("name", sorted(INDEX))
def test_a_relay_reads_the_header_fields_of_the_index(name: str) -> None:
    expected = INDEX[name]
    fragment = unpack(bytes.fromhex(expected["websocket_frame_head"]) + payload(name))
    assert (fragment.kind, fragment.flags) == (Kind(expected["kind"]), Flag(expected["flags"]))
    assert fragment.camera_number == expected["camera_number"]
    assert fragment.sequence == expected["sequence"]
    assert fragment.captured_ms == expected["captured_ms"]
    assert str(fragment.dts) == expected["dts"]
    assert len(fragment.body) == expected["body_length"]
    assert fragment.body.hex().startswith(expected["body_starts_with"])


def test_the_init_segment_says_codec_and_size_of_the_init_message() -> None:
    init = json.loads((FOLDER / "video.json").read_text())["server"]["init"]
    parameters = fmp4.read_init(payload("init")[24:])
    assert (parameters.codec_string, parameters.width, parameters.height) == (
        init["codec"],
        init["width"],
        init["height"],
    )


def test_the_decode_time_of_a_frame_is_its_tfdt() -> None:
    body = payload("delta_frame")[24:]
    tfdt = body.index(b"tfdt")
    assert str(int.from_bytes(body[tfdt + 8 : tfdt + 16], "big")) == INDEX["delta_frame"]["dts"]


def test_the_access_unit_of_a_frame_begins_112_bytes_into_its_body() -> None:
    units = json.loads((FOLDER / "clip.json").read_text())["access_units"]
    for name, unit in zip(("key_frame", "delta_frame", "delta_frame_2", "delta_frame_3"), units, strict=True):
        assert payload(name)[24 + 112 :] == bytes.fromhex(unit["data"])


def test_ffmpeg_plays_init_and_frames_without_a_message(tmp_path: Path) -> None:
    file = tmp_path / "clip.mp4"
    names = ("init", "key_frame", "delta_frame", "delta_frame_2", "delta_frame_3")
    file.write_bytes(b"".join(payload(name)[24:] for name in names))
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    arguments = ["-v", "warning", "-i", str(file), "-f", "framemd5", "-"]
    played = subprocess.run([ffmpeg, *arguments], capture_output=True, text=True, timeout=30, check=True)
    assert played.stderr == ""
    assert len([line for line in played.stdout.splitlines() if not line.startswith("#")]) == 4


def test_the_signature_of_the_example_is_right() -> None:
    example = json.loads((FOLDER / "http.json").read_text())["intake"]
    secret = example["secret"].removeprefix("whsec_")
    assert base64.b64decode(secret)
    request = example["request"]
    headers = request["headers"]
    webhook = standardwebhooks.Webhook(secret)
    signed_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert webhook.sign(headers["webhook-id"], signed_at, request["body_text"]) == headers["webhook-signature"]


@pytest.mark.parametrize("name", sorted(name for name in SAID if name.startswith("entry_alert")))
def test_an_alert_has_the_fields_of_ours(name: str) -> None:
    assert AlertRecord.from_wire(SAID[name]["alert"]).to_wire() == SAID[name]["alert"]


@pytest.mark.parametrize("name", ["entry_push", "entry_recall"])
def test_a_push_has_the_fields_of_ours(name: str) -> None:
    assert PushRecord.from_wire(SAID[name]["push"]).to_wire() == SAID[name]["push"]


@pytest.mark.parametrize("name", ["entry_bulletin", "entry_bulletin_cleared"])
def test_a_bulletin_has_the_fields_of_ours(name: str) -> None:
    example = SAID[name]["bulletin"]
    assert BulletinRecord.from_json(example).to_wire() == example


def test_what_is_left_of_a_bulletin_has_the_fields_of_ours() -> None:
    active, left = SAID["entry_bulletin_cleared"]["bulletin"], SAID["entry_bulletin_ended"]["bulletin"]
    ended = BulletinRecord.from_json(active).cancelled("operator", left["ended_ms"], reason="Found")
    assert ended.to_wire() == left


def test_a_receipt_has_the_fields_of_ours() -> None:
    for example in SAID["entry_receipts"]["receipts"]:
        assert Receipt.from_wire(example).to_wire() == example


def test_positions_and_policies_have_the_fields_of_ours() -> None:
    for example in SAID["positions_full"]["people"].values():
        assert Position.parse(example).to_wire() == example
    exchange = json.loads((FOLDER / "http.json").read_text())["policy"]
    policy = Policy.parse(exchange["request"]["body"], name="P3", priority=3)
    assert policy.next_revision().to_json() == exchange["answer"]["body"]["policy"]


def test_sums_and_calls_have_the_fields_of_ours() -> None:
    one = ItemSum("alert", SAID["sums_full"]["items"][0]["item_id"], Numbers())
    assert one.to_wire().keys() == SAID["sums_full"]["items"][0].keys()
    answer = json.loads((FOLDER / "http.json").read_text())["alert"]["answer"]["body"]
    about = [Receipt.from_wire(receipt) for receipt in answer["receipts"]]
    assert all(one["had_revision"] < answer["alert"]["revision"] for one in answer["unreached"])
    called = unreached(about, 2, {receipt.person for receipt in about})
    assert [one.to_wire().keys() for one in called] == [one.keys() for one in answer["unreached"]]


def test_the_cameras_of_a_place_are_what_ours_finds() -> None:
    exchange = json.loads((FOLDER / "http.json").read_text())["nearest"]
    answer = exchange["answer"]["body"]
    (candidate,) = answer["cameras"]
    camera = candidate["camera"]
    state = CameraState(**camera["state"])
    config = CameraConfig(
        camera["id"],
        camera["number"],
        camera["name"],
        "rtsp://camera",
        lat=camera["lat"],
        lon=camera["lon"],
        heading_deg=camera["heading_deg"],
        fov_deg=camera["fov_deg"],
    )
    nowhere = CameraConfig("nowhere", 9, "Nowhere", "rtsp://camera")
    asked = {key: float(value) for key, value in parse_qsl(urlsplit(exchange["request"]["path"]).query)}
    place = Circle(Point(asked["lat"], asked["lon"]), asked["radius_m"])
    found = nearest([config, nowhere], {config.id: state, nowhere.id: state}, place)
    assert (found.view, found.message, found.unplaced) == (answer["view"], answer["message"], answer["unplaced"])
    (ours,) = found.candidates
    assert (round(ours.distance_m), ours.sight, round(ours.share, 2), ours.is_working) == (
        candidate["distance_m"],
        candidate["sight"],
        candidate["share"],
        candidate["working"],
    )
    unseen = json.loads((FOLDER / "http.json").read_text())["nearest_to_a_place_that_nobody_sees"]["answer"]["body"]
    assert nearest([], {}, place).message == unseen["message"]


def test_the_figures_of_a_camera_have_the_fields_of_ours() -> None:
    seen, silent = json.loads((FOLDER / "http.json").read_text())["camera_health"]["answer"]["body"]["cameras"]
    assert CameraFigures().to_wire(0).keys() <= seen.keys()
    assert {silent[name] for name in CameraFigures().to_wire(0)} == {None}


@pytest.mark.parametrize("name", ["alert_command", "alert_command_refused"])
def test_a_command_is_read_by_ours(name: str) -> None:
    request = json.loads((FOLDER / "http.json").read_text())[name]["request"]
    assert AlertCommand.parse(request["body"]).id == request["body"]["id"]


def test_a_conflict_holds_the_present_state_beside_the_error() -> None:
    example = SAID["receipt_conflict"]
    conflict = ConflictRevision(example["error"]["message"], item="alert", present=example["alert"])
    assert ReceiptResult(example["id"], None, conflict).to_wire() == example
