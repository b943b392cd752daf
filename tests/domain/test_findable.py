"""By what a look is found: everything that it says, in small letters, and never a word more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from gateway.domain.findable import FIELDS, holds, term, terms, words
from gateway.domain.record import AccessRecord, Decision

RECORD = AccessRecord(
    time=datetime(2026, 3, 1, tzinfo=UTC), interaction="read", decision=Decision.PERMIT, citizen="c" * 32, kind="Goal",
    resources=("Goal/1/_history/3", "CarePlan/2"), user="urn:x|265.kbo", user_name="Karla Bo-Ærø",
    user_role="Sygeplejerske, aften", on_behalf_of="urn:x|9", organisation="http://cvr.dk|64942212",
    organisation_name="Københavns Kommune", client="kk-social", client_name="Sagssystem", purposes=("TREAT",),
    consents=("Consent/7",), rules=("access.csv:3",), withheld=(("access.csv:9", 4),), trace="t-1", messages=("m-1",),
)  # fmt: skip
SAID = {
    "person": ["karla", "bo-ærø", "265.kbo", "urn:x|265.kbo"], "behalf": ["9", "urn:x|9"],
    "organisation": ["københavns", "KOMMUNE", "64942212"], "role": ["sygeplejerske", "aften"],
    "system": ["kk-social", "sagssystem"], "purpose": ["TREAT"], "consent": ["7"],
    "resource": ["Goal/1", "CarePlan/2"], "kind": ["Goal", "CarePlan"], "rule": ["access.csv:3", "access.csv:9"],
    "trace": ["t-1"], "message": ["m-1"],
}  # fmt: skip


def test_a_record_is_found_by_all_that_it_says() -> None:
    for field, values in SAID.items():
        for value in values:
            assert term(field, value) in terms(RECORD), (field, value)
            assert holds(RECORD, [(field, value)]), (field, value)
    assert set(SAID) | {"override"} == set(FIELDS)


def test_what_it_does_not_say_does_not_hold() -> None:
    for field in FIELDS:
        assert not holds(RECORD, [(field, "something else")])
        assert not holds(RECORD, [("person", "karla"), (field, "something else")])
    assert not holds(RECORD, [("behalf", "karla")]), "one field is not another"
    assert holds(RECORD, [])


def test_an_override_is_found_with_and_without_its_reason() -> None:
    taken = replace(RECORD, decision=Decision.OVERRIDE, override_code="emergency")
    assert holds(taken, [("override", "yes"), ("override", "emergency")])
    assert holds(replace(RECORD, decision=Decision.OVERRIDE), [("override", "yes")])
    assert not holds(RECORD, [("override", "yes")])


def test_words() -> None:
    assert words("Overlæge Ib  Møller-Næss, d'Arc (vikar)") == ["overlæge", "ib", "møller-næss", "d'arc", "vikar"]
    assert words(" -_. ") == []


def test_nothing_said_is_nothing_to_be_found_by() -> None:
    bare = AccessRecord(time=RECORD.time, interaction="token", decision=Decision.PERMIT)
    assert terms(bare) == frozenset()
