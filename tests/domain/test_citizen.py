"""Who is one person: joined by a source or by a shared number, never two CPR numbers by chance."""

from __future__ import annotations

import json

from gateway.domain.citizen import people
from gateway.domain.fold import fold
from gateway.domain.identifier import CPR, D_ECPR, X_ECPR, Identifier, best_first, names_a_person, normal
from gateway.domain.statement import Act, Statement, Verb
from tests.domain.stays import IDS, SOURCES, moment

A = f"{CPR}|2512489996"
B = f"{CPR}|2509479989"
X = f"{X_ECPR}|0703921VJ5"
LOCAL = "urn:oid:1.2.208.176.1.2.1|778812"
OTHER = "urn:oid:1.2.208.176.1.2.1|990001"


def groups(evidence: dict[str, tuple[str, ...]], *merges: tuple[str, str]) -> dict[str, str]:
    return {key: person.survivor for key, person in people(evidence, merges).items()}


def test_a_shared_local_number_joins_a_citizen_who_later_got_a_cpr() -> None:
    assert groups({LOCAL: (LOCAL,), A: (A, LOCAL)}) == {LOCAL: A, A: A}


def test_a_local_number_seen_with_two_cpr_numbers_joins_nobody() -> None:
    assert groups({LOCAL: (LOCAL,), A: (A, LOCAL), B: (B, LOCAL)}) == {LOCAL: LOCAL, A: A, B: B}


def test_two_cpr_numbers_are_never_joined_over_a_third_identity() -> None:
    """Nor does the third go with either of them: nobody can tell whose it is."""
    assert groups({A: (A, LOCAL), B: (B, OTHER), X: (X, LOCAL, OTHER)}) == {A: A, B: B, X: X}


def test_a40_joins_whatever_the_numbers() -> None:
    assert groups({A: (A,), X: (X,)}, (A, X)) == {A: A, X: A}
    assert groups({A: (A,), B: (B,)}, (B, A)) == {A: B, B: B}


def test_a40_whose_survivor_was_never_seen() -> None:
    assert groups({X: (X,)}, (A, X)) == {X: A, A: A}


def test_the_stronger_number_survives_even_when_a_source_says_otherwise() -> None:
    assert groups({A: (A,), X: (X,)}, (X, A)) == {A: A, X: A}


def test_between_equal_numbers_the_source_says_which_survives() -> None:
    for survivor, former in ((LOCAL, OTHER), (OTHER, LOCAL)):
        known: dict[str, tuple[str, ...]] = {LOCAL: (LOCAL,), OTHER: (OTHER,)}
        assert groups(known, (survivor, former)) == {LOCAL: survivor, OTHER: survivor}


def test_numbers_that_hide_a_person_are_nobody() -> None:
    for number in ("0000000000", "1111111111", ""):
        assert not names_a_person(Identifier(CPR, number))


def test_the_official_test_numbers_are_people_though_they_fail_modulus_11() -> None:
    for number in ("2512489996", "2509479989", "2103009996"):
        assert names_a_person(Identifier(CPR, number))


def test_spellings_of_one_number_are_one() -> None:
    assert normal(CPR, "251248-9996") == normal(CPR, " 2512489996 ")
    assert normal("https://www.kombit.dk/organisation", "ABC") == normal(
        "https://kombit.dk/sts/organisation", "urn:uuid:abc"
    )
    assert normal("urn:oid:1.3.88", "5790000121526") == normal("https://www.gs1.org/gln", "5790000121526")


def test_cpr_comes_first_wherever_it_stands() -> None:
    said = [
        Identifier(LOCAL.partition("|")[0], "778812"),
        Identifier(D_ECPR + ".187", "1206550VK9"),
        Identifier(CPR, "2512489996"),
    ]
    assert [i.system for i in best_first(said)] == [CPR, D_ECPR + ".187", "urn:oid:1.2.208.176.1.2.1"]


def _patient(number: int, key: str, **body: object) -> Statement:
    return Statement(
        "Patient", key, Act.STATE, Verb.ASSERT, moment(number), moment(number), dict(body), "psyk", f"m{number}/0"
    )


def test_a_merged_identity_is_inactive_and_linked_both_ways() -> None:
    person = people({A: (A,), X: (X,)}, [(A, X)])[A]
    old, new = sorted(
        (r.body for r in fold([_patient(1, X, gender="male"), _patient(2, A, gender="male")], person, IDS, SOURCES)),
        key=lambda b: b["active"],
    )
    assert old["link"] == [{"other": {"reference": f"Patient/{new['id']}"}, "type": "replaced-by"}]
    assert new["link"] == [{"other": {"reference": f"Patient/{old['id']}"}, "type": "replaces"}]


def test_what_a_message_leaves_out_stays_and_what_it_deletes_goes() -> None:
    person = people({A: (A,)}, [])[A]
    first = _patient(1, A, gender="female", address=[{"city": "Hillerød"}])
    second = _patient(2, A, gender="unknown")
    third = Statement(
        "Patient", A, Act.STATE, Verb.ASSERT, moment(3), moment(3), {}, "psyk", "m3/0", cleared=("address",)
    )
    body = fold([first, second], person, IDS, SOURCES)[0].body
    assert body["gender"] == "unknown"
    assert body["address"] == [{"city": "Hillerød"}]
    assert "address" not in fold([third, second, first], person, IDS, SOURCES)[0].body


def test_one_spelling_of_a_choice_takes_the_other_away() -> None:
    person = people({A: (A,)}, [])[A]
    body = fold(
        [_patient(1, A, deceasedBoolean=True), _patient(2, A, deceasedDateTime="2026-03-02")], person, IDS, SOURCES
    )
    assert "deceasedBoolean" not in json.loads(json.dumps(body[0].body))
