"""What several sources say about one person: a source that knows less takes nothing away from one that knows more."""

from __future__ import annotations

from itertools import permutations
from typing import Any

from gateway.domain.fold import fold
from gateway.domain.statement import Act, Body, Statement, Verb
from tests.domain.stays import CPR_KEY, IDS, PERSON, SOURCES, moment

CPR, NUMBER = CPR_KEY.split("|")
OFFICIAL = {"use": "official", "family": "Rosenlund", "given": ["Bent"]}


def told(number: int, source: str, **body: Any) -> Statement:
    return Statement(
        "Patient", CPR_KEY, Act.STATE, Verb.ASSERT, moment(number), moment(number), body, source, f"m{number}/0"
    )


def patient(*statements: Statement) -> Body:
    bodies = [fold(list(order), PERSON, IDS, SOURCES)[0].body for order in permutations(statements)]
    assert all(body == bodies[0] for body in bodies)
    return bodies[0]


def test_a_name_in_one_text_does_not_take_away_one_whose_parts_are_known() -> None:
    hospital, case = told(1, "psyk", name=[OFFICIAL]), told(2, "kommune", name=[{"text": "Bent Rosenlund"}])
    assert patient(hospital, case)["name"] == [OFFICIAL]
    assert patient(case)["name"] == [{"text": "Bent Rosenlund"}]


def test_a_new_name_with_its_parts_does() -> None:
    married = {"use": "official", "family": "Lind", "given": ["Bent"]}
    case = told(2, "kommune", name=[{"text": "Bent Rosenlund"}])
    assert patient(told(1, "psyk", name=[OFFICIAL]), case, told(3, "psyk", name=[married]))["name"] == [married]


def test_what_is_known_of_a_number_stays_when_another_source_writes_the_bare_number() -> None:
    official = {"use": "official", "system": CPR, "value": NUMBER}
    hospital = told(1, "psyk", identifier=[official, {"system": "urn:oid:1.2.208.176.1.2.1", "value": "7788"}])
    case = told(2, "kommune", identifier=[{"system": CPR, "value": NUMBER}])
    assert patient(hospital, case)["identifier"] == [official, {"system": "urn:oid:1.2.208.176.1.2.1", "value": "7788"}]


def test_a_number_of_one_system_alone_is_shown_to_nobody_who_knows_the_citizen_by_another() -> None:
    """That the jobcenter's system has a number for the citizen tells that the citizen is known there."""
    own = {"system": "urn:faellesplan:source:koebenhavn-momentum:citizen", "value": "b0c1"}
    bare = {"system": CPR, "value": NUMBER}
    assert patient(told(1, "kommune", identifier=[bare, own]), told(2, "psyk", identifier=[bare]))["identifier"] == [
        bare
    ]
    assert patient(told(1, "kommune", identifier=[own]))["identifier"] == [own], "where nothing else is known"


def test_who_spoke_first_changes_not_even_the_order_of_what_is_told_of_a_number() -> None:
    """It would be another version, and tell that somebody else wrote about the citizen."""
    official = {"use": "official", "system": CPR, "value": NUMBER}
    hospital = told(2, "psyk", identifier=[official])
    for other in ({"system": CPR, "value": NUMBER}, {"value": NUMBER, "system": CPR, "use": "official"}):
        seen = patient(told(1, "kommune", identifier=[other]), hospital)["identifier"]
        assert [list(one.items()) for one in seen] == [list(official.items())]


def test_whose_system_told_of_the_citizen_is_shown_to_nobody() -> None:
    """KL's reports name the reporting organisation in the Patient: home nursing, or the social authority."""
    keeper = {"identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": "123456789012345"}}
    assert "managingOrganization" not in patient(told(1, "kommune", managingOrganization=keeper))


def test_between_protected_and_not_in_one_word_it_is_protected() -> None:
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    labels = [{"system": system, "code": code} for code in ("N", "R", "R")]
    for said in (labels, labels[::-1]):
        assert patient(told(1, "psyk", meta={"security": said}))["meta"]["security"] == [labels[1]]
