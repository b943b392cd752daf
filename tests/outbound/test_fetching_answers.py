"""Answers of case systems in the forms that their standards leave open: links of HAL, Retry-After of HTTP, tokens."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from gateway.flows.parts import Gateway
from gateway.outbound.asking import wished
from tests.outbound.case_system import CPR, Reply, grant
from tests.outbound.conftest import Office
from tests.outbound.test_fetching import fetching, look, nexus, parts, secrets

__all__ = ["secrets"]


def test_a_link_that_is_a_list_of_links_is_followed(office: Office) -> None:
    """HAL lets one name have several links: a next page that is told so was not read."""
    system = nexus(grant(1))

    def conditions(asked: Any) -> Any:
        number = int(asked.path.partition("n=")[2] or 0)
        links = {"next": [system.link(f"/api/v2/page?n={number + 1}")]} if number < 2 else {"next": []}
        return {"_embedded": {"conditions": [{"id": number, "name": f"Tilstand {number}"}]}, "_links": links}

    async def test(gateway: Gateway) -> None:
        system.answers |= {"GET /api/v2/patients/4000/conditions": conditions, "GET /api/v2/page": conditions}
        await look(gateway, [CPR])
        assert len(await parts(gateway, "Condition")) == 3

    fetching(office, system, test)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "Sun, 22 Nov 2026 10:00:20 GMT", "date": "Sun, 22 Nov 2026 10:00:05 GMT"}, 15.0),
        ({"retry-after": "Sun, 22 Nov 2026 10:00:00 GMT", "date": "Sun, 22 Nov 2026 10:00:05 GMT"}, 0.0),
        ({"retry-after": "Sun, 22 Nov 2026 10:00:00 -0000", "date": "Sun, 22 Nov 2026 10:00:05 GMT"}, 0.0),
        ({"retry-after": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
def test_how_long_a_busy_system_asks_to_wait(headers: dict[str, str], seconds: float) -> None:
    """A date counts from the system's own clock, which may be wrong."""
    assert wished(httpx2.Headers(headers)) == seconds


def test_a_token_that_tells_no_lifetime_is_one(office: Office) -> None:
    system = nexus(grant(1))

    async def test(gateway: Gateway) -> None:
        system.good.add("t")
        for token in ({"access_token": "t"}, {"access_token": "t", "expires_in": None}):
            system.token = lambda asked, t=token: Reply(t)  # type: ignore[method-assign,misc]
            assert not (await look(gateway, [CPR])).failure

    fetching(office, system, test)
