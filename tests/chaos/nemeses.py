"""Nemeses: each does one harm to the product, holds it for a moment, and makes it good again."""

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable

from tests.chaos.cluster import Cluster, Node
from tests.chaos.history import Power, Stalled, Stroke
from tests.chaos.link import Link

RESTART_S = 0.3
HOUR_S = 3600

STALL_S = 15.0
STALL_ATTEMPTS = 3
MUCH_BYTES = 1024 * 1024
MOST_PUSHES = 80
"""Three times what cuts a device off that does not read."""

Nemesis = Callable[[Cluster, random.Random, str], Awaitable[None]]


async def kill(cluster: Cluster, chance: random.Random, track: str) -> None:
    """``kill -9`` of a server; sometimes of one that is just starting."""
    node = _node(cluster, track)
    if node.server.pid is None or chance.random() < 0.2:
        starting = asyncio.create_task(node.server.start()) if node.server.pid is None else None
        await asyncio.sleep(chance.uniform(0, 1.0))
        await _end(cluster, node, signal.SIGKILL)
        if starting is not None:
            await starting
    else:
        await _end(cluster, node, signal.SIGKILL)
    if chance.random() < 0.8:
        await _revive(node, chance.uniform(0, 1.5))


async def stop(cluster: Cluster, chance: random.Random, track: str) -> None:
    """SIGTERM, as an upgrade does."""
    node = _node(cluster, track)
    await _end(cluster, node, signal.SIGTERM)
    await _revive(node, chance.uniform(0, 1.5))


async def valkey_kill(cluster: Cluster, chance: random.Random, _track: str) -> None:
    _note(cluster, "valkey-kill", "kill -9")
    await cluster.valkey.kill()
    await asyncio.sleep(chance.choice((0.0, chance.uniform(0, 3))))
    await cluster.valkey.start()


async def valkey_freeze(cluster: Cluster, chance: random.Random, _track: str, *, hold_s: float = 15.0) -> None:
    _note(cluster, "valkey-freeze", f"SIGSTOP for {hold_s:g} s")
    cluster.valkey.freeze()
    try:
        await asyncio.sleep(hold_s)
    finally:
        cluster.valkey.thaw()
    _note(cluster, "valkey-freeze", "SIGCONT", begins=False)


async def valkey_freeze_briefly(cluster: Cluster, chance: random.Random, track: str) -> None:
    await valkey_freeze(cluster, chance, track, hold_s=3.0)


async def outage(cluster: Cluster, chance: random.Random, _track: str) -> None:
    """SQLite: the disk is full. PostgreSQL: it is stopped without a goodbye and started again."""
    _note(cluster, cluster.database.harm, "begins")
    await cluster.database.fail(cluster.pids)
    try:
        await asyncio.sleep(chance.uniform(0.2, 4.0))
    finally:
        await cluster.database.heal(cluster.pids)
    _note(cluster, cluster.database.harm, "is over", begins=False)


async def cut(cluster: Cluster, chance: random.Random, _track: str) -> None:
    """One or several links: between devices and a server, or between a server and the bus or the database."""
    kind = chance.choice(sorted({_end_of(link) for link in cluster.links}))
    alike = [link for link in cluster.links if _end_of(link) == kind]
    links = chance.sample(alike, chance.choice((1, 1, len(alike))))
    how = chance.choice((_delay, _hole, _half_close, _reset))
    _note(cluster, f"{kind}-{how.__name__.strip('_')}", ", ".join(link.name for link in links))
    for link in links:
        if kind == "database":
            # Who holds the log when his way to it is cut holds it for all, until he is heard again or given up.
            cluster.history.note(Power(time.monotonic(), link.name, False))
        how(link, chance)
    try:
        await asyncio.sleep(chance.uniform(0.2, 6.0))
    finally:
        for link in links:
            link.heal()
            if kind == "database":
                cluster.history.note(Power(time.monotonic(), link.name, True))
    _note(cluster, f"{kind}-{how.__name__.strip('_')}", "healed", begins=False)


