"""Why somebody could see something then, where a consent names a place: by what was known of its parts."""

from __future__ import annotations

from typing import Any

from gateway.domain.consent.units import Dated, Units
from gateway.domain.identifier import SOR
from gateway.flows import directory
from tests.flows.directory.people import HOSPITAL, made
from tests.inbound.http_world import Http, http, run
from tests.inbound.one_citizen import CLIENTS, arrive, headers
from tests.inbound.test_consent_doors import objection, put
from tests.inbound.test_explain_door import ask, decisions, the_stay

WHOLE, OTHER, UNIT = "265161000016000", "399841000016000", "502701000016000"
READER = {"role": "hospital", "sector": "region", "organization": (SOR, UNIT)}
IRCP = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}


def place(number: str) -> dict[str, Any]:
    return {"type": "Organization", "identifier": {"system": SOR, "value": number}}


async def organisation(here: Http, number: str, above: str = "") -> str:
    more = {"partOf": place(above)} if above else {}
    numbered = [{"system": SOR, "value": number}]
    return await made(here.gateway, HOSPITAL, "Organization", name="Afsnit", identifier=numbered, **more)


def tick(here: Http) -> str:
    here.world.clock.forward(3600)
    moment = here.world.clock().isoformat()
    here.world.clock.forward(3600)
    return str(moment)


def test_what_the_directory_told_then(database_url: str) -> None:
    async def test() -> None:
        async with http(database_url, *CLIENTS) as here:
            patient, epj = await arrive(here), await headers(here)
            denied = {**objection(patient)["provision"], "actor": [{"role": IRCP, "reference": place(WHOLE)}]}
            assert (await put(here, "/fhir/Consent", objection(patient, provision=denied), epj)).status_code == 201
            named = await the_stay(here)

            async def outcome(when: str = "") -> tuple[str, list[str]]:
                asked = {"purpose": "TREAT", "patient": f"Patient/{patient}"} | ({"when": when} if when else {})
                answer = await ask(here, **READER, **asked)
                today = [one["valueString"] for one in answer.json()["parameter"] if one["name"] == "as-of-today"]
                return decisions(answer)[named]["outcome"], today

            await organisation(here, WHOLE)
            before = tick(here)
            unit = await organisation(here, UNIT, above=WHOLE)
            during = tick(here)
            assert await outcome() == ("deny", [])
            await directory.withdraw(here.gateway, HOSPITAL, "Organization", unit)
            after = tick(here)
            assert await outcome() == ("permit", []), "of the present nothing is as of today"
            for when, expected in ((before, "permit"), (during, "deny"), (after, "permit")):
                told, today = await outcome(when)
                assert told == expected, when
                assert any("mappings/sources" in one for one in today), "plainly told"
                assert any("part-of.csv" in one for one in today)

    run(test)


def test_the_tables_hold_on_their_days() -> None:
    """A row that ended since was sure then; one that begins later was not there; what the directory told closes."""
    inside, gone, new = (("a", "whole"), ("b", "whole"), ("c", "whole"))
    today = Units(
        [inside], [gone], [("x", "whole")], [Dated(inside), Dated(gone, "", "2025-12-31"), Dated(new, "2027")]
    )

    def below(units: Units, name: str) -> tuple[bool, bool]:
        one = frozenset({name})
        return "whole" in units.sure.above(one), "whole" in units.closing.above(one)

    then = today.at("2025-06-01", [("y", "whole")])
    assert {name: below(then, name) for name in "abcxy"} == {
        "a": (True, True), "b": (True, True), "c": (False, False), "x": (False, False), "y": (False, True),
    }  # fmt: skip
    later = today.at("2026-06-01", [])
    assert below(later, "b") == (False, True)
    assert below(today.hearing([("z", "whole")]).at("2025-06-01", []), "b") == (True, True), "hearing keeps the days"
