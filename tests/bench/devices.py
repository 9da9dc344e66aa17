"""Devices: thousands of tablets on /ws/events, from one process and no task: raw sockets on ``select.epoll``.

    python -m tests.bench.devices ORDER

``ORDER`` is a JSON file: ``{"devices": [[port, token], …], "bare": false}``. Orders come as JSON lines on stdin,
answers go to stdout. A device reports each revision of an alert as delivered, a moment later, as one does that stores
it first. A ``bare`` device says nothing and only counts: it is for the yardstick.

    {"do": "connect"}                          → {"live": 5000, "first_ns", "last_ns", "waited_ns"}
    {"do": "expect", "position": P}            → {"position": P, "first_ns", "last_ns"} when every device has it
    {"do": "moved", "port": PORT, "over_s": S} → as connect: those that were cut off come back to PORT within S seconds,
                                                 with their own position
    {"do": "report"}                           → {"entries": {count: devices}, "doubled": n, "cut": n, "cpu_s", "frame"}
"""

import json
import os
import random
import select
import socket
import struct
import sys
import time
from collections import Counter, deque
from pathlib import Path
from typing import Any

from tests.bench.device import Device
from tests.bench.device_reports import DeviceReports
from tests.bench.web_socket import text_frame, upgrade_request

MAX_CONNECTING = 256
"""Connections that are under way at once; more would only wait in the backlog."""
READ_BYTES = 65536
GATHER_S = 0.001
"""While an entry is expected, what has come is read this often; times are late by at most as much."""
_ENTRY = b'{"type":"entry","position":'
_HEARTBEAT = text_frame({"type": "heartbeat", "position": 0})


