"""Health: how one camera is, in a word, since when, and for people why.

    idle ──wanted──▶ starting ──picture──▶ live ──5 s without──▶ stalled      or 3 of its usual gaps, if that is more
                        │                   │ ▲                     │
                        └──────error──────▶ down ◀──────error───────┘
                                              └──picture──▶ live        and idle from everywhere, when nobody wants it

While a lost camera is tried again it stays *down* or *stalled*, with the time and the reason of the loss: nobody is
told "starting" every few seconds. A live camera has a reason too where its settings cost its viewers time.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Any, Literal

from streams.errors import SourceError, SourceSilent, StreamsError
from streams.pace import Pace
from streams.rendition import Rendition

State = Literal["idle", "starting", "live", "stalled", "down"]

STALLED_AFTER_S = 5.0

_REMEMBERED_S = 10.0
FAR_APART_S = 5.0
"""Of key frames: longer waits for a picture after a loss, and for who was slow, are worth a word."""

NOBODY = "Not connected: nobody watches."
CONNECTING = "Connecting."
FAR_APART = (
    f"Key frames (I-frames) come more than {FAR_APART_S:g} s apart: after a loss, and for who was slow, the picture"
    " stands that long. Set an interval of 1 to 2 s in the camera."
)
WITHOUT_IDR = (
    "It refreshes its picture bit by bit and sends no whole key frames (IDR): browsers show it in smaller renditions"
    " and stills only. Switch that off in the camera (intra refresh)."
)
REORDERED = "It sends B-frames: each picture comes later than it must. Switch them off in the camera."


class Health:
    """Every method that may change the state returns whether it has."""

    def __init__(self, now: Callable[[], float], now_ms: Callable[[], int]) -> None:
        """
        Args:
            now: seconds, any origin, never set back.
            now_ms: milliseconds since the epoch, UTC.
        """
        self._now = now
        self._now_ms = now_ms
        self.state: State = "idle"
        self.since_ms = now_ms()
        self.reason = NOBODY
        self.code = ""
        """Of the error that the reason comes from."""
        self.pictures = 0
        """Since the camera was wanted; so are the next two."""
        self.bytes = 0
        self.losses = 0
        self.fps = 0.0
        """Over the last second or so; so is the bitrate."""
        self.bitrate_bps = 0.0
        self.gop_pictures = 0
        """Length of the last whole group of pictures, from key frame to key frame; 0 before there was one."""
        self.refused: tuple[Rendition, ...] = ()
        """What is wanted of it, and not encoded."""
        self.refusal = ""
        """Why so, for people."""
        self._since_key: int | None = None
        self._key_at = 0.0
        self._gop_s = 0.0
        self._is_recovery = False
        """Its newest key picture."""
        self._reordered_at: float | None = None
        self._pace = Pace()
        """Also of tries before: the camera is the same."""
        self._first_at: float | None = None
        """First picture of this try."""
        self._picture_at: float | None = None
        self._received_at: float | None = None
        self._counted = (0.0, 0, 0)

    @property
    def heard_age_s(self) -> float | None:
        """Since the camera has sent its last picture, shown or not; None before the first."""
        times = [at for at in (self._picture_at, self._received_at) if at is not None]
        return self._now() - max(times) if times else None

    @property
    def picture_age_s(self) -> float | None:
        """Since the last picture has come; None before the first."""
        return None if self._picture_at is None else self._now() - self._picture_at

    @property
    def live_s(self) -> float:
        """From the first to the last picture of this try; ask before ``lost``."""
        return 0.0 if self._picture_at is None or self._first_at is None else self._picture_at - self._first_at

    def wanted(self) -> bool:
        self.pictures = self.bytes = self.losses = 0
        self.gop_pictures = 0
        self._first_at = self._picture_at = self._received_at = self._since_key = self._reordered_at = None
        self._gop_s, self._is_recovery = 0.0, False
        self._pace.interrupt()
        self._counted = (self._now(), 0, 0)
        return self._change("starting", CONNECTING)

    def received(self) -> None:
        """The camera has sent a picture that can't be shown before its masks are painted into it."""
        self._received_at = self._now()

    def picture(
        self, size: int, *, is_key: bool = False, is_reordered: bool = False, is_recovery: bool = False
    ) -> bool:
        """A picture of ``size`` bytes is on its way to the viewers.

        Args:
            is_reordered: it is not shown in the order in which it came.
            is_recovery: see ``AccessUnit``.
        """
        self._picture_at = now = self._now()
        self._pace.picture(now)
        if is_reordered:
            self._reordered_at = now
        self.pictures += 1
        self.bytes += size
        if is_key:
            if self._since_key:
                self.gop_pictures = self._since_key
                self._gop_s = now - self._key_at
            self._since_key, self._key_at = 0, now
            self._is_recovery = is_recovery
        if self._since_key is not None:
            self._since_key += 1
        if self.state == "live":
            return False
        if self._first_at is None:
            self._first_at = now
        return self._change("live", "")

    def tick(self) -> bool:
        """Call it about once a second while the camera is wanted."""
        now = self._now()
        at, pictures, size = self._counted
        if now > at:
            self.fps = (self.pictures - pictures) / (now - at)
            self.bitrate_bps = 8 * (self.bytes - size) / (now - at)
        self._counted = now, self.pictures, self.bytes
        if self.state != "live" or self._picture_at is None:
            return False
        patience_s = self._patience_s
        if now - self._picture_at < patience_s:
            return self._change("live", self._advice(now))
        if self._received_at is not None and now - self._received_at < patience_s:
            unpainted = f"The camera sends pictures, but for {patience_s:g} s its masks could be painted into none."
            return self._change("stalled", unpainted, SourceError.code)
        return self._change("stalled", f"No picture for {patience_s:g} s.", SourceSilent.code)

    def refuse(self, renditions: AbstractSet[Rendition], sentence: str) -> bool:
        """These are not encoded though they are wanted; () when there are none."""
        refused = tuple(sorted(renditions))
        before = self.refused, self.refusal
        self.refused, self.refusal = refused, sentence if refused else ""
        return before != (self.refused, self.refusal)

    def lost(self, error: StreamsError) -> bool:
        """A try has ended with this error. A camera that fell silent is stalled until it has been tried once more."""
        self.losses += 1
        has_shown, self._first_at = self._first_at is not None, None
        self._since_key = None
        self._pace.interrupt()
        if isinstance(error, SourceSilent) and has_shown:
            return self._change("stalled", f"No picture for {self._patience_s:g} s.", error.code)
        return self._change("down", str(error), error.code)

    def unwanted(self) -> bool:
        self.fps = self.bitrate_bps = 0.0
        return self._change("idle", NOBODY)

    def to_bus(self) -> dict[str, Any]:
        """For the channel of states; the first three are what all clients are told (docs/wire.md §3)."""
        age_s = self.picture_age_s
        state: dict[str, Any] = {
            "state": self.state,
            "since_ms": self.since_ms,
            "reason": self.reason,
            "code": self.code,
            "fps": round(self.fps, 1),
            "bitrate_bps": round(self.bitrate_bps),
            "gop_pictures": self.gop_pictures,
            "losses": self.losses,
            "picture_ms": None if age_s is None else self._now_ms() - round(age_s * 1000),
        }
        if self.refused:
            state |= {"refused": [rendition.word for rendition in self.refused], "refusal": self.refusal}
        return state

    @property
    def _patience_s(self) -> float:
        return self._pace.patience_s(STALLED_AFTER_S)

    def _advice(self, now: float) -> str:
        """What its settings cost its viewers; "" where they are good."""
        if self._is_recovery:
            return WITHOUT_IDR
        if self._reordered_at is not None and now - self._reordered_at < _REMEMBERED_S:
            return REORDERED
        is_far_apart = self.gop_pictures > 1 and self._gop_s > FAR_APART_S
        is_late = (self._since_key or 0) > 1 and now - self._key_at > FAR_APART_S
        return FAR_APART if is_far_apart or is_late else ""

    def _change(self, state: State, reason: str, code: str = "") -> bool:
        if (state, reason) == (self.state, self.reason):
            return False
        if state != self.state:
            self.since_ms = self._now_ms()
        self.state, self.reason, self.code = state, reason, code
        return True
