"""Fuzzing: a target is given one input after another until something happens that must not.

That is an error its docstring does not name, more than ``MAX_MS`` of CPU, or ``MAX_GROWTH_BYTES`` more memory than
before. CPU time is that of this thread, and an input that took too long is tried again: a busy machine is no fault
of a parser.
"""

import resource
import signal
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from random import Random
from types import FrameType

from tests.fuzz.mutation import Mutator
from tests.fuzz.targets import Target

MAX_MS = 200
MAX_GROWTH_BYTES = 100 * 1024 * 1024
HANGS_AFTER_S = 10.0
"""Of CPU."""
TRIES = 3
_MAX_OUTCOMES = 20_000


class Hung(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Done:
    inputs: int
    outcomes: int
    slowest_ms: float
    finding: Finding | None


def fuzz(target: Target, chance: Random, *, is_over: Callable[[int], bool]) -> Done:
    """Until ``is_over`` (told how many inputs there were) or the first finding. Main thread only."""
    mutator = Mutator(chance, target.seeds, target.words)
    outcomes: set[Hashable] = set()
    slowest_ms = 0.0
    inputs = 0
    signal.signal(signal.SIGVTALRM, _hang)
    for data in target.seeds:
        target.take(data)
    peak = peak_bytes()
    while not is_over(inputs):
        data = mutator.next()
        inputs += 1
        outcome, took_ms = attempt(target, data)
        if isinstance(outcome, BaseException):
            found = f"{type(outcome).__name__}: {outcome}"
            return Done(inputs, len(outcomes), slowest_ms, Finding(found, _shrunk(target, data, type(outcome))))
        if (now := peak_bytes()) - peak > MAX_GROWTH_BYTES:
            return Done(inputs, len(outcomes), slowest_ms, Finding(f"took {(now - peak) >> 20} MiB more memory", data))
        if took_ms > MAX_MS:
            return Done(inputs, len(outcomes), took_ms, Finding(f"took {took_ms:.0f} ms of CPU", data))
        slowest_ms = max(slowest_ms, took_ms)
        if outcome not in outcomes and len(outcomes) < _MAX_OUTCOMES:
            outcomes.add(outcome)
            mutator.learn(data)
    return Done(inputs, len(outcomes), slowest_ms, None)


def attempt(target: Target, data: bytes) -> tuple[Hashable, float]:
    """What became of it, an exception too, and the CPU time in ms: of several tries the least if one is too much."""
    outcome, took_ms = _try(target, data)
    for _ in range(TRIES - 1):
        if took_ms > MAX_MS and not isinstance(outcome, Hung):
            took_ms = min(took_ms, _try(target, data)[1])
    return outcome, took_ms


def _try(target: Target, data: bytes) -> tuple[Hashable, float]:
    signal.setitimer(signal.ITIMER_VIRTUAL, HANGS_AFTER_S)
    began_ns = time.thread_time_ns()
    outcome: Hashable
    try:
        outcome = target.take(data)
    except Exception as error:  # whatever it is, it is the finding
        outcome = error
    took_ms = (time.thread_time_ns() - began_ns) / 1e6
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return outcome, took_ms


def _hang(_number: int, _frame: FrameType | None) -> None:
    raise Hung(f"more than {HANGS_AFTER_S:g} s of CPU")


def _shrunk(target: Target, data: bytes, kind: type[BaseException]) -> bytes:
    """As little of it as still does the same; not for what hangs."""
    if kind is Hung:
        return data
    size = len(data) // 2
    while size:
        position = 0
        while position < len(data):
            less = data[:position] + data[position + size :]
            if isinstance(_try(target, less)[0], kind):
                data = less
            else:
                position += size
        size //= 2
    return data


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
