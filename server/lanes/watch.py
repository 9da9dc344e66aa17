"""Watch: one person's view of one stream on one socket."""

from collections.abc import Callable

from server.core.viewer import Jump, Viewer
from server.lanes.looks import Look
from server.lanes.metered_socket import MeteredSocket


class Watch:
    """What is looked up here once, is not looked up for each picture."""

    __slots__ = ("follows", "look", "on_jump", "pending_bytes", "socket", "step_out", "viewer", "write")

    def __init__(self, socket: MeteredSocket, look: Look, on_jump: Callable[[Jump], None] = lambda _: None) -> None:
        """
        Args:
            on_jump: told before anything of a jump is written, the first one too. It may leave any room but this one.
        """
        self.socket = socket
        self.look = look
        self.on_jump = on_jump
        self.viewer = Viewer()
        self.follows = self.viewer.follows
        self.step_out: Callable[[], None] | None = None
        """Only while he is in step with others (steady.py): ends that."""
        self.link_changed()

    def link_changed(self) -> None:
        """The link of his socket is wide, or is not any more."""
        if self.step_out is not None:
            self.step_out()
        self.pending_bytes = self.socket.pending_bytes
        self.write = self.socket.write
        self.viewer.on_link(is_wide=self.socket.is_wide)
