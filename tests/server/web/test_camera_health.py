import json
from pathlib import Path
from typing import Any

from tests.server.running import Client, Running

EXAMPLES: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors/wire/http.json").read_text())


async def test_staff_see_the_figures_of_every_camera(server: Running, operator: Client) -> None:
    now_ms = server.services.now_ms()
    main = {"state": "live", "since_ms": 1, "reason": "", "fps": 25, "bitrate_bps": 9, "gop_pictures": 50, "losses": 1}
    said = {"cameras": {"main-4th": {**main, "picture_ms": now_ms}}}
    server.services.board.on_states(json.dumps(said).encode())
    seen, silent = (await operator.get("/api/cameras/health")).json["cameras"]
    assert seen.pop("picture_age_ms") >= 0
    assert seen == {
        "id": "main-4th",
        "number": 4,
        "name": "Main St / 4th Ave",
        "district": "Downtown",
        "state": {"state": "live", "since_ms": 1, "reason": ""},
        "fps": 25.0,
        "bitrate_bps": 9,
        "gop_pictures": 50,
        "losses": 1,
        "masked": False,
        "check": None,
        "check_ordered_ms": None,
        "reference": None,
    }
    assert (silent["state"]["state"], silent["fps"], silent["picture_age_ms"]) == ("unknown", None, None)


async def test_an_officer_does_not(officer: Client) -> None:
    assert (await officer.get("/api/cameras/health")).code == "auth.forbidden"


async def test_the_answers_have_the_fields_of_the_examples(operator: Client) -> None:
    (seen, _) = EXAMPLES["camera_health"]["answer"]["body"]["cameras"]
    for camera in (await operator.get("/api/cameras/health")).json["cameras"]:
        assert camera.keys() == seen.keys()
    example = EXAMPLES["nearest"]
    answer = (await operator.get(example["request"]["path"])).json
    assert answer.keys() == example["answer"]["body"].keys()
    (candidate,) = example["answer"]["body"]["cameras"]
    assert answer["cameras"][0].keys() == candidate.keys()
    assert answer["cameras"][0]["camera"].keys() == candidate["camera"].keys()
    wrong = EXAMPLES["nearest_to_nowhere"]
    assert (await operator.get(wrong["request"]["path"])).json == wrong["answer"]["body"]
