"""A list of cameras from elsewhere: which of them can be used, and what is the matter with each of the others."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from streams.config import CameraConfig
from streams.formats.camera_address import trouble_with
from streams.formats.camera_entries import CameraEntry, entries
from streams.formats.camera_finding import CameraFinding, CameraTrouble
from streams.formats.compass import heading_of

MAX_CAMERAS = 65535
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class ListedCamera:
    """A camera that can be used, and where its password will be found; in its own words it is never there."""

    where: str
    camera: CameraConfig
    """``number`` is 0 and ``id`` "" until all cameras of the list have one."""
    password_env: str = ""
    password_file: str = ""


@dataclass(frozen=True, slots=True)
class CameraList:
    """Every entry is among the cameras or has a finding that left it out."""

    entries: int
    cameras: tuple[ListedCamera, ...]
    findings: tuple[CameraFinding, ...]
    """In the order of the list; of one entry there may be several."""

    @property
    def left_out(self) -> tuple[CameraFinding, ...]:
        return tuple(finding for finding in self.findings if finding.trouble.is_left_out)


def parse(body: bytes) -> CameraList:
    """Read a list, CSV or JSON (``camera_entries``).

    Raises:
        FormatError: it is no list of cameras.
    """
    given = list(entries(body))
    findings: list[tuple[int, CameraFinding]] = []
    listed: list[tuple[int, ListedCamera]] = []
    addresses: dict[str, str] = {}
    ids: dict[str, str] = {}
    for index, entry in enumerate(given):
        trouble = _reason_to_leave_out(entry, addresses, ids)
        if trouble is None and len(listed) >= MAX_CAMERAS:
            trouble = CameraTrouble.TOO_MANY, f"{MAX_CAMERAS} cameras are the most that fit"
        if trouble is not None:
            findings.append((index, CameraFinding(entry.where, _name(entry), *trouble)))
            continue
        addresses[entry.fields["url"]] = entry.where
        if entry.fields["id"]:
            ids[entry.fields["id"]] = entry.where
        troubles: list[tuple[CameraTrouble, str]] = []
        listed.append((index, _camera(entry, troubles)))
        findings += ((index, CameraFinding(entry.where, _name(entry), *each)) for each in troubles)
    cameras = _numbered([one for _, one in listed], [index for index, _ in listed], findings)
    findings.sort(key=lambda found: found[0])
    return CameraList(len(given), tuple(_named(cameras)), tuple(finding for _, finding in findings))


def _reason_to_leave_out(
    entry: CameraEntry, addresses: dict[str, str], ids: dict[str, str]
) -> tuple[CameraTrouble, str] | None:
    if entry.is_broken:
        return CameraTrouble.BROKEN, "expected an object, or a line with as many values as there are columns"
    if trouble := trouble_with(entry.fields["url"], entry.fields["format"]):
        return trouble
    if earlier := addresses.get(entry.fields["url"]):
        return CameraTrouble.DUPLICATE, f"its address is that of {earlier} too"
    if earlier := ids.get(entry.fields["id"]):
        return CameraTrouble.DUPLICATE, f"its id is that of {earlier} too"
    return None


def _camera(entry: CameraEntry, troubles: list[tuple[CameraTrouble, str]]) -> ListedCamera:
    fields = entry.fields
    lat, lon = _position(fields["lat"], fields["lon"], troubles)
    heading_deg = heading_of(fields["heading"])
    if fields["heading"] and heading_deg is None:
        sentence = f"'{fields['heading'][:40]}' does not say where it looks; expected degrees or a compass point"
        troubles.append((CameraTrouble.NO_HEADING, sentence))
    fov_deg = _number(fields["fov"], 1, 360)
    if fields["fov"] and fov_deg is None:
        troubles.append((CameraTrouble.BAD_FOV, f"'{fields['fov'][:40]}' is no field of view, expected 1 to 360"))
    if fields["password"]:
        sentence = "the password was not taken over; put it into password_env or password_file"
        troubles.append((CameraTrouble.IN_CLEAR, sentence))
    camera_id = fields["id"]
    if camera_id and not _ID.fullmatch(camera_id):
        sentence = "its id was changed to 1 to 64 letters, digits, '.', '-' or '_'"
        troubles.append((CameraTrouble.BAD_ID, sentence))
        camera_id = ""
    number = _number(fields["number"], 1, MAX_CAMERAS)
    if fields["number"] and (number is None or number % 1):
        troubles.append((CameraTrouble.BAD_NUMBER, f"its number is none of 1 to {MAX_CAMERAS}; it got a free one"))
        number = None
    camera = CameraConfig(
        id=camera_id,
        number=int(number or 0),
        name=_name(entry),
        url=fields["url"],
        username=fields["username"][:200],
        lat=lat,
        lon=lon,
        heading_deg=heading_deg,
        fov_deg=fov_deg,
        district=fields["district"][:200],
        always_on=fields["always_on"].lower() in {"true", "1", "yes"},
    )
    return ListedCamera(entry.where, camera, fields["password_env"][:200], fields["password_file"][:200])


def _position(
    lat_text: str, lon_text: str, troubles: list[tuple[CameraTrouble, str]]
) -> tuple[float | None, float | None]:
    lat, lon = _number(lat_text, -90, 90), _number(lon_text, -180, 180)
    if not lat_text and not lon_text:
        troubles.append((CameraTrouble.NO_POSITION, "without a position it is never among the nearest"))
    elif lat is None or lon is None:
        sentence = f"latitude '{lat_text[:20]}', longitude '{lon_text[:20]}' is no place; it has none now"
        troubles.append((CameraTrouble.BAD_POSITION, sentence))
    elif (lat, lon) == (0, 0):
        troubles.append((CameraTrouble.ZERO_POSITION, "its position is (0, 0), in the sea; it has none now"))
    else:
        return lat, lon
    return None, None


def _numbered(
    listed: Sequence[ListedCamera], indices: Sequence[int], findings: list[tuple[int, CameraFinding]]
) -> list[ListedCamera]:
    """All with a number: the one they came with, for the first who has it, else the next free one."""
    taken: dict[int, str] = {}
    for one in listed:
        if one.camera.number:
            taken.setdefault(one.camera.number, one.where)
    free = (number for number in range(1, MAX_CAMERAS + 1) if number not in taken)
    numbered: list[ListedCamera] = []
    for index, one in zip(indices, listed, strict=True):
        number = one.camera.number
        if number and taken[number] != one.where:
            sentence = f"its number {number} is that of {taken[number]} too; it got a free one"
            findings.append((index, CameraFinding(one.where, one.camera.name, CameraTrouble.BAD_NUMBER, sentence)))
            number = 0
        numbered.append(replace(one, camera=replace(one.camera, number=number or next(free))))
    return numbered


def _named(listed: Sequence[ListedCamera]) -> Iterator[ListedCamera]:
    """All with an id. One that is made of a name which several have holds a digest of the address as well, so that it
    does not depend on the order of the list."""
    taken = {one.camera.id for one in listed}
    slugs = Counter(_slug(one.camera.name) for one in listed if not one.camera.id)
    for one in listed:
        camera_id = one.camera.id
        if not camera_id:
            camera_id = _slug(one.camera.name)
            if slugs[camera_id] > 1 or camera_id in taken:
                camera_id += f"-{blake2b(one.camera.url.encode(), digest_size=6).hexdigest()}"
            taken.add(camera_id)
        yield replace(one, camera=replace(one.camera, id=camera_id, name=one.camera.name or camera_id))


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:48].strip("-") or "camera"


def _name(entry: CameraEntry) -> str:
    return (entry.fields.get("name") or entry.fields.get("id", ""))[:200]


def _number(text: str, low: float, high: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    # `not (a <= x <= b)` also refuses NaN.
    return value if low <= value <= high else None
