"""Tables: what the migrations have made of the database. Changing one needs a new file in migrations/versions."""

from server.store.tables.alerting import (
    alert_groups,
    alert_names,
    alert_revisions,
    alerts,
    escalations,
    policies,
    sources,
)
from server.store.tables.base import metadata
from server.store.tables.keeping import clips
from server.store.tables.record import audit, installation, log
from server.store.tables.sending import (
    bulletins,
    commands,
    media,
    media_uses,
    push_recipients,
    pushes,
    receipt_commands,
    receipts,
    removed_media,
)
from server.store.tables.staff import people, positions, push_rings, push_subscriptions, sessions, sign_in_failures
from server.store.tables.watching import (
    camera_changes,
    camera_check_orders,
    camera_checks,
    camera_references,
    camera_watches,
)

__all__ = [
    "alert_groups",
    "alert_names",
    "alert_revisions",
    "alerts",
    "audit",
    "bulletins",
    "camera_changes",
    "camera_check_orders",
    "camera_checks",
    "camera_references",
    "camera_watches",
    "clips",
    "commands",
    "escalations",
    "installation",
    "log",
    "media",
    "media_uses",
    "metadata",
    "people",
    "policies",
    "positions",
    "push_recipients",
    "push_rings",
    "push_subscriptions",
    "pushes",
    "receipt_commands",
    "receipts",
    "removed_media",
    "sessions",
    "sign_in_failures",
    "sources",
]
