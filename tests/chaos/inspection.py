"""Inspection: asks a server, after everything has healed, for all there is."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.chaos.card import Card, Mark, cards_of
from tests.chaos.crew import AUDITOR, PASSWORD
from tests.chaos.door import Door
from tests.chaos.findings import AuditEntry, Findings
from tests.chaos.policies import Policy
from tests.chaos.web_socket import Closed, WebSocket


async def inspect(port: int, door: Door, bulletins: Iterable[str], due: Sequence[Card]) -> Findings:
    """A snapshot of the lane, and the whole audit.

    Raises:
        Unknown, Closed: it can't be had, though everything is well.
    """
    token = await door.sign_in(port, AUDITOR, PASSWORD, "auditor")
    ended = [(card, marks) for card, marks in await _bulletins(port, door, token, bulletins) if card.is_over]
    snapshot = await _snapshot(port, token)
    entries: list[AuditEntry] = []
    is_verified = True
    while True:
        after = entries[-1].id if entries else 0
        answer = await door.request(port, "GET", f"/api/audit?after={after}", token=token)
        assert answer.status == 200, json.dumps(answer.content)
        is_verified &= answer.content["verified"]
        page = [AuditEntry.of(entry) for entry in answer.content["entries"]]
        if not page:
            break
        entries += page
    return Findings(
        due=tuple(due),
        cards=(*(card for card, _ in ended), *cards_of(snapshot)),
        marks=(*(mark for _, marks in ended for mark in marks), *map(Mark.of, snapshot["receipts"])),
        audit=tuple(entries),
        audit_is_verified=is_verified,
    )


async def put_policies(port: int, door: Door, policies: Mapping[int, Policy]) -> None:
    """Let alerts climb as these say, from now on."""
    token = await door.sign_in(port, AUDITOR, PASSWORD, "auditor")
    answer = await door.request(port, "GET", "/api/policies", token=token)
    revisions = {policy["name"]: policy["revision"] for policy in answer.content["policies"]}
    for policy in policies.values():
        body = json.dumps(policy.body(revisions[policy.name])).encode()
        answer = await door.request(port, "PUT", f"/api/policies/{policy.name}", body=body, token=token)
        assert answer.status == 200, json.dumps(answer.content)


async def head(port: int, door: Door, bulletins: Iterable[str]) -> tuple[int, tuple[Card, ...]]:
    """The newest position that the server knows, and the items as of there."""
    token = await door.sign_in(port, AUDITOR, PASSWORD, "auditor")
    ended = [card for card, _ in await _bulletins(port, door, token, bulletins) if card.is_over]
    snapshot = await _snapshot(port, token)
    return snapshot["position"], (*ended, *cards_of(snapshot))


async def _bulletins(port: int, door: Door, token: str, ids: Iterable[str]) -> list[tuple[Card, list[Mark]]]:
    """Each as it is, with its receipts: a snapshot leaves out those that have ended."""
    found = []
    for bulletin_id in ids:
        answer = await door.request(port, "GET", f"/api/bulletins/{bulletin_id}", token=token)
        if answer.status == 200:
            marks = [Mark.of(receipt) for receipt in answer.content["receipts"]]
            found.append((Card.of("bulletin", answer.content["bulletin"]), marks))
    return found


async def _snapshot(port: int, token: str) -> dict[str, Any]:
    socket = await WebSocket.open(port, token)
    try:
        async with asyncio.timeout(30):
            async for message in socket.messages():
                if message["type"] == "hello":
                    socket.send({"type": "snapshot"})
                if message["type"] == "snapshot":
                    return message
    finally:
        socket.drop()
    raise Closed("no snapshot came")
