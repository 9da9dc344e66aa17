import subprocess
import sys

import pytest

PROGRAM = """
import sys
from streams.cameras import worker_end
from streams.errors import FormatError, SourceEnded
def work(send):
    send(b"first;")
    {deed}
worker_end.run(work, lambda code, sentence: f"{{code}}: {{sentence}}".encode(), memory_bytes=1024)
"""


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        ("pass", ""),
        ("raise SourceEnded('It has ended.')", "source.ended: It has ended."),
        ("raise FormatError('a picture of 3 sides')", "source.garbled: It can't be read: a picture of 3 sides."),
        ("raise MemoryError", "source.error: It needs more than 1024 bytes of memory."),
        ("raise KeyError('secret')", "source.error: The process failed with KeyError."),
    ],
)
def test_a_worker_says_why_it_ends(deed: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(deed=deed)], capture_output=True, text=True, timeout=30, check=False
    )

    assert done.stdout == f"first;{said}"
    assert done.returncode == 0
    assert ("KeyError" in done.stderr) == ("KeyError" in said)


def test_a_worker_whose_parent_has_gone_ends_in_silence() -> None:
    program = PROGRAM.format(deed="sys.stdin.read(); send(b'x'); send(b'x')")
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(6) == b"first;"
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
        process.wait(30)
