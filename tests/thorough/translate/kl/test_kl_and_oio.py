"""One case told by a case system (OIO Sag) and by KL plans that are documented in it: from both messages to one part of
the joint plan, whichever comes first, and both words kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.citizen import people
from gateway.domain.fold import fold
from gateway.domain.plan import PART, compose
from gateway.domain.resource import ids
from gateway.domain.statement import Statement
from gateway.translate.kl import Kl
from gateway.translate.oio import Oio
from gateway.translate.rules.sources import Sources
from tests.translate.kl.orders import message
from tests.translate.kl.orders import raw as order_raw
from tests.translate.kl.reporting import Json, intervention, plan, raw, report

PROJECT = Path(__file__).parents[4]
MAPPINGS = PROJECT / "mappings"
SAG = (PROJECT / "fixtures" / "stories" / "herberg" / "01-sag.xml").read_bytes()
UUID, NUMBER = "6e2745ab-f5e4-551e-9e73-b3e57d8a4bde", "2026-0417"
CITIZEN = "urn:oid:1.2.208.176.1.2|2509479989"
CORE = "http://fhir.kl.dk/core/StructureDefinition/MunicipalityCaseNumber"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def oio() -> Oio:
    return Oio(MAPPINGS, Sources.read(MAPPINGS), ids(b"test"))


def numbered(slot: str, url: str = CORE, **identifier: Any) -> Json:
    return {"url": url, "extension": [{"url": slot, "valueIdentifier": identifier}]}


def ordered(extension: Json) -> Json:
    patient = {"resourceType": "Patient", "id": "p1"}
    made = plan("a", intent="order", extension=[extension], description="Støtte til egen bolig")
    made.pop("activity")
    return message(patient, made, intervention("i", "a"), focus="CarePlan/a")


def joint(said: Sequence[Statement]) -> tuple[Json, dict[str, Json]]:
    """The joint plan, and every resource by its id."""
    person = people({CITIZEN: [CITIZEN]}, [])[CITIZEN]
    made = fold(said, person, ids(b"test"), {s.id: s for s in Sources.read(MAPPINGS)})
    bodies = [one.body for one in made]
    return compose(bodies, "p", NOW)[0], {b["id"]: b for b in bodies}


OFFICIAL = numbered("official", use="official", system="https://data.gov.dk/id/organization", value=UUID)
OWN = numbered(
    "municipalitySpecific",
    use="usual",
    value=NUMBER,
    assigner={"identifier": {"system": "urn:oid:1.3.184", "value": "64942212"}},
)


def official(system: str, value: str = UUID) -> Json:
    return numbered("official", use="official", system=system, value=value)


def given_by(system: str, value: str) -> Json:
    giver = {"identifier": {"system": system, "value": value}, "display": "Københavns Kommune"}
    return numbered("municipalitySpecific", use="usual", value=NUMBER, assigner=giver)


SPELLED = {
    "uuid": OFFICIAL,
    "own number": OWN,
    "http": official("http://data.gov.dk/id/organization"),
    "a slash": official("https://data.gov.dk/id/organization/", f"urn:uuid:{UUID.upper()}"),
    "by FK Organisation": given_by("https://www.kombit.dk/organisation", "d4e3f4fb-6761-4d6c-9086-74c49231f11e"),
    "by FK Organisation as a URN": given_by(
        "https://kombit.dk/sts/organisation", "urn:uuid:D4E3F4FB-6761-4D6C-9086-74C49231F11E"
    ),
    "by municipality code": given_by("http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes", "101"),
}


@pytest.mark.parametrize("number", SPELLED.values(), ids=SPELLED)
def test_an_order_and_its_case_are_one_part(kl: Kl, oio: Oio, number: Json) -> None:
    told = [*kl.translate(order_raw(ordered(number))).statements, *oio.translate(SAG).statements]
    for said in (told, told[::-1]):
        plan_, resources = joint(said)
        parts = [e["valueReference"] for e in plan_["extension"] if e["url"] == PART]
        assert len(parts) == 2, "the plan and its intervention; the case is no third"
        (both,) = [p for p in parts if "extension" in p]
        behind = both["extension"][0]["valueReference"]["reference"]
        case, own = resources[behind.rpartition("/")[2]], resources[both["reference"].rpartition("/")[2]]
        assert "27.57.16" in str(case["category"])
        assert own["description"] == "Støtte til egen bolig"
        codes = [a["detail"]["code"]["coding"][0]["code"] for a in plan_["activity"]]
        assert codes[0] == "27.57.16", "what FFB cannot code"
        assert len(codes) == 2


def test_a_report_names_no_authority_and_is_joined_all_the_same(kl: Kl, oio: Oio) -> None:
    url = "http://fhir.kl.dk/ffbreporting/StructureDefinition/kl-reporting-ffb-municipalityCaseNumber"
    reported = plan("a", intent="plan", extension=[numbered("municipalitySpecific", url, use="usual", value=NUMBER)])
    told = [*kl.reports.translate(raw(report("2026-03-01", reported))).statements, *oio.translate(SAG).statements]
    plan_, _ = joint(told)
    (activity,) = plan_["activity"]
    assert activity["detail"]["code"]["coding"][0]["code"] == "27.57.16"
    assert activity["detail"]["description"], "the report has no words; the case has"


@pytest.mark.parametrize(
    "number",
    [
        given_by("https://www.kombit.dk/organisation", "00000000-1111-4222-8333-444444444444"),
        given_by("http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes", "0147"),
    ],
)
def test_who_else_gave_a_number_gave_another(kl: Kl, oio: Oio, number: Json) -> None:
    told = [*kl.translate(order_raw(ordered(number))).statements, *oio.translate(SAG).statements]
    parts = [e["valueReference"] for e in joint(told)[0]["extension"] if e["url"] == PART]
    assert len(parts) == 3, "the plan, its intervention and a case that is another"


def test_another_municipalitys_case_of_the_same_number_is_another_case(kl: Kl, oio: Oio) -> None:
    other = numbered(
        "municipalitySpecific",
        use="usual",
        value=NUMBER,
        assigner={"identifier": {"system": "http://cvr.dk", "value": "11259979"}},
    )
    told = [*kl.translate(order_raw(ordered(other))).statements, *oio.translate(SAG).statements]
    plan_, _ = joint(told)
    assert len([e for e in plan_["extension"] if e["url"] == PART]) == 3
