"""Runs the filters as the kernel does, for machines too that are not this one."""

import errno
import struct

import pytest

from streams.system_calls import COMPUTING, Condition, Outcome, Policy, calls, program

MACHINES = {
    "x86_64": (0xC000003E, {"read": 0, "openat": 257, "execve": 59, "unlink": 87, "clone3": 435}),
    "aarch64": (0xC00000B7, {"read": 63, "openat": 56, "execve": 221, "clone3": 435}),
}
POLICY = Policy(
    COMPUTING,
    calls("execve unlink"),
    calls("clone3"),
    {"openat": Condition(2, (0, 0o200), 0o203, otherwise=Outcome.KILL)},
)


def run(machine: str, number: int, *arguments: int, architecture: int = 0) -> int:
    """What the filter returns (linux/seccomp.h, linux/filter.h)."""
    data = struct.pack("<II8x6Q", number, architecture or MACHINES[machine][0], *(*arguments, *[0] * 6)[:6])
    steps = list(struct.iter_unpack("=HBBI", program(POLICY, machine)))
    word = at = 0
    while True:
        what, then, otherwise, value = steps[at]
        at += 1
        match what:
            case 0x20:
                (word,) = struct.unpack_from("<I", data, value)
            case 0x54:
                word &= value
            case 0x15:
                at += then if word == value else otherwise
            case 0x06:
                return int(value)
            case _:
                raise AssertionError(f"a step of kind {what}")


@pytest.mark.parametrize("machine", MACHINES)
def test_each_call_has_the_outcome_of_the_policy(machine: str) -> None:
    numbers = MACHINES[machine][1]
    assert run(machine, numbers["read"]) == Outcome.ALLOW
    assert run(machine, numbers["execve"]) == Outcome.KILL
    assert run(machine, numbers["clone3"]) == 0x00050000 | errno.ENOSYS
    assert run(machine, 9999) == 0x00050000 | errno.EPERM
    if "unlink" in numbers:
        assert run(machine, numbers["unlink"]) == Outcome.KILL


@pytest.mark.parametrize("machine", MACHINES)
def test_arguments_are_looked_at_as_far_as_the_policy_says(machine: str) -> None:
    opening = MACHINES[machine][1]["openat"]
    assert run(machine, opening, 1, 2, 0) == Outcome.ALLOW
    assert run(machine, opening, 1, 2, 0o200) == Outcome.ALLOW
    assert run(machine, opening, 1, 2, 0o2000000) == Outcome.ALLOW, "another bit, and the upper half"
    assert run(machine, opening, 0, 0, 1) == Outcome.KILL


def test_calls_of_another_architecture_are_forbidden() -> None:
    """32-bit programs have other numbers."""
    assert run("x86_64", 0, architecture=0x40000003) == Outcome.FORBID
    assert run("x86_64", 0x40000000) == Outcome.FORBID


@pytest.mark.parametrize("machine", MACHINES)
def test_a_filter_is_of_a_size_that_the_kernel_takes(machine: str) -> None:
    assert len(program(POLICY, machine)) % 8 == 0
    assert len(program(POLICY, machine)) // 8 < 4096
