"""The residence municipality of a case, once an installation knows the role's UUID (mappings/oio/roles.csv)."""

from __future__ import annotations

import shutil

import pytest

from gateway.domain.municipality import facts_of
from gateway.domain.resource import ids
from gateway.domain.when import said_time
from gateway.translate.oio import Oio
from gateway.translate.rules.sources import Sources
from tests.translate.oio.cases import SAG, said
from tests.translate.oio.conftest import MAPPINGS

ROLE = "6f2d1c3e-0000-4000-8000-00000000b0b0"
HANDLER = "bf1f93ed-9441-4af4-835b-baeb201f3076"


@pytest.fixture(scope="module")
def informed(tmp_path_factory: pytest.TempPathFactory) -> Oio:
    """The language of an installation that has filled in the UUID."""
    folder = tmp_path_factory.mktemp("informed") / "mappings"
    shutil.copytree(MAPPINGS, folder)
    roles = folder / "oio" / "roles.csv"
    text = roles.read_text("utf-8")
    assert "Sagsaktoer,Bopaelskommune,," in text
    roles.write_text(text.replace("Sagsaktoer,Bopaelskommune,,", f"Sagsaktoer,Bopaelskommune,{ROLE},"), "utf-8")
    return Oio(folder, Sources.read(folder), ids(b"test"))


def with_residence(cvr: str) -> bytes:
    """The fixture whose first handler, from 14 January until 1 March, is the residence municipality instead."""
    head, found, tail = SAG.partition(HANDLER)
    assert found
    number = f"<si:FuldtNavn>Et sted</si:FuldtNavn><si:CVR-Nummer>{cvr}</si:CVR-Nummer>"
    return (head + ROLE + tail.replace("<si:FuldtNavn>Vibeke Thorup Damsgaard</si:FuldtNavn>", number, 1)).encode()


def test_the_residence_is_a_fact_with_its_period_and_nothing_else(informed: Oio) -> None:
    plan = said(informed.translate(with_residence("11931316")), "CarePlan")
    (fact,) = facts_of(plan.body | {"resourceType": "CarePlan", "id": "x"})
    assert (fact.role, fact.area, fact.code, fact.display) == ("residence", "", "0183", "Ishøj")
    assert said_time(fact.start) == "2025-01-14T00:00:00+01:00"
    assert said_time(fact.end) <= "2025-03-01T00:00:00+01:00"


def test_an_authority_that_is_no_municipality_is_no_residence(informed: Oio) -> None:
    found = informed.translate(with_residence("25313763"))
    plan = said(found, "CarePlan")
    assert list(facts_of(plan.body | {"resourceType": "CarePlan", "id": "x"})) == []
    assert any("municipality" in one.text or "no row" in one.text for one in found.findings), found.findings
