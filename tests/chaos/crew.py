"""Crew: who signs in during a run, with how many devices, and the configuration that knows them."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher

PASSWORD = "chaos, chaos"
PASSWORD_VARIABLE = "SIGHTLINE_CHAOS_PASSWORD"
SECRET_VARIABLE = "SIGHTLINE_CHAOS_SECRET"
SECRET = "whsec_" + base64.b64encode(b"the chaos secret of thirty bytes").decode()
SOURCE = "sensor"
STAFF = ("operator", "dispatcher", "admin")
UNITS = ("7", "12", "15", "21")


@dataclass(frozen=True, slots=True)
class Member:
    person: str
    role: str
    unit: str
    device: str

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF


def crew(size: int) -> tuple[Member, ...]:
    """``size`` devices: an operator and a dispatcher, the others officers with two tablets each, four units."""
    members = [Member("operator", "operator", "", "console"), Member("dispatcher", "dispatcher", "", "board")]
    for number in range(size - len(members)):
        officer, tablet = divmod(number, 2)
        members.append(
            Member(f"officer-{officer}", "officer", UNITS[officer % len(UNITS)], f"tablet-{number}-{tablet}")
        )
    return tuple(members[:size])


OBSERVER = "observer"
"""Has a console of its own at each server, past every link."""
AUDITOR = "auditor"


# One hash for all servers and all their starts: another one is a new password, which ends every session. It is cheap
# on purpose: what passwords cost is tested elsewhere.
ENVIRON = {
    PASSWORD_VARIABLE: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD),
    SECRET_VARIABLE: SECRET,
}
"""The secrets of the configuration."""


def configuration(folder: Path, members: Sequence[Member]) -> Path:
    """Write it to ``folder``; the data folder, the database, the bus and the port come by environment."""
    people = {member.person: (member.role, member.unit) for member in members}
    people |= {OBSERVER: ("operator", ""), AUDITOR: ("admin", "")}
    lines = [
        f"data_folder = {json.dumps(str(folder))}",
        '[[camera]]\nid = "main"\nurl = "rtsp://127.0.0.1:9/"',
        f'[[source]]\nname = "{SOURCE}"\nkind = "alerts"\nsecret_env = "{SECRET_VARIABLE}"',
    ]
    for person, (role, unit) in people.items():
        lines.append(f'[[person]]\nid = "{person}"\nrole = "{role}"\npassword_env = "{PASSWORD_VARIABLE}"')
        lines += [f'unit = "{unit}"'] if unit else []
    file = folder / "sightline.toml"
    file.write_text("\n".join(lines) + "\n")
    return file
