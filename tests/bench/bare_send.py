"""The yardstick: the same bytes to the same number of sockets by nothing but ``send()`` in a loop.

    python -m tests.bench.bare_send CLIP CONNECTIONS SENT

Prints ``{"port": …}``, waits for the connections, then sends the pictures of the clip at its rate until one of them
leaves. Writes to the file ``SENT`` when each picture went out, as the camera of the benchmark does.
"""

import contextlib
import itertools
import json
import socket
import struct
import sys
import time
from pathlib import Path

from streams.access_unit import AccessUnit
from streams.cameras.clips import Clip
from streams.cameras.muxer import Muxer
from tests.bench.sent import TAIL_BYTES, SentLog

SEND_TIMEOUT_S = 10


def main() -> None:
    clip = Clip.open(Path(sys.argv[1]))
    connections = int(sys.argv[2])
    pictures = [message for number in range(len(clip)) if (message := _message(clip, number))]
    log = SentLog()
    with socket.create_server(("127.0.0.1", 0), backlog=connections) as listener:
        print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
        sockets = [listener.accept()[0] for _ in range(connections)]
    for sock in sockets:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The kernel's timeout: Python's own would cost a poll() before every send().
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_TIMEOUT_S, 0))
    begin = time.monotonic()
    with contextlib.suppress(ConnectionError):
        for number in itertools.count():
            time.sleep(max(0.0, begin + number / clip.fps - time.monotonic()))
            message = pictures[number % len(pictures)]
            log.note(time.monotonic_ns(), message[-TAIL_BYTES:])
            for sock in sockets:
                sock.sendall(message)
    Path(sys.argv[3]).write_bytes(log.content())


_MUXER = Muxer(1)


def _message(clip: Clip, number: int) -> bytes:
    """The whole WebSocket frame of one picture."""
    captured_at = 1_795_201_401 + number / clip.fps
    timestamp = number * 90_000 // clip.fps
    unit = AccessUnit(clip.parameters, clip[number], clip.is_key(number), captured_at, timestamp)
    return _MUXER.push(unit)[-1].message


if __name__ == "__main__":
    main()
