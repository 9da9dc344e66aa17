from tests.server.running import Client, Running


async def test_staff_see_every_camera(operator: Client) -> None:
    cameras = (await operator.get("/api/cameras")).json["cameras"]
    assert [camera["id"] for camera in cameras] == ["main-4th", "harbor"]
    assert (
        cameras[0].items()
        >= {
            "number": 4,
            "name": "Main St / 4th Ave",
            "district": "Downtown",
            "lat": 41.76,
            "lon": -72.67,
            "heading_deg": None,
            "fov_deg": None,
        }.items()
    )
    assert cameras[0]["state"]["state"] == "unknown"


async def test_an_officer_sees_what_was_pushed_to_him_until_it_is_recalled(operator: Client, officer: Client) -> None:
    assert (await officer.get("/api/cameras")).json == {"cameras": []}
    push = {"id": "push-1", "cameras": ["harbor"], "to": {"people": ["officer-12"]}}
    assert (await operator.post("/api/pushes", push)).status == 201
    cameras = (await officer.get("/api/cameras")).json["cameras"]
    assert [camera["id"] for camera in cameras] == ["harbor"]
    await operator.post("/api/pushes/push-1/recall")
    assert (await officer.get("/api/cameras")).json == {"cameras": []}


async def test_the_address_of_a_camera_is_told_to_nobody(server: Running) -> None:
    assert "rtsp" not in (await (await server.signed_in("admin")).get("/api/cameras")).text
