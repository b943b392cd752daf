"""Facts and statements as bytes: the same in every process, and back again."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

from gateway.domain.resource import Facts
from gateway.domain.statement import Act, Statement, Verb
from gateway.store import wire

LABELS = frozenset({"b|2", "a|1", "ø|3", "a|10"})
FACTS = Facts(
    "Goal", "x", "p1", "region", "s", "social", labels=LABELS, codes=frozenset({"z|9", "y|8"}),
    clinical=(datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC),), ends=datetime(2026, 4, 1, tzinfo=UTC),
)  # fmt: skip


def test_facts_come_back() -> None:
    assert wire.facts(wire.facts_bytes(FACTS)) == FACTS


def test_sets_stand_in_order() -> None:
    assert '"labels":["a|1","a|10","b|2","ø|3"]'.encode() in wire.facts_bytes(FACTS)
    assert b'"codes":["y|8","z|9"]' in wire.facts_bytes(FACTS)


def test_equal_facts_are_equal_bytes_in_every_process() -> None:
    """Every process has its own order of sets; bytes that followed it would make a new version of each resource."""
    program = "from tests.store.test_wire import FACTS, wire; print(wire.facts_bytes(FACTS).hex())"
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
        )
        assert bytes.fromhex(told.stdout.decode()) == wire.facts_bytes(FACTS)


def test_a_decimal_keeps_every_digit() -> None:
    """1.50 says more than 1.5 (R4 datatypes): a statement that is folded once more, or a body that is redacted, must
    not lose it, else the order of arrival would show."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    body = {"target": [{"detailQuantity": {"value": Decimal("1.50")}}]}
    said = Statement("Goal", "k", Act.STATE, Verb.ASSERT, at, at, body, "s", "m/1")
    assert wire.encode(wire.statement(wire.encode(said)).body) == wire.encode(body)
    assert wire.encode(wire.decode(wire.encode(body))) == b'{"target":[{"detailQuantity":{"value":1.50}}]}'
