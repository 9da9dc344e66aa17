import pytest

from streams.formats.compass import heading_of


@pytest.mark.parametrize(
    ("text", "heading_deg"),
    [
        ("N", 0),
        ("e", 90),
        ("SSW", 202.5),
        ("North-West", 315),
        ("south", 180),
        ("South East", 135),
        ("90", 90),
        ("12.5°", 12.5),
        ("270 deg", 270),
        ("360", 0),
    ],
)
def test_a_heading_is_read(text: str, heading_deg: float) -> None:
    assert heading_of(text) == heading_deg


@pytest.mark.parametrize(
    "text", ["", "Eastbound", "NB", "NS", "Median", "Both Directions", "361", "-90", "nan", "٣", "Unknown", "9" * 50]
)
def test_what_does_not_say_where_a_camera_looks_is_none(text: str) -> None:
    """Eastbound is where the traffic goes, NS two directions."""
    assert heading_of(text) is None
