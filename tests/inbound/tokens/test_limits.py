"""Limits per client: so many calls, told when to come again, and one record for a burst of refusals."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import TooMany
from gateway.inbound.clients import Limits
from gateway.inbound.tokens.limits import RateLimits

TWO = Limits(per_second=1.0, burst=2.0)


class Node:
    def __init__(self) -> None:
        self.now = 0.0
        self.records: list[tuple[str, bool, str]] = []
        self.limits = RateLimits(self._record, lambda: self.now, TWO)

    async def _record(self, client: str, granted: bool, reason: str) -> None:
        self.records.append((client, granted, reason))

    def call(self, client: str = "a", limits: Limits | None = TWO) -> bool:
        try:
            asyncio.run(self.limits.call(client, limits))
        except TooMany:
            return False
        return True

    def failure(self, peer: str = "192.0.2.1") -> bool:
        try:
            asyncio.run(self.limits.failure(peer))
        except TooMany:
            return False
        return True


def test_a_burst_and_then_the_pace() -> None:
    node = Node()
    assert [node.call() for _ in range(4)] == [True, True, False, False]
    node.now = 1.0
    assert [node.call() for _ in range(2)] == [True, False]
    node.now = 100.0
    assert [node.call() for _ in range(3)] == [True, True, False], "a rest gives no more than the burst"


def test_several_calls_in_one_are_let_in_and_owed() -> None:
    node = Node()
    assert node.call()
    node.limits.further("a", TWO, 5)
    node.limits.further("free", None, 1000)
    assert not node.call()
    node.now = 4.0
    assert not node.call(), "five of them, and one was left"
    node.now = 5.0
    assert [node.call() for _ in range(2)] == [True, False]


def test_each_client_has_its_own_and_none_is_no_limit() -> None:
    node = Node()
    for _ in range(3):
        node.call("a")
    assert node.call("b")
    assert all(node.call("free", None) for _ in range(100))


def test_a_burst_of_refusals_is_one_record() -> None:
    node = Node()
    for _ in range(500):
        node.call()
    assert len(node.records) == 1
    node.now = 61.0
    for _ in range(500):
        node.call()
    assert len(node.records) == 2
    assert "498 refused" not in node.records[0][2]
    assert "498 refused" in node.records[1][2], "what was not recorded one by one is counted"


def test_failures_are_counted_by_address() -> None:
    node = Node()
    assert [node.failure() for _ in range(3)] == [True, True, False]
    assert node.failure("192.0.2.2")
    assert node.call("a"), "who has a good token is not stopped by the failures of others"


def test_one_network_of_ipv6_is_one_caller() -> None:
    node = Node()
    assert [node.failure(f"2001:db8:1:2::{number:x}") for number in range(3)] == [True, True, False]
    assert node.failure("2001:db8:1:3::1")
    assert not node.failure("2001:0DB8:1:2:ffff::")
    assert [node.failure("not an address") for _ in range(3)] == [True, True, False]


def test_nobody_is_forgotten_because_others_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.inbound.tokens.limits._MOST", 10)
    node = Node()
    for _ in range(3):
        node.call("a")
        node.failure("192.0.2.1")
    for number in range(50):
        node.failure(f"198.51.100.{number}")
        if not number % 5:
            assert not node.failure("192.0.2.1"), "who goes on is remembered, however many others come"
    assert not node.call("a"), "failures from anywhere are no new burst for a client"


def test_a_limit_that_was_changed_counts_anew() -> None:
    node = Node()
    for _ in range(3):
        node.call()
    assert node.call("a", Limits(1.0, 5.0))


def test_the_wait_is_told() -> None:
    node = Node()
    slow = Limits(per_second=0.1, burst=2.0)
    assert node.call("slow", slow)
    assert node.call("slow", slow)
    with pytest.raises(TooMany) as told:
        asyncio.run(node.limits.call("slow", slow))
    assert told.value.seconds == 10
