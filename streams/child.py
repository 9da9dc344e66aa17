"""Child: processes that die with the one that started them, even when that is killed with SIGKILL.

Two ways in: any program, Valkey for example, is started through this file as a wrapper (``command``); our own processes
call ``die_with_parent`` at their start.

On Linux the kernel does it (PR_SET_PDEATHSIG, which survives exec). It watches the *thread* that forked: start children
from a thread that lives as long as they shall, as the event loop in the main thread does. On macOS, and where an
orderly stop is wanted, a thread waits for the exit of the parent (kqueue, pidfd).

The wrapper runs without site-packages, so this file imports the standard library only.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

NOT_STARTED = 127
"""Exit code when the program could not be executed, as a shell has it."""

_PR_SET_PDEATHSIG = 1
_THIS_FILE = str(Path(__file__).resolve())


def command(argv: Sequence[str]) -> list[str]:
    """The command line that runs ``argv`` as a child that is killed when the calling process ends.

    ``argv[0]`` is a path or a name on PATH. On Linux the child *is* the program; elsewhere it is a wrapper that passes
    SIGTERM and SIGINT on and ends as the program ends, but must not be killed with SIGKILL itself.
    """
    return [sys.executable, "-I", "-S", _THIS_FILE, str(os.getpid()), *argv]


def die_with_parent(parent_pid: int, *, grace_s: float = 0.0) -> None:
    """Make the calling process end when its parent does. Call it once, early.

    Args:
        parent_pid: as the parent itself said it; when that is not our parent (any more) this process ends at once.
        grace_s: 0: SIGKILL. Else SIGTERM, for an orderly stop, and SIGKILL after so many seconds.
    """
    if grace_s == 0 and sys.platform == "linux":
        _kill_on_parent_exit()
        if os.getppid() != parent_pid:
            os.kill(os.getpid(), signal.SIGKILL)
        return

    def watch() -> None:
        _wait_for_parent_exit(parent_pid)
        if grace_s > 0:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(grace_s)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def _kill_on_parent_exit() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")


def _wait_for_parent_exit(parent_pid: int) -> None:
    try:
        if sys.platform == "linux":
            handle = os.pidfd_open(parent_pid)
            # Looked up after opening: before, the number might have passed on to another process.
            if os.getppid() == parent_pid:
                poll = select.poll()
                poll.register(handle, select.POLLIN)
                poll.poll()
            os.close(handle)
        else:
            exit_of_parent = select.kevent(
                parent_pid, select.KQ_FILTER_PROC, select.KQ_EV_ADD | select.KQ_EV_ONESHOT, select.KQ_NOTE_EXIT
            )
            queue = select.kqueue()
            queue.control([exit_of_parent], 0)
            if os.getppid() == parent_pid:
                queue.control(None, 1)
            queue.close()
    except ProcessLookupError:
        return
    except OSError:
        # A sandbox forbids pidfd_open; an orphan gets another parent.
        while os.getppid() == parent_pid:
            time.sleep(1.0)


def _become(parent_pid: int, argv: list[str]) -> int:
    """Turn this process into the program. Returns only when that fails."""
    die_with_parent(parent_pid)
    # Python ignores these, and exec keeps what is ignored.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - no shell is the point
    except OSError as error:
        return _not_started(argv, error)


def _run_beside(parent_pid: int, argv: Sequence[str]) -> int:
    """Run the program as a child of this process and end as it does; kill it when the parent is gone."""
    try:
        program = subprocess.Popen(argv)
    except OSError as error:
        return _not_started(argv, error)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        program.send_signal(number)

    def watch() -> None:
        _wait_for_parent_exit(parent_pid)
        program.kill()

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGINT, pass_on)
    threading.Thread(target=watch, name="parent watch", daemon=True).start()
    code = program.wait()
    return code if code >= 0 else 128 - code


def _not_started(argv: Sequence[str], error: OSError) -> int:
    sys.stderr.write(f"cannot run {argv[0]}: {error.strerror}\n")
    return NOT_STARTED


if __name__ == "__main__":
    _run = _become if sys.platform == "linux" else _run_beside
    sys.exit(_run(int(sys.argv[1]), sys.argv[2:]))
