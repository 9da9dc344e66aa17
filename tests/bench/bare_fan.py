"""The yardstick of the fan-out: the same bytes to the same number of sockets by nothing but ``send()`` in a loop.

    python -m tests.bench.bare_fan CONNECTIONS FRAME

``FRAME`` is in hex. Prints ``{"port": …}``, waits for the connections, and sends the frame to all for every line on
stdin; answers with the CPU time that it took, in nanoseconds.
"""

import json
import socket
import sys
import time


def main() -> None:
    connections, frame = int(sys.argv[1]), bytes.fromhex(sys.argv[2])
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
        sockets = [listener.accept()[0] for _ in range(connections)]
    for sock in sockets:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for _ in sys.stdin:
        before_ns = time.process_time_ns()
        for sock in sockets:
            sock.send(frame)
        print(json.dumps({"cpu_ns": time.process_time_ns() - before_ns}), flush=True)


if __name__ == "__main__":
    main()
