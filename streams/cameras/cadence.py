"""Cadence: which pictures of a camera a slower rendition shows, and where its key frames are. Pure."""

KEY_EVERY_S = 2.0


class Cadence:
    """Decides by capture times, because cameras' rates are not what they say, and change.

    Args:
        pictures_per_s: at most; None: every one.
    """

    def __init__(self, pictures_per_s: float | None) -> None:
        self._step_s = 1 / pictures_per_s if pictures_per_s else 0.0
        self._due_s: float | None = None
        self._key_s: float | None = None

    def takes(self, captured_at: float) -> bool:
        """Whether the next picture is shown."""
        due = self._due_s
        if due is None or abs(captured_at - due) > max(1.0, 2 * self._step_s):
            due = captured_at  # the first, or time has jumped
        # Half a picture of 25 a second early is better than a whole one late.
        if captured_at < due - min(0.02, self._step_s / 4):
            return False
        self._due_s = max(due, captured_at - self._step_s) + self._step_s
        return True

    def is_key_due(self, captured_at: float) -> bool:
        """Whether a picture that is shown is to be a key frame, and then it is taken as one."""
        if self._key_s is not None and 0 <= captured_at - self._key_s < KEY_EVERY_S - self._step_s / 4:
            return False
        self._key_s = captured_at
        return True

    def ask_for_key(self) -> None:
        """The next one that is shown."""
        self._key_s = None
