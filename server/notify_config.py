"""How devices that sleep are rung: the part ``[notify]`` of the configuration."""

import re
from dataclasses import dataclass, field

from streams.table import Table

_CONTACT = re.compile(r"mailto:[^\s@]+@[^\s@]+\.[^\s@.]+|https://[^\s/?#@]+\.[^\s/?#@.]+(/[^\s]*)?")
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")


@dataclass(frozen=True, slots=True)
class NotifyConfig:
    contact: str = ""
    """``mailto:`` or ``https:``, whom push services turn to (RFC 8292 §2.1); "" turns Web Push off."""
    vapid_key: str = field(default="", repr=False)
    """A private key of P-256, PEM or 32 bytes in base64url; "" takes that of ``vapid.pem`` in the data folder."""
    show_content: bool = False
    """Whether the text of an alert goes to the push service too (encrypted), and onto lock screens."""
    allow_hosts: tuple[str, ...] = ()
    """Hosts of push services that need not be public."""


def read(table: Table) -> NotifyConfig:
    """
    Raises:
        ConfigError: a key is wrong.
    """
    notify = NotifyConfig(
        contact=table.text("contact", ""),
        vapid_key=table.secret("vapid_key"),
        show_content=table.flag("show_content", False),
        allow_hosts=tuple(host.lower() for host in table.texts("allow_hosts")),
    )
    table.done()
    if notify.contact and not _CONTACT.fullmatch(notify.contact):
        raise table.error(
            "contact", f"{notify.contact!r} is no contact, expected for example mailto:ops@city.example or https://…"
        )
    for host in notify.allow_hosts:
        if not _HOST.fullmatch(host):
            raise table.error("allow_hosts", f"{host!r} is no host name, expected for example push.city.example")
    return notify
