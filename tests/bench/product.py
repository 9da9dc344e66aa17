"""Product: Sightline as its users start it, ``sightline up`` or ``sightline demo``, on a free port of loopback."""

import http.client
import json
import secrets
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import processes
from tests.bench.processes import Process
from tests.bench.program import Program
from tests.bench.signing_in import sign_in
from tests.free_port import free_port

HOST = "127.0.0.1"
READY_TIMEOUT_S = 240.0
PASSWORD = secrets.token_urlsafe(12)
SHORT_PAST = "\n[streams]\npast_s = 5\n"
"""What is kept of the past has its size before memory is measured; usually that takes a minute."""
_LOG = "product.log"
_SECRET = "whsec_" + b64encode(secrets.token_bytes(32)).decode()

_CONFIG = """\
data_folder = "{data_folder}"

[web]
port = {port}
{web}

[[camera]]
id = "bench"
number = 1
name = "Bench"
url = "{camera_url}"
lat = 41.7637
lon = -72.6742

[[source]]
name = "bench"
kind = "alerts"
secret_env = "BENCH_SECRET"

[[person]]
id = "operator"
role = "operator"
password_env = "BENCH_PASSWORD"

[[person]]
id = "officer"
role = "officer"
unit = "7"
password_env = "BENCH_PASSWORD"
"""


@dataclass(frozen=True, slots=True)
class Product:
    """A running one."""

    port: int
    program: Program = field(repr=False)
    secret: str = field(default=_SECRET, repr=False)
    """Of the alert source ``bench``."""

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.port}"

    def sign_in(self, device: str, *, username: str = "operator") -> str:
        """The token of a new session.

        Raises:
            ConnectionError: it was refused.
        """
        return sign_in(HOST, self.port, username, PASSWORD, device)

    def processes(self) -> list[Process]:
        return processes.tree(self.program.pid)


@contextmanager
def up(
    folder: Path,
    *,
    camera_url: str,
    cores: set[int] | None = None,
    web: str = "",
    more: str = "",
    environ: Mapping[str, str] | None = None,
) -> Iterator[Product]:
    """``sightline up`` with one camera, one signed source, an operator and an officer.

    ``web`` stands in that table of its configuration, ``more`` at its end.
    """
    port = free_port()
    config = folder / "bench.toml"
    config.write_text(_CONFIG.format(data_folder=folder / "data", port=port, camera_url=camera_url, web=web) + more)
    environ = {"BENCH_SECRET": _SECRET, "BENCH_PASSWORD": PASSWORD, **(environ or {})}
    arguments = ["-m", "server", "up", "--config", str(config)]
    with Program(arguments, log=folder / _LOG, cores=cores, environ=environ, is_mute=True) as program:
        yield _ready(Product(port, program), folder)


@contextmanager
def demo(folder: Path, *, clips: Path) -> Iterator[Product]:
    """``sightline demo`` with its data in ``folder``; ``clips`` keeps its encoded clips for the next time."""
    port = free_port()
    (folder / "data").mkdir(parents=True, exist_ok=True)
    clips.mkdir(parents=True, exist_ok=True)
    (folder / "data" / "clips").symlink_to(clips)
    arguments = ["-m", "server", "demo", "--data", str(folder / "data"), "--port", str(port), "--no-browser"]
    with Program(arguments, log=folder / _LOG, is_mute=True) as program:
        yield _ready(Product(port, program), folder)


def _ready(product: Product, folder: Path) -> Product:
    """Wait until it has told its user that it is; the first start of the demo makes its clips."""
    give_up = time.monotonic() + READY_TIMEOUT_S
    while b"Sightline is ready" not in (folder / _LOG).read_bytes() or not _is_healthy(product.port):
        if not product.program.is_running():
            raise product.program.failure("ended before it was ready")
        if time.monotonic() > give_up:
            raise product.program.failure(f"was not ready after {READY_TIMEOUT_S:.0f} s")
        time.sleep(0.1)
    return product


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status == 200 and json.loads(answer.read()).get("status") == "ok"
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
