"""A process of ours: it gets ready, dies and comes back, and stops."""

import asyncio
import contextlib
import io
import os
import signal
from collections.abc import Callable

import pytest

from server import part
from server.part import Part, PartFailed
from server.terminal import Terminal

READY = 'import sys, time; print(\'{"ready": true, "port": 4}\', flush=True);'
WAIT = "time.sleep(600)"


def make(program: str, *, verbose: bool = False, ready_timeout_s: float = 20) -> tuple[Part, io.StringIO]:
    page = io.StringIO()
    terminal = Terminal(page, verbose=verbose)
    made = Part("thing", ("-c", program), environ=os.environ, terminal=terminal, ready_timeout_s=ready_timeout_s)
    return made, page


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - a process far away has no event
            await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


async def test_a_part_is_ready_when_it_says_so_and_gone_afterwards() -> None:
    thing, page = make(READY + WAIT)
    async with thing:
        await thing.ready()
        assert thing.facts == {"ready": True, "port": 4}
        pid = thing.pid
        assert pid is not None
        assert is_alive(pid)
    assert not is_alive(pid)
    assert "thing    is ready" in page.getvalue()


async def test_a_killed_part_is_started_again_and_it_is_said() -> None:
    thing, page = make(READY + WAIT)
    async with thing:
        await thing.ready()
        first = thing.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: "is back" in page.getvalue())
        assert thing.pid not in {None, first}
    assert "thing was killed by SIGKILL; starting it again in 0.2 s" in page.getvalue()


async def test_a_part_that_keeps_dying_is_tried_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part, "FIRST_DELAY_S", 0.01)
    thing, page = make(READY + "sys.exit(3)")
    async with thing:
        await until(lambda: "again in 0.04 s" in page.getvalue())
    words = page.getvalue()
    assert words.index("ended with status 3; starting it again in 0.01 s") < words.index("again in 0.02 s")


async def test_a_part_that_ends_before_it_is_ready_has_failed_with_its_last_words() -> None:
    thing, _ = make("import sys; sys.exit('the port is taken')")
    async with thing:
        with pytest.raises(PartFailed, match=r"(?s)^thing ended with status 1\..*the port is taken$"):
            await thing.ready()


async def test_a_part_that_says_nothing_has_failed_after_a_while() -> None:
    thing, _ = make("import time;" + WAIT, ready_timeout_s=0.1)
    async with thing:
        with pytest.raises(PartFailed, match=r"^thing was not ready after 0.1 s"):
            await thing.ready()


async def test_its_log_is_shown_once_it_is_ready() -> None:
    thing, page = make(
        "import sys; print('early', file=sys.stderr, flush=True);"
        + READY
        + "print('late', file=sys.stderr, flush=True);"
        + WAIT
    )
    async with thing:
        await until(lambda: "late" in page.getvalue())
    assert "thing    | late" in page.getvalue()


async def test_progress_is_shown_on_the_way() -> None:
    thing, page = make('print(\'{"progress": "clips 3 of 12"}\', flush=True);' + READY + WAIT)
    async with thing:
        await thing.ready()
    assert page.getvalue().index("clips 3 of 12") < page.getvalue().index("is ready")


@pytest.mark.parametrize(
    ("verbose", "shown"), [(False, ["careful", "Traceback"]), (True, ["calm", "careful", "Traceback"])]
)
async def test_calm_lines_are_shown_to_who_asks_for_them(verbose: bool, shown: list[str]) -> None:
    program = (
        READY
        + "sys.stderr.write('12:00:00 info a: calm\\n2026-11-20 12:00:00,123 INFO a: calm\\n');"
        + "sys.stderr.write('12:00:00 warning a: careful\\nTraceback\\nend\\n');"
        + WAIT
    )
    thing, page = make(program, verbose=verbose)
    async with thing:
        await until(lambda: "end" in page.getvalue())
    assert [word for word in ("calm", "careful", "Traceback") if word in page.getvalue()] == shown


async def test_a_line_without_end_does_no_harm() -> None:
    program = (
        "import sys; sys.stdout.write('x' * 300_000 + '\\n'); sys.stderr.write('y' * 300_000 + '\\n');" + READY + WAIT
    )
    thing, page = make(program)
    async with thing:
        await thing.ready()
    assert len(page.getvalue()) < 100_000


async def test_a_part_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part, "STOP_TIMEOUT_S", 0.2)
    thing, page = make("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + READY + WAIT)
    async with thing:
        await thing.ready()
        pid = thing.pid
        assert pid is not None
    assert not is_alive(pid)
    assert "did not stop within" in page.getvalue()


async def test_leaving_while_it_waits_to_start_again_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part, "FIRST_DELAY_S", 600)
    thing, page = make(READY + "sys.exit(3)")
    async with asyncio.timeout(20), thing:
        await until(lambda: "starting it again in 600 s" in page.getvalue())


async def test_what_it_left_behind_does_not_hold_us_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part, "PIPES_TIMEOUT_S", 0.1)
    program = (
        "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); print(p.pid, file=sys.stderr, flush=True);"
        + READY
        + WAIT
    )
    thing, page = make(program, verbose=True)
    async with asyncio.timeout(20):
        async with thing:
            await thing.ready()
    left_behind = int(page.getvalue().split("| ")[1].split()[0])
    os.kill(left_behind, signal.SIGKILL)
