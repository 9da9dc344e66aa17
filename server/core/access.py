"""Access: which role may do what. One table; what is not in it is refused."""

from collections.abc import Mapping
from enum import StrEnum

from server.core.people import Person, Right, Role


class Permission(StrEnum):
    """What a route or a message needs. ``ANYBODY`` needs no session: sign-in, health, intake with its own signature."""

    ANYBODY = "anybody"
    OWN_SESSION = "session.own"
    SEE_CITY = "city.see"
    SEE_CAMERAS = "cameras.see"
    """Those the person may watch now: all for staff, the pushed ones for officers (core/grants.py)."""
    SEE_CAMERA_HEALTH = "cameras.health"
    CHECK_CAMERAS = "cameras.check"
    """Have their pictures checked, and say how they should look."""
    SEE_PAST = "cameras.past"
    """What cameras have shown before somebody watched: for those who may watch every camera at any time."""
    SEE_ALERTS = "alerts.see"
    GIVE_RECEIPTS = "receipts.give"
    FOLLOW_EVENTS = "events.follow"
    RING_OWN_DEVICES = "subscriptions.own"
    SEE_PEOPLE = "people.see"
    RAISE_ALERTS = "alerts.raise"
    WORK_ALERTS = "alerts.work"
    """On the way, on scene, closed: about alerts that concern the person."""
    CORRECT_ALERTS = "alerts.correct"
    """Update, cancel, reopen, shelve."""
    SPEAK_FOR_OTHERS = "receipts.radio"
    """What somebody has said by radio."""
    SEE_PUSHES = "pushes.see"
    """The recent ones that concern the person."""
    SEND_PUSHES = "pushes.send"
    """Recalling one is the same permission; so is sending photos for it."""
    SEE_MEDIA = "media.see"
    """Photos of what is live and concerns the person (core/media.py)."""
    SEE_BULLETINS = "bulletins.see"
    SEND_BULLETINS = "bulletins.send"
    """Changing and ending one is the same permission."""
    SEE_CLIPS = "clips.see"
    MAKE_CLIPS = "clips.make"
    """Putting a legal hold on one is the same permission."""
    RELEASE_CLIPS = "clips.release"
    """Taking a legal hold off: from then on it may be removed."""
    SEE_POLICIES = "policies.see"
    CHANGE_POLICIES = "policies.change"
    READ_AUDIT = "audit.read"
    LIFT_MASKS = "masks.lift"
    """Of no role: an administrator looks after machines. The configuration names who has it."""


_EVERY_ROLE = frozenset(
    {
        Permission.ANYBODY,
        Permission.OWN_SESSION,
        Permission.SEE_CITY,
        Permission.SEE_CAMERAS,
        Permission.SEE_ALERTS,
        Permission.GIVE_RECEIPTS,
        Permission.FOLLOW_EVENTS,
        Permission.RING_OWN_DEVICES,
        Permission.SEE_PUSHES,
        Permission.SEE_MEDIA,
        Permission.SEE_BULLETINS,
        Permission.WORK_ALERTS,
    }
)
_STAFF = _EVERY_ROLE | {
    Permission.SEE_PEOPLE,
    Permission.SEE_CAMERA_HEALTH,
    Permission.CHECK_CAMERAS,
    Permission.SEE_PAST,
    Permission.RAISE_ALERTS,
    Permission.SEND_PUSHES,
    Permission.SEND_BULLETINS,
    Permission.CORRECT_ALERTS,
    Permission.SPEAK_FOR_OTHERS,
    Permission.SEE_CLIPS,
    Permission.MAKE_CLIPS,
    Permission.SEE_POLICIES,
}

ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OFFICER: _EVERY_ROLE,
    Role.OPERATOR: _STAFF,
    Role.DISPATCHER: _STAFF,
    Role.ADMIN: _STAFF | {Permission.READ_AUDIT, Permission.CHANGE_POLICIES, Permission.RELEASE_CLIPS},
}

_OF_RIGHTS = {Right.LIFT_MASKS: Permission.LIFT_MASKS}


def may(person: Person, permission: Permission) -> bool:
    """By role, or by a right of his own."""
    return allows(person.role, permission) or any(_OF_RIGHTS[right] is permission for right in person.rights)


def allows(role: Role | None, permission: Permission) -> bool:
    """``role`` is None for a request without a session."""
    if role is None:
        return permission is Permission.ANYBODY
    return permission in ROLE_PERMISSIONS.get(role, frozenset())
