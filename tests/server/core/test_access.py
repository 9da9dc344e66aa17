from dataclasses import replace

import pytest

from server.core.access import ROLE_PERMISSIONS, Permission, allows, may
from server.core.people import Person, Right, Role

STAFF = {Role.OPERATOR, Role.DISPATCHER, Role.ADMIN}
WHO = {
    Permission.ANYBODY: set(Role),
    Permission.OWN_SESSION: set(Role),
    Permission.SEE_CITY: set(Role),
    Permission.SEE_CAMERAS: set(Role),
    Permission.SEE_CAMERA_HEALTH: STAFF,
    Permission.CHECK_CAMERAS: STAFF,
    Permission.SEE_PAST: STAFF,
    Permission.SEE_ALERTS: set(Role),
    Permission.GIVE_RECEIPTS: set(Role),
    Permission.FOLLOW_EVENTS: set(Role),
    Permission.RING_OWN_DEVICES: set(Role),
    Permission.SEE_MEDIA: set(Role),
    Permission.WORK_ALERTS: set(Role),
    Permission.CORRECT_ALERTS: STAFF,
    Permission.SPEAK_FOR_OTHERS: STAFF,
    Permission.SEE_BULLETINS: set(Role),
    Permission.SEND_BULLETINS: STAFF,
    Permission.SEE_PEOPLE: STAFF,
    Permission.RAISE_ALERTS: STAFF,
    Permission.SEE_PUSHES: set(Role),
    Permission.SEND_PUSHES: STAFF,
    Permission.SEE_CLIPS: STAFF,
    Permission.MAKE_CLIPS: STAFF,
    Permission.RELEASE_CLIPS: {Role.ADMIN},
    Permission.SEE_POLICIES: STAFF,
    Permission.CHANGE_POLICIES: {Role.ADMIN},
    Permission.READ_AUDIT: {Role.ADMIN},
    Permission.LIFT_MASKS: set(),
}


@pytest.mark.parametrize("permission", Permission)
def test_each_permission_is_held_by_the_roles_of_the_protocol(permission: Permission) -> None:
    assert {role for role in Role if allows(role, permission)} == WHO[permission]


def test_nobody_may_do_what_needs_a_session() -> None:
    assert [permission for permission in Permission if allows(None, permission)] == [Permission.ANYBODY]


def test_every_role_is_in_the_table() -> None:
    assert set(ROLE_PERMISSIONS) == set(Role)


@pytest.mark.parametrize("role", Role)
def test_masks_are_lifted_only_by_those_who_are_named(role: Role) -> None:
    person = Person("one", "One", role)
    assert not may(person, Permission.LIFT_MASKS)
    assert may(replace(person, rights=frozenset({Right.LIFT_MASKS})), Permission.LIFT_MASKS)
    assert may(person, Permission.READ_AUDIT) == (role is Role.ADMIN)
