"""What keeps the address of a camera, found in a list, from being played."""

from urllib.parse import SplitResult, urlsplit

from streams.config import CAMERA_SCHEMES
from streams.formats.camera_finding import CameraTrouble

MAX_CHARACTERS = 2000
_STILLS = (".jpg", ".jpeg", ".png", ".gif", ".webp")
_PLAYLISTS = (".m3u8", ".m3u")


def trouble_with(url: str, format_name: str) -> tuple[CameraTrouble, str] | None:
    """The trouble and a sentence without the address; None when a reader can be asked to play it.

    Args:
        format_name: what the list says it is; only ``M3U8`` and what begins with ``IMAGE`` mean something here.
    """
    if not url:
        return CameraTrouble.NO_ADDRESS, "it has no address"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return CameraTrouble.BAD_ADDRESS, "the address is none"
    if parts.scheme not in CAMERA_SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in CAMERA_SCHEMES)
        scheme = f"{parts.scheme[:20]}://" if parts.scheme else "without a scheme"
        return CameraTrouble.UNKNOWN_SCHEME, f"the address is {scheme}, expected one of {known}"
    if "@" in parts.netloc:
        return (
            CameraTrouble.CREDENTIALS,
            "the address holds a user name or password; put them into username and password_env or password_file",
        )
    if " " in url or len(url) > MAX_CHARACTERS or (parts.scheme != "file" and not parts.hostname):
        return CameraTrouble.BAD_ADDRESS, f"the address has a blank, no host or more than {MAX_CHARACTERS} characters"
    sentence = _unplayable(parts, format_name.upper())
    return (CameraTrouble.UNPLAYABLE, sentence) if sentence else None


def _unplayable(parts: SplitResult, format_name: str) -> str:
    if parts.scheme not in {"http", "https"}:
        return ""
    path = parts.path.lower()
    if path.endswith(_STILLS) or format_name.startswith("IMAGE"):
        return "the address gives single pictures; expected a stream (MJPEG or HLS)"
    if format_name == "M3U8" and not path.endswith(_PLAYLISTS):
        return "the list says HLS, and the address does not end in .m3u8"
    return ""
