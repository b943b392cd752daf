"""A transaction opens nobody: what may not be written of a citizen alone may not be written beside a Patient."""

from __future__ import annotations

from typing import Any

from gateway.domain.identifier import CPR
from tests.attack.test_rest_writes import ABSENT
from tests.attack.world import consent
from tests.inbound.http_world import run
from tests.inbound.one_citizen import NUMBER
from tests.inbound.rest_world import rest
from tests.inbound.test_rest_bundles import ONE, bundle, entry

UNKNOWN = "2509479989"


def test_a_patient_told_of_beside_it_lets_nobody_say_what_the_citizen_permits(database_url: str) -> None:
    """The job centre may not see her, and knows her number. It tells of her as of anybody, and in the same transaction
    that she lets it see everything."""

    async def test() -> None:
        async with rest(database_url) as here:
            told: list[Any] = []
            statements = await here.count("statement")
            for number in (NUMBER, UNKNOWN):
                patient = {"resourceType": "Patient", "identifier": [{"system": CPR, "value": number}]}
                for body in (consent(ABSENT, "permit"), here.goal(), here.about("Task", status="draft", intent="plan")):
                    name = {"Consent": "patient", "Task": "for"}.get(body["resourceType"], "subject")
                    beside = entry("POST", body["resourceType"], body | {name: {"reference": ONE}})
                    sent = bundle("transaction", entry("POST", "Patient", patient, ONE), beside)
                    answer = await here.call("POST", "", sent, who="jobcenter")
                    told.append((number, answer.status_code, answer.content))
            assert {status for _, status, _ in told} == {404}
            assert [one[2] for one in told[:3]] == [one[2] for one in told[3:]], "nobody is told as she is"
            assert await here.count("statement") == statements
            assert (await here.call("GET", f"/Patient/{here.patient}", who="jobcenter")).status_code == 404
            refused = [one for one in await here.records(client="jobcenter") if one.citizen == here.patient]
            assert {one.interaction for one in refused} >= {"create"}

    run(test)


def test_who_may_see_what_it_tells_of_goes_on_in_one_transaction(database_url: str) -> None:
    """Whether others know the person or nobody does."""

    async def test() -> None:
        async with rest(database_url) as here:
            for who in ("social", "epj"):
                for number in (NUMBER, UNKNOWN):
                    patient = {"resourceType": "Patient", "identifier": [{"system": CPR, "value": number}]}
                    goal = entry("POST", "Goal", here.goal(subject={"reference": ONE}))
                    sent = bundle("transaction", entry("POST", "Patient", patient, ONE), goal)
                    answer = await here.call("POST", "", sent, who=who)
                    assert answer.status_code == 200, (who, number, answer.text)

    run(test)
