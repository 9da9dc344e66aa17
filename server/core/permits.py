"""Permits: the cameras that one person may watch, kept up to date by the pushes that come along."""

from collections.abc import Iterable

from server.core import grants
from server.core.people import Person
from server.core.pushes import PushRecord


class Permits:
    """What core/grants.py says of one person, without asking the database each time. ``now_ms`` is since the epoch."""

    __slots__ = ("_cameras", "_pushes", "person")

    def __init__(self, person: Person) -> None:
        self.person = person
        self._pushes: dict[str, PushRecord] = {}
        self._cameras: dict[str, frozenset[str]] = {}
        """By push: what it let him watch. A recalled one does not say that any more, and he has to be told why."""

    def learn(self, pushes: Iterable[PushRecord]) -> None:
        """Take in the live pushes to this person as they were read; what was heard of meanwhile is newer and stays."""
        for push in pushes:
            self.heard(push)

    def heard(self, push: PushRecord) -> bool:
        """Take in a push that was sent or recalled.

        Returns:
            Whether it can make a difference to this person.
        """
        if self.person.is_staff or self.person.id not in push.recipients:
            return False
        known, before = self._pushes.get(push.id), self._cameras.get(push.id, frozenset())
        cameras = self._cameras[push.id] = before | {camera.id for camera in push.cameras}
        if known is not None and known.revision >= push.revision:
            return False
        self._pushes[push.id] = push
        # Of a recalled push that we did not know we can't tell which cameras it had.
        return bool(cameras) or (known is None and push.is_recalled)

    @property
    def is_empty(self) -> bool:
        """There never was anything that this officer may watch; nothing has to be looked up."""
        return not self._pushes and not self.person.is_staff

    def may_watch(self, camera_id: str, now_ms: int) -> bool:
        return grants.may_watch(self.person, camera_id, self._pushes.values(), now_ms)

    def why_not(self, camera_id: str, now_ms: int) -> str:
        """For one who may not watch (any more): a sentence that says no more than he knows already."""
        about = [push for push in self._pushes.values() if camera_id in self._cameras[push.id]]
        if any(push.is_recalled for push in about):
            return "The push was recalled."
        if any(not push.is_live(now_ms) for push in about):
            return "The push has expired."
        return f"There is no camera '{camera_id}' that you may watch."
