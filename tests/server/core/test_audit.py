from dataclasses import replace
from typing import Any

import pytest

from server.core.audit import GENESIS, AuditEntry, Verification, details_text, seal, verify
from tests.server.samples import NOW_MS


def a_chain(length: int) -> list[AuditEntry]:
    chain: list[AuditEntry] = []
    for number in range(1, length + 1):
        entry = seal(
            entry_id=number,
            at_ms=NOW_MS + number,
            actor="operator",
            device="console-3",
            address="10.0.0.3",
            action="camera.watched",
            subject="camera:main-4th",
            details=details_text({"purpose": "wall"}),
            previous_hash=chain[-1].hash if chain else GENESIS,
        )
        chain.append(entry)
    return chain


def test_a_chain_that_nobody_touched_is_whole() -> None:
    assert verify(a_chain(5)) == Verification(5)
    assert verify(a_chain(5)).is_whole
    assert verify([]).is_whole


def test_a_part_is_verified_behind_the_entry_before() -> None:
    chain = a_chain(5)
    assert verify(chain[3:], after_id=3, after_hash=chain[2].hash) == Verification(2)
    assert verify(chain[3:], after_id=3, after_hash=chain[1].hash).broken_at == 4


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at_ms", 1),
        ("actor", "admin"),
        ("device", ""),
        ("address", ""),
        ("action", "camera.left"),
        ("subject", "camera:harbor"),
        ("details", "{}"),
        ("previous_hash", GENESIS),
        ("hash", GENESIS),
        ("id", 9),
    ],
)
def test_a_changed_field_shows(field: str, value: Any) -> None:
    chain = a_chain(5)
    chain[2] = replace(chain[2], **{field: value})
    assert verify(chain) == Verification(2, broken_at=3)


def test_a_missing_entry_shows() -> None:
    chain = a_chain(5)
    assert verify(chain[:2] + chain[3:]).broken_at == 3
    assert verify(chain[1:]).broken_at == 1


def test_swapped_entries_show() -> None:
    chain = a_chain(4)
    chain[1], chain[2] = chain[2], chain[1]
    assert verify(chain).broken_at == 2


def test_a_forger_would_have_to_change_everything_after() -> None:
    chain = a_chain(5)
    fields = {name: getattr(chain[2], name) for name in AuditEntry.__slots__ if name not in {"id", "hash"}}
    chain[2] = seal(entry_id=3, **{**fields, "actor": "admin"})
    assert verify(chain).broken_at == 4


def test_the_hash_is_the_one_of_the_documentation() -> None:
    # SHA-256 of [1,1795200000001,"operator",…,"{\"purpose\":\"wall\"}","000…"], made with sha256sum.
    assert a_chain(1)[0].hash == HASH


HASH = "41b5ee87066f10aa3e00ee45243839795a2a12de6b0b7b979324090fe57576ec"
