from pathlib import Path

from tests.vectors.photos import make

FOLDER = Path(__file__).parent


def test_the_files_are_those_that_the_script_names() -> None:
    known = {
        "make.py",
        "profiles.py",
        "test_make.py",
        "__init__.py",
        "SOURCES.md",
        "libheif_grid.heic",
        "libheif_cut.heic",
    }
    assert {path.name for path in FOLDER.iterdir() if path.is_file()} - known == set(make.everything())


def test_what_is_made_by_hand_is_what_the_script_writes() -> None:
    made = make.everything()
    for name in (
        "cmyk.jpg",
        "dot.png",
        "bomb.png",
        "gigantic.png",
        "page.html",
        "drawing.svg",
        "script.gif",
        "phone.heic",
    ):
        assert (FOLDER / name).read_bytes() == made[name], name
