"""Arrivals: alerts that come when they come, at a mean rate, however long the answers take; one process.

    python -m tests.bench.arrivals PORT RATE SECONDS SECRET

Prints ``{"latencies_ms": […], "seconds", "cpu_s", "answered": n, "refused": n, "sent_late_ms": […]}``. Each latency
counts from when the alert was due (Poisson, the same each time), so one that has to wait for the answers to others
counts with its wait. The requests are made beforehand, so that sending costs little.
"""

import json
import random
import select
import sys
import time
from collections import deque

from tests.bench.posters import Poster, signed_request

CONNECTIONS = 128
WARM_UP_S = 1.0
"""What comes in this time is not counted."""
DRAIN_S = 20.0


def main() -> None:
    port, rate, seconds, secret = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    draw = random.Random(1)
    due = [draw.expovariate(rate)]
    while due[-1] < WARM_UP_S + seconds:
        due.append(due[-1] + draw.expovariate(rate))
    requests = [signed_request(secret) for _ in due]
    posters = {poster.sock.fileno(): poster for poster in (Poster(port) for _ in range(CONNECTIONS))}
    free = deque(posters.values())
    under_way: dict[int, float] = {}
    """When the alert was due that a connection brings."""
    latencies_ms: list[float] = []
    sent_late_ms: list[float] = []
    refused = sent = 0
    cpu_s, began = time.process_time(), time.perf_counter()
    while sent < len(due) or under_way:
        now_s = time.perf_counter() - began
        if now_s > due[-1] + DRAIN_S:
            raise RuntimeError(f"{len(under_way)} alerts were not answered")
        while sent < len(due) and due[sent] <= now_s and free:
            poster = free.popleft()
            poster.send(requests[sent])
            under_way[poster.sock.fileno()] = due[sent]
            if due[sent] >= WARM_UP_S:
                sent_late_ms.append((time.perf_counter() - began - due[sent]) * 1000)
            sent += 1
        wait_s = max(0.0, due[sent] - (time.perf_counter() - began)) if sent < len(due) and free else 1.0
        # epoll would round it up to a millisecond.
        for fd in select.select(list(under_way), [], [], wait_s)[0]:
            status = posters[fd].receive()
            if status is None:
                continue
            due_s = under_way.pop(fd)
            free.append(posters[fd])
            if due_s >= WARM_UP_S:
                latencies_ms.append((time.perf_counter() - began - due_s) * 1000)
                refused += status != 201
    facts = {
        "latencies_ms": latencies_ms,
        "seconds": time.perf_counter() - began,
        "cpu_s": time.process_time() - cpu_s,
        "answered": sent,
        "refused": refused,
        "sent_late_ms": sent_late_ms,
    }
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
