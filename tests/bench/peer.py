"""Peer: go2rtc or MediaMTX, as its users start it, with the camera of the benchmark as its one stream ``bench``."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import processes
from tests.bench.processes import Process
from tests.free_port import free_port

STARTS_WITHIN_S = 20.0

_GO2RTC = """\
api: {{listen: "127.0.0.1:{port}"}}
rtsp: {{listen: ""}}
webrtc: {{listen: ""}}
log: {{level: warn}}
streams: {{bench: "{camera_url}"}}
"""
# Of MediaMTX only what is measured: RTSP by TCP. A queue of 512 packets, its usual one.
_MEDIAMTX = """\
logLevel: warn
rtspAddress: 127.0.0.1:{port}
rtspTransports: [tcp]
rtmp: no
hls: no
webrtc: no
srt: no
moq: no
paths:
  bench:
    source: {camera_url}
    rtspTransport: tcp
"""


@dataclass(frozen=True, slots=True)
class Peer:
    port: int
    pid: int

    def processes(self) -> list[Process]:
        return processes.tree(self.pid)


@contextmanager
def go2rtc(program: Path, folder: Path, *, camera_url: str, cores: set[int]) -> Iterator[Peer]:
    """WebSocket with MSE on ``/api/ws?src=bench``."""
    with _running(["-config"], _GO2RTC, program, folder, camera_url, cores) as peer:
        yield peer


@contextmanager
def mediamtx(program: Path, folder: Path, *, camera_url: str, cores: set[int]) -> Iterator[Peer]:
    """RTSP on ``/bench``; it has no WebSocket."""
    with _running([], _MEDIAMTX, program, folder, camera_url, cores) as peer:
        give_up = time.monotonic() + STARTS_WITHIN_S
        while b" 200 " not in _describe(peer.port):  # 404 until it has its source
            if time.monotonic() > give_up:
                raise RuntimeError("mediamtx does not get the pictures of the camera")
            time.sleep(0.1)
        yield peer


@contextmanager
def _running(
    options: list[str], template: str, program: Path, folder: Path, camera_url: str, cores: set[int]
) -> Iterator[Peer]:
    port = free_port()
    config, log = folder / f"{program.name}.yml", folder / f"{program.name}.log"
    config.write_text(template.format(port=port, camera_url=camera_url))
    with log.open("ab") as file:
        process = subprocess.Popen([str(program), *options, str(config)], stdout=file, stderr=file, cwd=folder)
    try:
        os.sched_setaffinity(process.pid, cores)
        give_up = time.monotonic() + STARTS_WITHIN_S
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"{program.name} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
        yield Peer(port, process.pid)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _describe(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.sendall(f"DESCRIBE rtsp://127.0.0.1:{port}/bench RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
        return sock.recv(4096).split(b"\r\n", 1)[0]


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
