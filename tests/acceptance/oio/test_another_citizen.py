"""An OIO case that turns out to be about another citizen leaves the first, whatever comes when and whoever dies."""

from __future__ import annotations

import pytest

from gateway.domain.identifier import CPR
from gateway.domain.resource import ids
from gateway.flows.arrivals import arrival_of, import_record
from gateway.flows.keeping import About, keep
from gateway.flows.parts import Gateway
from gateway.flows.registered import settle_what_is_left
from tests.acceptance.oio.test_oio_door import OTHER, SOCIAL, post, sees
from tests.inbound.http_world import SECRET, http, run
from tests.translate.oio.cases import CITIZEN, SAG, changed


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_case_that_turns_out_to_be_about_another_citizen_leaves_the_first(
    database_url: str, newest_first: bool
) -> None:
    wrong = SAG.encode()
    right = changed((CITIZEN, f"urn:oio:cpr-nr:{OTHER}"), ("2025-03-10T09:15:0", "2025-03-12T09:15:0"))

    async def test() -> None:
        async with http(database_url, SOCIAL) as here:
            for raw in (right, wrong) if newest_first else (wrong, right):
                assert (await post(here, raw))[:2] == (200, "20")
            assert (await post(here, wrong))[:2] == (200, "20"), "sent again it changes nothing"
            mistaken, meant = await sees(here), await sees(here, number=OTHER)
            assert [one["status"] for one in mistaken.get("CarePlan", [])] in ([], ["entered-in-error"])
            assert "DocumentReference" not in mistaken
            assert [one["status"] for one in meant["CarePlan"]] == ["active"]
            assert {one["subject"]["reference"] for kind in ("CarePlan", "CareTeam") for one in meant[kind]} == {
                f"Patient/{ids(SECRET)('Patient', f'{CPR}|{OTHER}')}"
            }

    run(test)


async def kept_by_a_node_that_dies(gateway: Gateway, raw: bytes) -> None:
    """The message's commit, and nothing of what follows it."""
    found = gateway.languages.of("oio").translate(raw)
    now = gateway.clock()
    arrival = arrival_of("oio", raw, found, gateway.fingerprint(raw), b"", now)
    about = About(found.citizen, found.merged, found.statements)
    assert (await keep(gateway, arrival, about, lambda change: import_record(found, change, now, None))).change


def test_what_a_node_that_died_left_with_the_first_citizen_is_taken_back_by_another(database_url: str) -> None:
    right = changed((CITIZEN, f"urn:oio:cpr-nr:{OTHER}"), ("2025-03-10T09:15:0", "2025-03-12T09:15:0"))

    async def test() -> None:
        async with http(database_url, SOCIAL) as here:
            await post(here, SAG.encode())
            await kept_by_a_node_that_dies(here.gateway, right)
            assert [one["status"] for one in (await sees(here))["CarePlan"]] == ["active"], "still with the first"
            assert await settle_what_is_left(here.gateway) > 0
            assert [one["status"] for one in (await sees(here)).get("CarePlan", [])] in ([], ["entered-in-error"])
            assert [one["status"] for one in (await sees(here, number=OTHER))["CarePlan"]] == ["active"]
            assert await settle_what_is_left(here.gateway) == 0

    run(test)
