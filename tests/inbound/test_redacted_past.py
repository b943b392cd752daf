"""What is taken away of a resource today is taken away of it as it stood before, too."""

from __future__ import annotations

from gateway.domain.security_label import PROTECTED_ADDRESS
from tests.inbound.http_world import run
from tests.inbound.rest_world import rest
from tests.inbound.test_consent_doors import objection

STREET = "Skjulested 12"


def test_an_address_that_is_protected_now_is_shown_of_no_time(database_url: str) -> None:
    """Of a relative whose address was marked later: in an older version, in the history, in the plan as it stood."""
    system, _, code = PROTECTED_ADDRESS.partition("|")

    async def test() -> None:
        async with rest(database_url) as here:
            permit = objection(here.patient, provision={"type": "permit"})
            assert (await here.call("POST", "/Consent", permit, who="social")).status_code == 201
            made = await here.made(here.about("RelatedPerson", name=[{"family": "Lind"}], address=[{"line": [STREET]}]))
            place, at = f"/RelatedPerson/{made['id']}", here.http.world.clock().isoformat().replace("+", "%2B")
            then = f"/Patient/{here.patient}/$joint-plan?at={at}"

            async def shown(who: str, *paths: str) -> list[bool]:
                told = [await here.call("GET", path, who=who) for path in paths]
                assert {one.status_code for one in told} == {200}
                assert all("Lind" in one.text for one in told)
                return [STREET in one.text for one in told]

            before = (place, f"{place}/_history/1", f"{place}/_history", then)
            here.http.world.clock.forward(3600)
            assert await shown("social", *before) == [True] * 4
            marked = made | {"meta": {"security": [{"system": system, "code": code}]}}
            assert (await here.call("PUT", place, marked, If_Match='W/"1"')).status_code == 200
            assert await shown("social", *before, f"{place}/_history/2") == [False] * 5
            assert await shown("epj", *before, f"{place}/_history/2") == [True] * 5, "who treats may see it"

    run(test)
