"""Posters: a number of alert sources that each send the next alert when the last one is answered; one process.

    python -m tests.bench.posters PORT SOURCES SECONDS SECRET

Prints ``{"latencies_ms": […], "seconds", "cpu_s", "answered": n, "refused": n}``. An alert is new each time, and
each happens at another place.
"""

import json
import os
import random
import select
import socket
import sys
import time

from tests.bench.source import signed_alert

WARM_UP = 50
"""Alerts that are not counted."""


class Poster:
    __slots__ = ("answer", "sent_at", "sock")

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer = b""
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        self.answer = b""
        self.sent_at = time.perf_counter()
        self.sock.sendall(request)

    def receive(self) -> int | None:
        """The status when the answer is whole."""
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("the server has closed the connection")
        self.answer += data
        head, end, body = self.answer.partition(b"\r\n\r\n")
        if not end:
            return None
        at = head.lower().index(b"content-length:") + 15
        if len(body) < int(head[at:].split(b"\r\n", 1)[0]):
            return None
        return int(head[9:12])


def signed_request(secret: str) -> bytes:
    """An alert that is new, to be written to the socket."""
    # Far apart: what comes together from one place is a flood, which is another measure.
    point = {"lat": random.uniform(-60, 60), "lon": random.uniform(-170, 170)}
    body, headers = signed_alert(secret, priority=3, area={"areaDesc": "Somewhere", "point": point, "radius_m": 25})
    lines = ["POST /intake/alerts HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode() + body


def main() -> None:
    port, sources, seconds, secret = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    epoll = select.epoll()
    by_fd = {}
    for _ in range(sources):
        poster = Poster(port)
        by_fd[poster.sock.fileno()] = poster
        epoll.register(poster.sock.fileno(), select.EPOLLIN)
        poster.send(signed_request(secret))
    latencies_ms: list[float] = []
    answered = refused = 0
    began = until = time.perf_counter()
    until = began + 3600
    while time.perf_counter() < until:
        for fd, _ in epoll.poll(1.0):
            poster = by_fd[fd]
            status = poster.receive()
            if status is None:
                continue
            now = time.perf_counter()
            answered += 1
            if answered == WARM_UP:
                began, until = now, now + seconds
            elif answered > WARM_UP:
                latencies_ms.append((now - poster.sent_at) * 1000)
                refused += status != 201
            poster.send(signed_request(secret))
    facts = {
        "latencies_ms": latencies_ms,
        "seconds": time.perf_counter() - began,
        "cpu_s": sum(os.times()[:2]),
        "answered": answered,
        "refused": refused,
    }
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