class Devices:
    def __init__(self, devices: list[Device], *, bare: bool) -> None:
        self._devices = devices
        self._bare = bare
        self._epoll = select.epoll()
        self._by_fd: dict[int, Device] = {}
        self._to_connect: deque[Device] = deque()
        self._connecting = 0
        self._live = 0
        self._begun_ns = self._first_live_ns = self._last_live_ns = 0
        self._wants_live = False
        self._arrived: dict[int, list[int]] = {}
        """Position → how many have it, when the first and the last got it."""
        self._expected: int | None = None
        self._doubled = self._cut = 0
        self._reports = DeviceReports()
        self._frame = b""

    def run(self) -> None:
        """Until stdin ends."""
        stdin = sys.stdin.fileno()
        self._epoll.register(stdin, select.EPOLLIN)
        orders = b""
        while True:
            self._start_some()
            self._reports.send()
            wait_s = 0.01 if self._to_connect or self._reports else 1.0
            if self._expected is not None:
                # Waking up for each message would take the servers' time, not ours.
                time.sleep(GATHER_S)
            for fd, event in self._epoll.poll(wait_s, 4096):
                if fd == stdin:
                    data = os.read(stdin, 65536)
                    if not data:
                        return
                    orders += data
                    while b"\n" in orders:
                        line, _, orders = orders.partition(b"\n")
                        self._obey(json.loads(line))
                    continue
                device = self._by_fd.get(fd)
                if device is None:
                    continue
                if event & select.EPOLLOUT:
                    self._connected(device)
                else:
                    self._readable(device)

    # --- orders

    def _obey(self, order: dict[str, Any]) -> None:
        match order["do"]:
            case "connect":
                self._come(self._devices, over_s=0.0)
            case "expect":
                self._expected = order["position"]
                self._tell_expected()
            case "moved":
                gone = [device for device in self._devices if device.sock is None]
                for device in gone:
                    device.port = order["port"]
                self._come(gone, over_s=order["over_s"])
            case "report":
                counts = Counter(device.entries for device in self._devices)
                for device in self._devices:
                    device.entries = 0
                said = {
                    "entries": dict(counts),
                    "doubled": self._doubled,
                    "cut": self._cut,
                    "cpu_s": time.process_time(),
                    "frame": self._frame.hex(),
                }
                self._arrived.clear()
                say(**said)
            case other:
                raise ValueError(f"no such order: {other}")

    def _come(self, devices: list[Device], *, over_s: float) -> None:
        self._begun_ns, self._wants_live = time.monotonic_ns(), True
        self._first_live_ns = 0
        now = time.monotonic()
        for device in devices:
            device.due = now + random.uniform(0.0, over_s)
        self._to_connect.extend(sorted(devices, key=lambda each: each.due))

    # --- one device

    def _start_some(self) -> None:
        now = time.monotonic()
        while self._to_connect and self._connecting < MAX_CONNECTING and self._to_connect[0].due <= now:
            device = self._to_connect.popleft()
            sock = device.sock = socket.socket()
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect_ex(("127.0.0.1", device.port))
            self._by_fd[sock.fileno()] = device
            self._epoll.register(sock.fileno(), select.EPOLLOUT)
            self._connecting += 1
            device.is_upgraded = device.is_live = False
            device.buffer = b""

    def _connected(self, device: Device) -> None:
        assert device.sock is not None
        if error := device.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise RuntimeError(f"a device could not connect: {os.strerror(error)}")
        self._epoll.modify(device.sock.fileno(), select.EPOLLIN)
        if self._bare:
            device.is_upgraded = True
            self._connecting -= 1
            self._is_live(device)
        else:
            device.sock.send(upgrade_request("127.0.0.1", device.port, "/ws/events", device.token))

    def _readable(self, device: Device) -> None:
        assert device.sock is not None
        try:
            data = device.sock.recv(READ_BYTES)
        except ConnectionError:
            data = b""
        if not data:
            self._lost(device)
            return
        data = device.buffer + data if device.buffer else data
        if not device.is_upgraded:
            head, end, rest = data.partition(b"\r\n\r\n")
            if not end:
                device.buffer = data
                return
            if b" 101 " not in head[:20]:
                raise RuntimeError(f"a device was answered {head[:200]!r}")
            device.is_upgraded = True
            self._connecting -= 1
            data = rest
        at, size = 0, len(data)
        while size - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                if size - at < 4:
                    break
                length, start = (data[at + 2] << 8) | data[at + 3], at + 4
            elif length == 127:
                if size - at < 10:
                    break
                (length,), start = struct.unpack_from(">Q", data, at + 2), at + 10
            if size - start < length:
                break
            self._message(device, data, start, start + length)
            at = start + length
        device.buffer = data[at:]

    def _message(self, device: Device, data: bytes, start: int, end: int) -> None:
        if data.startswith(_ENTRY, start):
            comma = data.index(b",", start + len(_ENTRY))
            position = int(data[start + len(_ENTRY) : comma])
            now_ns = time.monotonic_ns()
            if position <= device.position and not self._bare:
                self._doubled += 1
                return
            device.position = position
            device.entries += 1
            arrived = self._arrived.get(position)
            if arrived is None:
                arrived = self._arrived[position] = [0, now_ns, now_ns]
                self._frame = data[start - (4 if end - start >= 126 else 2) : end]
            arrived[0] += 1
            arrived[2] = now_ns
            if arrived[0] == len(self._devices):
                self._tell_expected()
            if not self._bare:
                self._reports.owe(device, data, start, end)
            return
        if self._bare or device.sock is None:
            return
        kind = data[start + 9 : data.find(b'"', start + 9, start + 30)]
        if kind == b"tick":
            device.sock.send(_HEARTBEAT)
        elif kind == b"hello":
            hello = json.loads(data[start:end])
            if device.position < 0:
                device.position = hello["position"]
            resume = {"type": "resume", "installation": hello["installation"], "position": device.position}
            device.sock.send(text_frame(resume))
        elif kind == b"cameras" and not device.is_live:
            # What is told last of an opening.
            self._is_live(device)

    def _is_live(self, device: Device) -> None:
        device.is_live = True
        self._live += 1
        self._last_live_ns = time.monotonic_ns()
        self._first_live_ns = self._first_live_ns or self._last_live_ns
        if self._wants_live and self._live == len(self._devices):
            self._wants_live = False
            say(
                live=self._live,
                begun_ns=self._begun_ns,
                first_ns=self._first_live_ns,
                last_ns=self._last_live_ns,
            )

    def _lost(self, device: Device) -> None:
        assert device.sock is not None
        self._epoll.unregister(device.sock.fileno())
        del self._by_fd[device.sock.fileno()]
        device.sock.close()
        device.sock = None
        device.buffer = b""
        self._cut += 1
        if device.is_live:
            self._live -= 1
        if not device.is_upgraded:
            self._connecting -= 1
        device.is_live = False

    def _tell_expected(self) -> None:
        position = self._expected
        arrived = self._arrived.get(position) if position is not None else None
        if arrived is not None and arrived[0] >= len(self._devices):
            say(position=position, first_ns=arrived[1], last_ns=arrived[2])
            self._expected = None


def say(**answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    order = json.loads(Path(sys.argv[1]).read_text())
    devices = [Device(port, token) for port, token in order["devices"]]
    Devices(devices, bare=order["bare"]).run()


if __name__ == "__main__":
    main()
