"""Compass: where a camera looks, as lists of cameras write it."""

import re

_POINTS = ("n", "nne", "ne", "ene", "e", "ese", "se", "sse", "s", "ssw", "sw", "wsw", "w", "wnw", "nw", "nnw")
_WORDS = {"north": "n", "east": "e", "south": "s", "west": "w"}
_DEGREES = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?) ?(?:°|deg|degrees)?")


def heading_of(text: str) -> float | None:
    """Degrees clockwise from north, 0 ≤ heading < 360, of ``90``, ``90°``, ``E``, ``north-east``.

    None for everything else; ``Eastbound`` is where the traffic goes, not where the camera looks.
    """
    text = text.strip().lower()
    if found := _DEGREES.fullmatch(text):
        degrees = float(found[1])
        return degrees % 360 if degrees <= 360 else None
    for word, letter in _WORDS.items():
        text = text.replace(word, letter)
    text = re.sub(r"[ -]", "", text)
    return _POINTS.index(text) * 22.5 if text in _POINTS else None
