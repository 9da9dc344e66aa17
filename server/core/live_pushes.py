"""LivePushes: the pushes that let people watch cameras now, kept up to date by those that come along."""

from collections import deque

from server.core.pushes import PushRecord


class LivePushes:
    """By person, so that nobody who comes back has to be looked up. ``now_ms`` is since the epoch."""

    def __init__(self) -> None:
        self._by_person: dict[str, dict[str, PushRecord]] = {}
        self._sent: deque[PushRecord] = deque()
        """In the order in which they expire: all are good for equally long."""

    def heard(self, push: PushRecord, now_ms: int) -> None:
        """Take in a push that was sent or recalled."""
        while self._sent and self._sent[0].expires_ms <= now_ms:
            self._drop(self._sent.popleft())
        if not push.is_live(now_ms):
            self._drop(push)
            return
        if push.cameras:
            self._sent.append(push)
            for person_id in push.recipients:
                self._by_person.setdefault(person_id, {})[push.id] = push

    def of(self, person_id: str, now_ms: int) -> list[PushRecord]:
        """Those that let this person watch."""
        return [push for push in self._by_person.get(person_id, {}).values() if push.is_live(now_ms)]

    def _drop(self, push: PushRecord) -> None:
        for person_id in push.recipients:
            pushes = self._by_person.get(person_id, {})
            pushes.pop(push.id, None)
            if not pushes:
                self._by_person.pop(person_id, None)
