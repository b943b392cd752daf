"""Consents in the shapes that Danish systems have: MinSpærring (a person, a place with or without sub-units, a period,
negative and positive) and KL/FUT's categories."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.consent import compile_consent, prepared
from gateway.domain.consent.actors import READER_ROLE, SUB_UNITS
from gateway.domain.consent.units import NONE, Tree, Units
from gateway.domain.identifier import SOR
from tests.domain.consent.making import actor, ask, at, consent, data, dates, rule, thing, word

AUTHORISATION = "https://healthcaredenmark.dk/autorisation"
DOCTOR, COLLEAGUE = f"{AUTHORISATION}|0CXYZ", f"{AUTHORISATION}|0DABC"
HOSPITAL, WARD, OTHER = f"{SOR}|265161000016000", f"{SOR}|953741000016009", f"{SOR}|399841000016000"
CATEGORY = "https://faellesplan.dk/fhir/CodeSystem/consent-category"
UNITS = {"extension": [{"url": SUB_UNITS, "valueBoolean": True}]}
ALONE = {"extension": [{"url": SUB_UNITS, "valueBoolean": False}]}


def registration(says: str, **what: Any) -> dict[str, Any]:
    """One consentitem: validFrom and validTo are the period, whoItem the actor, whatItem the data."""
    category = [{"coding": [{"system": CATEGORY, "code": "minspaerring"}]}]
    return consent(rule(says, **what), category=category)


def by(person: str = DOCTOR, organisation: str = HOSPITAL, *above: str, units: Units = NONE) -> Any:
    organisations, groups = frozenset({organisation}), frozenset(above)
    return ask(actors=frozenset({person}), organisations=organisations, member_of=groups, units=units)


def test_nothing_registered_is_left_to_the_law() -> None:
    assert word([], by()) == "silent"


def test_a_negative_one_for_everybody_and_everything() -> None:
    assert word(registration("deny", period={"start": "2026-01-01"}), by()) == "deny"


def test_a_person() -> None:
    said = registration("deny", actor=actor(DOCTOR), period={"start": "2026-01-01"})
    assert word(said, by(DOCTOR)) == "deny"
    assert word(said, by(COLLEAGUE)) == "silent", "the colleague at the same hospital"
    assert word(said, by(DOCTOR, OTHER)) == "deny", "the same person elsewhere"


@pytest.mark.parametrize(
    ("more", "opens", "closes"),
    [({}, "silent", "deny"), (UNITS, "permit", "deny"), (ALONE, "silent", "silent")],
    ids=["not told", "with", "without"],
)
@pytest.mark.parametrize("above", [(HOSPITAL,), ()], ids=["registered", "by the tables"])
def test_readers_at_a_place_with_or_without_its_sub_units(
    more: dict[str, Any], opens: str, closes: str, above: tuple[str, ...]
) -> None:
    period = {"start": "2026-01-01", "end": "2026-12-31"}
    said = registration("permit", actor=actor(HOSPITAL, **more), period=period)
    refused = registration("deny", actor=actor(HOSPITAL, **more), period=period)
    units = NONE if above else Units([(WARD, HOSPITAL)])
    whole, ward = by(DOCTOR, HOSPITAL, units=units), by(DOCTOR, WARD, *above, units=units)
    assert word(said, whole) == "permit"
    assert word(said, ward) == opens
    assert word(refused, whole) == "deny"
    assert word(refused, ward) == closes, "a deny covers the sub-units unless it says otherwise"
    assert word([said, refused], by(DOCTOR, OTHER, units=units)) == "silent"


def test_without_sub_units_is_of_one_legal_world_too() -> None:
    jobcenter = actor(HOSPITAL, **ALONE)
    jobcenter[0]["role"] = {"coding": [{"system": READER_ROLE, "code": "jobcenter"}]}
    said = registration("deny", actor=jobcenter)
    ward = ask(actors=frozenset(), organisations=frozenset({WARD}), member_of=frozenset({HOSPITAL}), role="jobcenter")
    whole = ask(actors=frozenset(), organisations=frozenset({HOSPITAL}), role="jobcenter")
    assert (word(said, whole), word(said, ward)) == ("deny", "silent")


def test_a_deny_without_sub_units_is_of_who_acts_for_the_place() -> None:
    said = registration("deny", actor=actor(HOSPITAL, **ALONE))
    asked = ask(actors=frozenset({DOCTOR}), organisations=frozenset({OTHER}), on_behalf_of=frozenset({HOSPITAL}))
    assert word(said, asked) == "deny"


def test_what_says_both_says_nothing() -> None:
    both = {"extension": [*UNITS["extension"], *ALONE["extension"]]}
    assert word(registration("deny", actor=actor(HOSPITAL, **both)), by(DOCTOR, WARD, HOSPITAL)) == "deny"
    said = registration("permit", actor=actor(HOSPITAL, **both), period={"end": "2026-12-31"})
    assert word(said, by(DOCTOR, WARD, HOSPITAL)) == "silent"


def test_what_the_directory_and_former_rows_tell_can_only_close() -> None:
    opening = registration("permit", actor=actor(HOSPITAL, **UNITS), period={"end": "2026-12-31"})
    closing = registration("deny", actor=actor(HOSPITAL))
    own = registration("deny", data=[data("authoredby", HOSPITAL)[0] | ALONE])
    theirs = thing(places=frozenset({WARD, HOSPITAL}))
    for units in (Units(told=[(WARD, HOSPITAL)]), Units(former=[(WARD, HOSPITAL)])):
        assert word(opening, by(DOCTOR, WARD, units=units)) == "silent"
        assert word(closing, by(DOCTOR, WARD, units=units)) == "deny"
        assert word(own, by(units=units), theirs) == "deny", "nobody gets out of a block by such a word"
    assert word(own, by(units=Units([(WARD, HOSPITAL)])), theirs) == "silent"


def test_a_change_of_the_tree_holds_at_once_for_who_asked_before() -> None:
    compiled = [compile_consent(registration("deny", actor=actor(HOSPITAL)))]
    units = Units()
    for told, expected in (((), "silent"), ([(WARD, HOSPITAL)], "deny"), ((), "silent")):
        units = units.hearing(told)
        assert str(prepared(compiled, by(DOCTOR, WARD, units=units)).verdict(thing()).word) == expected


def test_two_gateways_in_one_process_know_each_their_own() -> None:
    compiled = [compile_consent(registration("deny", actor=actor(HOSPITAL)))]
    one, other = Units().hearing([(WARD, HOSPITAL)]), Units()
    for units, expected in ((one, "deny"), (other, "silent"), (one, "deny")):
        assert str(prepared(compiled, by(DOCTOR, WARD, units=units)).verdict(thing()).word) == expected


def test_what_is_heard_again_is_nothing_new() -> None:
    tables = Units([(WARD, HOSPITAL)], told=[(OTHER, HOSPITAL)])
    assert tables.hearing([(OTHER, HOSPITAL)]) is tables, "what was worked out before is asked again"
    assert tables.hearing(()).closing.above(frozenset({WARD})) == {WARD, HOSPITAL}, "the tables stand, whoever is heard"


def test_units_in_a_circle_and_of_several_wholes() -> None:
    units = Tree([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")])
    assert units.above(frozenset({"b"})) == {"a", "b", "c", "d"}
    assert units.above(frozenset({"d", "e"})) == {"d", "e"}


def test_data_from_a_place() -> None:
    said = registration("deny", data=data("authoredby", HOSPITAL))
    written = thing(authors=frozenset({HOSPITAL}))
    sent = thing(places=frozenset({HOSPITAL}))
    on_the_ward = thing(authors=frozenset({WARD}), places=frozenset({WARD, HOSPITAL}))
    assert [word(said, by(), one) for one in (written, sent, on_the_ward)] == ["deny"] * 3
    assert word(said, by(), thing(authors=frozenset({OTHER}), places=frozenset({OTHER}))) == "silent"
    assert word(registration("deny", data=data("authoredby", WARD)), by(), sent) == "silent", "not the whole hospital"


@pytest.mark.parametrize(("more", "closes"), [({}, "deny"), (UNITS, "deny"), (ALONE, "silent")])
def test_data_from_a_place_with_or_without_its_sub_units(more: dict[str, Any], closes: str) -> None:
    said = registration("deny", data=[data("authoredby", HOSPITAL)[0] | more])
    sent_for_the_ward = thing(places=frozenset({WARD, HOSPITAL}))
    of_the_ward = thing(places=frozenset({WARD}), authors=frozenset({DOCTOR}))
    here = by(units=Units([(WARD, HOSPITAL)]))
    assert word(said, here, thing(places=frozenset({HOSPITAL}))) == "deny"
    assert word(said, here, thing(places=frozenset({HOSPITAL, OTHER}))) == "deny", "OTHER is no part of it"
    assert word(said, here, sent_for_the_ward) == closes, "its systems sent it of the ward"
    assert word(said, here, of_the_ward) == closes
    assert word(said, here, thing(places=frozenset({OTHER}))) == "silent"
    assert word(said, by(), of_the_ward) == "silent", "nobody knows whose part it is"


@pytest.mark.parametrize(("more", "below"), [({}, "deny"), (UNITS, "permit"), (ALONE, "deny")])
def test_a_positive_one_opens_data_of_exactly_the_place_unless_it_says_with_sub_units(
    more: dict[str, Any], below: str
) -> None:
    listed = [one | more for one in data("authoredby", HOSPITAL)]
    said = registration("permit", data=listed, period={"end": "2026-12-31"})
    assert word(said, by(), thing(authors=frozenset({HOSPITAL}))) == "permit"
    on_the_ward = thing(authors=frozenset({WARD}), places=frozenset({WARD, HOSPITAL}))
    assert word(said, by(), on_the_ward) == below, "what it leaves out is denied (7)"


def test_data_from_a_period() -> None:
    said = registration("deny", dataPeriod={"start": "2020-01-01", "end": "2020-12-31"})
    seen = [
        word(said, by(), thing(clinical=dates(day), updated=dates("2026-03-01")[0]))
        for day in ("2019-12-31", "2020-01-01", "2020-12-31", "2021-01-01")
    ]
    assert seen == ["silent", "deny", "deny", "silent"]


def test_it_holds_from_its_first_to_its_last_day() -> None:
    said = registration("deny", period={"start": "2026-06-01", "end": "2026-06-02"})
    times = ("2026-05-31T23:59:59+02:00", "2026-06-01T00:00:00+02:00", "2026-06-02T23:59:59+02:00",
             "2026-06-03T00:00:00+02:00")  # fmt: skip
    assert [word(said, ask(now=at(time))) for time in times] == ["silent", "deny", "deny", "silent"]


def test_a_positive_one_without_an_end_permits_nothing() -> None:
    assert word(registration("permit", period={"start": "2026-01-01"}), by()) == "silent"
    assert word(registration("permit"), by()) == "silent"
    assert word(registration("permit", period={"end": "2026-12-31"}), by()) == "permit"
    assert word(registration("deny"), by()) == "deny", "a negative one may be without end"


FUT = "http://ehealth.sundhed.dk/cs/consent-category"


@pytest.mark.parametrize("code", ["PITEOC", "SSLPCI"])
def test_a_category_of_fut_opens_nothing_by_itself(code: str) -> None:
    category = [{"coding": [{"system": FUT, "code": code}]}]
    assert word(consent(None, category=category), by()) == "silent"
    assert word(consent(rule("permit", actor=actor(HOSPITAL)), category=category), by(DOCTOR, OTHER)) == "silent"


def test_piteoc_covers_the_episode_and_its_care_plans() -> None:
    category = [{"coding": [{"system": FUT, "code": "PITEOC"}]}]
    said = consent(rule("permit", actor=actor(HOSPITAL), data=data("related", "EpisodeOfCare/e1")), category=category)
    episode = thing(kind="EpisodeOfCare", id="e1")
    plan = thing(kind="CarePlan", id="c1", related=frozenset({"EpisodeOfCare/e1"}))
    another = thing(kind="CarePlan", id="c2", related=frozenset({"EpisodeOfCare/e2"}))
    assert [word(said, by(), one) for one in (episode, plan, another)] == ["permit", "permit", "deny"]


def test_sslpci_gives_a_supplier_the_contact_data_alone() -> None:
    category = [{"coding": [{"system": FUT, "code": "SSLPCI"}]}]
    classes = ["http://hl7.org/fhir/resource-types|Patient"]
    said = consent(rule("permit", actor=actor(OTHER), classes=classes), category=category)
    assert word(said, by(DOCTOR, OTHER), thing(kind="Patient", id="p1")) == "permit"
    assert word(said, by(DOCTOR, OTHER), thing()) == "deny"