async def flap(cluster: Cluster, chance: random.Random, _track: str) -> None:
    """Some devices lose their connection; some stay away for a while."""
    chosen = chance.sample(cluster.devices, chance.randint(1, len(cluster.devices)))
    devices = [device for device in chosen if not device.is_stalled]
    away_s = chance.choice((0.0, 0.0, chance.uniform(0, 6)))
    _note(cluster, "flap", f"{len(devices)} devices away for {away_s:.1f} s")
    for device in devices:
        device.pauses_until = time.monotonic() + away_s
        device.drop()


async def stall(cluster: Cluster, chance: random.Random, _track: str) -> None:
    """A tablet stops reading, and much is sent to its person; another one when the line broke before it was much."""
    for _ in range(STALL_ATTEMPTS):
        if await _stall(cluster, chance) > MUCH_BYTES:
            return


async def _stall(cluster: Cluster, chance: random.Random) -> int:
    """How much was sent."""
    ends_at = time.monotonic() + STALL_S
    while not (connected := [device for device in cluster.devices if device.is_connected]):
        if time.monotonic() > ends_at:
            return 0
        await asyncio.sleep(0.1)
    device = chance.choice(connected)
    _note(cluster, "stall", device.name)
    with device.stalled() as is_cut_off:
        sent_bytes = await cluster.sender.fill(device.member.person, is_cut_off, most=MOST_PUSHES)
        ends_at = time.monotonic() + STALL_S
        while not is_cut_off() and time.monotonic() < ends_at:  # noqa: ASYNC110 - the server does it
            await asyncio.sleep(0.1)
        cluster.history.note(Stalled(time.monotonic(), device.name, is_cut_off(), sent_bytes))
    _note(cluster, "stall", "it reads again", begins=False)
    return sent_bytes


async def jump(cluster: Cluster, chance: random.Random, _track: str) -> None:
    """The clock of one server or of both jumps an hour, and jumps back."""
    clocks = [node.clock for node in cluster.nodes]
    clocks = chance.sample(clocks, chance.randint(1, len(clocks)))
    seconds = chance.choice((HOUR_S, -HOUR_S))
    _note(cluster, "jump", f"{len(clocks)} clocks {seconds:+d} s")
    cluster.history.note(Power(time.monotonic(), "clocks", False))
    for clock in clocks:
        clock.set_off(seconds)
    try:
        await asyncio.sleep(chance.uniform(1.5, 8.0))
    finally:
        for clock in clocks:
            clock.set_off(0)
    _note(cluster, "jump", "back", begins=False)
    cluster.history.note(Power(time.monotonic(), "clocks", True))


async def heal(cluster: Cluster) -> None:
    """Everything runs again; whoever was left dead is started."""
    for link in cluster.links:
        link.heal()
    if cluster.valkey.pid is None:
        await cluster.valkey.start()
    for node in cluster.nodes:
        if node.server.pid is None:
            await _revive(node, 0)


def _node(cluster: Cluster, track: str) -> Node:
    return next(node for node in cluster.nodes if node.server.name == track)


async def _end(cluster: Cluster, node: Node, number: signal.Signals) -> None:
    _note(cluster, "kill" if number == signal.SIGKILL else "stop", node.server.name)
    await node.server.kill(number)


async def _revive(node: Node, after_s: float) -> None:
    """Start it until it is ready: as long as the database is away, it ends by itself."""
    await asyncio.sleep(after_s)
    while not await node.server.start():
        await node.server.kill()
        await asyncio.sleep(RESTART_S)


def _delay(link: Link, chance: random.Random) -> None:
    link.delay_s = chance.uniform(0.02, 0.8)


def _hole(link: Link, _chance: random.Random) -> None:
    link.hole()


def _half_close(link: Link, chance: random.Random) -> None:
    link.half_close(towards_client=chance.random() < 0.5)


def _reset(link: Link, _chance: random.Random) -> None:
    link.reset()


def _end_of(link: Link) -> str:
    return link.name.split("-")[0]


def _note(cluster: Cluster, nemesis: str, words: str, *, begins: bool = True) -> None:
    cluster.history.note(Stroke(time.monotonic(), nemesis, words, begins))


BY_NAME: dict[str, Nemesis] = {
    "kill": kill,
    "stop": stop,
    "valkey-kill": valkey_kill,
    "valkey-freeze": valkey_freeze,
    "outage": outage,
    "cut": cut,
    "flap": flap,
    "stall": stall,
    "jump": jump,
}
