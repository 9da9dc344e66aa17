from server.core.camera_figures import CameraFigures


def test_what_is_missing_is_nothing() -> None:
    assert CameraFigures.parse({"state": "unknown"}) == CameraFigures()


def test_the_age_of_the_last_picture_is_told_and_never_negative() -> None:
    """The reader's clock may be ahead."""
    figures = CameraFigures(25.0, 2_000_000, 50, 1, 1000)
    assert figures.to_wire(1400) == {
        "fps": 25.0,
        "bitrate_bps": 2_000_000,
        "gop_pictures": 50,
        "losses": 1,
        "picture_age_ms": 400,
    }
    assert figures.to_wire(900)["picture_age_ms"] == 0
    assert CameraFigures().to_wire(900)["picture_age_ms"] is None
