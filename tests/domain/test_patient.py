"""What several sources say about one person: a source that knows less takes nothing away from one that knows more."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

from gateway.domain.citizen import Person
from gateway.domain.fold import fold
from gateway.domain.resource import Resource
from gateway.domain.statement import Act, Body, Statement, Verb
from gateway.domain.written import origin_of
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


def by_rest(number: int, source: str, verb: Verb = Verb.ASSERT, **body: Any) -> Statement:
    word = told(number, source, **body)
    return replace(word, verb=verb, origin=origin_of(f"{number}"))


def folded(*statements: Statement, person: Person = PERSON) -> Resource:
    made = [fold(list(order), person, IDS, SOURCES)[0] for order in permutations(statements)]
    assert all(one == made[0] for one in made)
    return made[0]


def test_a_delete_takes_back_what_its_source_said_and_nothing_else() -> None:
    """DELETE is A29: all that the source said before, by message and by REST; what it says later counts."""
    kommune = told(1, "kommune", name=[{"text": "Bent Rosenlund"}])
    hospital = [told(2, "psyk", name=[OFFICIAL], gender="male"), by_rest(3, "psyk", birthDate="1980-01-01")]
    end = by_rest(4, "psyk", Verb.WITHDRAW)
    left = folded(kommune, *hospital, end)
    assert (left.body["name"], left.deleted, left.body["active"]) == ([{"text": "Bent Rosenlund"}], False, True)
    assert not {"gender", "birthDate"} & left.body.keys()
    assert left.source == "kommune", "whose word stands, not who went last"
    assert folded(kommune, *hospital, end, told(5, "psyk", gender="female")).body["gender"] == "female"


def test_where_nothing_is_left_a_patient_is_deleted() -> None:
    end, theirs = by_rest(2, "psyk", Verb.WITHDRAW), told(1, "kommune", gender="male")
    a29 = replace(told(3, "kommune"), verb=Verb.WITHDRAW)
    assert folded(by_rest(1, "psyk", gender="male"), end).deleted
    assert folded(theirs, by_rest(1, "psyk", gender="male"), end, a29).deleted, "whoever went last"
    assert not folded(theirs, a29).deleted, "who was deleted by message is still there, by number"
    assert not folded(by_rest(1, "psyk", gender="male"), end, told(3, "kommune", gender="male")).deleted


def test_who_was_joined_is_not_deleted() -> None:
    """The one record leads to the other, and that was said by somebody else."""
    joined = Person("urn:oid:1.2.208.176.1.2|0000000001", ("urn:oid:1.2.208.176.1.2|0000000001", CPR_KEY))
    left = folded(by_rest(1, "psyk", gender="male"), by_rest(2, "psyk", Verb.WITHDRAW), person=joined)
    assert (left.deleted, left.body["link"][0]["type"]) == (False, "replaced-by")


def test_a_delete_lowers_no_label() -> None:
    """A protected address stays protected until somebody with the right says otherwise, or the source itself does."""
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    closed, plain = ({"security": [{"system": system, "code": code}]} for code in ("R", "N"))
    word, end = by_rest(1, "psyk", meta=closed), by_rest(3, "psyk", Verb.WITHDRAW)
    theirs = told(2, "kommune", gender="male")
    assert folded(word, theirs, end).body["meta"] == closed
    assert folded(word, end).body["meta"] == closed
    assert folded(word, by_rest(2, "psyk", Verb.CORRECT, meta=plain), theirs, end).body["meta"] == plain
    assert folded(word, theirs, end, told(4, "psyk", gender="male")).body["meta"] == closed
    assert folded(word, theirs, end, by_rest(4, "psyk", meta=plain)).body["meta"] == closed
    assert folded(word, theirs, end, told(4, "psyk", meta=plain)).body["meta"] == plain


def test_who_writes_of_a_person_lowers_no_label_of_others() -> None:
    """A message of a source says how that sees it now; a write by REST takes a right and a reason to lower. Each lowers
    its own words alone."""
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    closed, plain = ({"security": [{"system": system, "code": code}]} for code in ("R", "N"))
    for first in (told(1, "kommune", meta=closed), by_rest(1, "kommune", meta=closed)):
        for verb in (Verb.ASSERT, Verb.CORRECT):
            assert folded(first, by_rest(2, "psyk", verb, meta=plain)).body["meta"] == closed
        assert folded(first, told(2, "psyk", meta=plain)).body["meta"] == closed, "whose word it was ends it"
        assert folded(first, told(2, "psyk", meta=plain), told(3, "kommune", meta=plain)).body["meta"] == plain
    own = by_rest(1, "kommune", meta=closed)
    assert folded(own, by_rest(2, "kommune", meta=plain)).body["meta"] == closed
    assert folded(own, by_rest(2, "kommune", Verb.CORRECT, meta=plain)).body["meta"] == plain


def test_a_message_tells_nothing_of_the_labels_that_it_does_not_name() -> None:
    """A test is marked, a label of another system is set: the address is protected as before."""
    system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    mark = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
    closed, plain = ({"system": system, "code": code} for code in ("R", "N"))
    first, marked = told(1, "kommune", meta={"security": [closed]}), told(2, "psyk", meta={"security": [mark]})
    assert folded(first, marked).body["meta"]["security"] == [closed, mark]
    assert folded(first, told(2, "psyk", meta={"tag": [mark]})).body["meta"]["security"] == [closed]
    ended = told(3, "kommune", meta={"security": [plain]})
    assert folded(first, marked, ended).body["meta"]["security"] == [plain, mark]
