"""Device: one tablet of a load generator, as far as its socket has come."""

import socket


class Device:
    __slots__ = (
        "buffer",
        "due",
        "entries",
        "is_live",
        "is_upgraded",
        "last",
        "owed",
        "port",
        "position",
        "sock",
        "token",
    )

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.token = token
        self.sock: socket.socket | None = None
        self.buffer = b""
        self.position = -1
        """The last one read; -1 before the first opening."""
        self.entries = 0
        """Since the last report."""
        self.is_upgraded = False
        self.is_live = False
        self.due = 0.0
        self.last = b""
        """Id and revision of the last alert."""
        self.owed: list[bytes] = []
        """Alerts that are reported together."""
