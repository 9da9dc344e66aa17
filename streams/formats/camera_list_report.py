"""What is told of a list of cameras that was read, and how its cameras are written down."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from streams.config import CameraConfig
from streams.formats.camera_finding import CameraFinding
from streams.formats.camera_list import CameraList, ListedCamera

_DEFAULTS = {field.name: field.default for field in fields(CameraConfig)}


def report(found: CameraList) -> str:
    """A line for each finding, in the order of the list, and the sums as the last line."""
    left_out = found.left_out
    remarks = [finding for finding in found.findings if not finding.trouble.is_left_out]
    sums = (
        f"{found.entries} entries: {len(found.cameras)} cameras, {len(left_out)} left out{_sums(left_out)}, "
        f"{len(remarks)} remarks{_sums(remarks)}."
    )
    return "\n".join([*(_line(finding) for finding in found.findings), sums]) + "\n"


def to_json(found: CameraList) -> str:
    """The cameras as a list of objects with the keys of ``[[camera]]`` (docs/operations.md), one a line."""
    lines = (json.dumps(_object(listed), ensure_ascii=False, allow_nan=False) for listed in found.cameras)
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _line(finding: CameraFinding) -> str:
    name = f" ({finding.name})" if finding.name else ""
    fate = "left out" if finding.trouble.is_left_out else "taken"
    return f"{finding.where}{name}: {fate}: {finding.trouble}: {finding.sentence}"


def _sums(findings: Iterable[CameraFinding]) -> str:
    counted = Counter(finding.trouble for finding in findings).most_common()
    return f" ({', '.join(f'{count} {trouble}' for trouble, count in counted)})" if counted else ""


def _object(listed: ListedCamera) -> dict[str, Any]:
    values = asdict(listed.camera) | {"password_env": listed.password_env, "password_file": listed.password_file}
    del values["password"]
    return {key: value for key, value in values.items() if value != _DEFAULTS.get(key, "")}
