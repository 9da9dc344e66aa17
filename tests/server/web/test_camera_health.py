import json

from tests.server.running import Client, Running


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
