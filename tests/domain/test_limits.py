"""What a case system says of who may read: it narrows, and never widens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.caller import Caller
from gateway.domain.identifier import CVR, FK_ORG, Identifier
from gateway.domain.limits import (
    PROFILE_URL,
    SENSITIVITY,
    SENSITIVITY_URL,
    UNREGISTERED,
    CaseAccess,
    Limits,
    barred,
    limits_of,
    still_open,
)
from gateway.domain.resource import Facts

KBH = f"{CVR}|64942212"
UNIT = "0d9b7c61-8b1e-4f5a-b0a7-6f7f3f5f2a20"
READER = Caller(
    "c", "c", Identifier(CVR, "11259979"), "", "municipality", "social", "", "", "", ("TREAT",), ("system/*.rs",)
)
KLE = "https://data.gov.dk/id/classification/KLE"


def body(
    level: str | None = "FOELSOMME_PERSONOPLYSNINGER", *profile: dict[str, Any], subject: str = "27.57.16"
) -> dict[str, Any]:
    extension = [{"url": SENSITIVITY_URL, "valueCode": level}] if level else []
    extension += [{"url": PROFILE_URL, "valueReference": one} for one in profile]
    return {
        "resourceType": "CarePlan", "id": "case", "extension": extension,
        "author": {"identifier": {"system": "urn:oid:1.3.184", "value": "64942212"}},
        "category": [{"coding": [{"system": KLE, "code": subject}]}, {"coding": [{"system": KLE, "code": "G01"}]}],
    }  # fmt: skip


def facts(of: dict[str, Any], *related: str) -> Facts:
    kind, name = of["resourceType"], of["id"]
    return Facts(kind, name, "p", "municipality", "s", "social", related=frozenset(related), limits=limits_of(of))


def document(name: str, level: str, **more: Any) -> dict[str, Any]:
    extension = [{"url": SENSITIVITY_URL, "valueCode": level}]
    owner = {"identifier": {"system": CVR, "value": "64942212"}}
    return {"resourceType": "DocumentReference", "id": name, "extension": extension, "custodian": owner, **more}


def closed(reader: Caller, *listed: Facts, permitted: set[tuple[str, str]] | None = None) -> set[str]:
    there = {(one.kind, one.id) for one in listed} if permitted is None else permitted
    return {f"{kind}/{name}" for kind, name in barred(reader, listed, there)}


def reading(owner: str = KBH, *classes: str, level: int = 2) -> Caller:
    return replace(READER, cases=(CaseAccess(owner, classes or ("*",), level),))


def test_what_no_case_system_limits_is_not_limited() -> None:
    assert limits_of(body(None)) is None
    assert closed(reading("nobody"), facts(body(None))) == set()


@pytest.mark.parametrize(("level", "number"), [(word, number) for number, word in enumerate(SENSITIVITY)])
def test_a_level_opens_those_below_it_and_never_the_fourth(level: str, number: int) -> None:
    for cleared in range(4):
        assert bool(closed(reading(level=cleared), facts(body(level)))) == (number > cleared)
    assert bool(closed(READER, facts(body(level)))) == (level == "VIP_SAGER"), (
        "without registration law and consent decide"
    )


def test_a_level_that_nobody_knows_is_the_highest() -> None:
    assert closed(reading(level=2), facts(body("HEMMELIGT"))) == {"CarePlan/case"}


@pytest.mark.parametrize(
    ("kind", "element"),
    [("CarePlan", "author"), ("CareTeam", "managingOrganization"), ("DocumentReference", "custodian"),
     ("Account", "owner"), ("Flag", "author")],
)  # fmt: skip
def test_whose_it_is_stands_where_its_kind_has_it(kind: str, element: str) -> None:
    owner = {"identifier": {"system": CVR, "value": "64942212"}}
    extension = [{"url": SENSITIVITY_URL, "valueCode": SENSITIVITY[0]}]
    told: dict[str, Any] = {"resourceType": kind, "id": "x", "extension": extension}
    told[element] = [owner] if kind == "CareTeam" else owner
    assert closed(reading(KBH), facts(told)) == set()
    assert closed(reading(f"{CVR}|11259979"), facts(told)) == {f"{kind}/x"}


def test_of_several_levels_the_highest_counts() -> None:
    case = body("IKKE_FORTROLIGE_DATA")
    case["extension"].append({"url": SENSITIVITY_URL, "valueCode": "FOELSOMME_PERSONOPLYSNINGER"})
    assert closed(reading(level=1), facts(case)) == {"CarePlan/case"}


@pytest.mark.parametrize(
    ("reader", "open_"),
    [
        (reading(KBH, "27"), True),
        (reading("*", "27.57.16"), True),
        (reading(KBH, "15", "29"), False),
        (reading(f"{CVR}|11259979", "27"), False),
        (reading(KBH, "27", level=1), False),
        (
            replace(
                READER, cases=(CaseAccess(KBH, ("15",), 3), CaseAccess("x", ("27",), 3), CaseAccess(KBH, ("27",), 1))
            ),
            False,
        ),
    ],
)
def test_owner_class_and_level_must_fit_together(reader: Caller, open_: bool) -> None:
    """Three rows that each fit two of the three open nothing."""
    assert (closed(reader, facts(body())) == set()) is open_


def test_a_profile_is_a_positive_list() -> None:
    unit = {"identifier": {"system": FK_ORG, "value": UNIT}}
    case = facts(body("IKKE_FORTROLIGE_DATA", unit))
    assert closed(READER, case) == {"CarePlan/case"}
    inside = replace(READER, member_of=(f"https://www.kombit.dk/organisation|urn:uuid:{UNIT.upper()}",))
    assert closed(inside, case) == set(), "FK-Org numbers are one in every spelling"
    assert closed(replace(inside, cases=(CaseAccess("x", ("*",), 3),)), case), "it never widens"
    nameless = facts(body("IKKE_FORTROLIGE_DATA", {"display": "Enheden"}))
    assert closed(inside, nameless), "a list of nobody known is no empty list"
    assert closed(replace(READER, user=f"{FK_ORG}|{UNIT}"), case) == set(), "people are on it too"


def test_a_citizen_reads_by_right_of_their_own_but_a_profile_narrows_for_all() -> None:
    citizen = replace(READER, role="citizen")
    assert closed(citizen, facts(body("VIP_SAGER"))) == set()
    assert closed(citizen, facts(body("VIP_SAGER", {"identifier": {"system": FK_ORG, "value": UNIT}})))


LOW, HIGH, VIP = "IKKE_FORTROLIGE_DATA", "FOELSOMME_PERSONOPLYSNINGER", "VIP_SAGER"


def test_a_document_stricter_than_its_case_is_stricter() -> None:
    case = facts(body(LOW), "DocumentReference/d")
    assert closed(READER, case, facts(document("d", VIP))) == {"DocumentReference/d"}


def test_a_document_follows_its_case() -> None:
    case = facts(body(VIP), "DocumentReference/d")
    assert closed(READER, case, facts(document("d", LOW))) == {"CarePlan/case", "DocumentReference/d"}
    ordinary = facts(body(LOW), "DocumentReference/d")
    denied = {("DocumentReference", "d")}  # law or consent closed the case
    assert closed(READER, ordinary, facts(document("d", LOW)), permitted=denied) == {"DocumentReference/d"}


def test_on_several_cases_one_must_pass() -> None:
    secret = facts(body(VIP) | {"id": "vip"}, "DocumentReference/d")
    other = facts(body(LOW) | {"id": "open"}, "DocumentReference/d")
    assert closed(READER, secret, other, facts(document("d", LOW))) == {"CarePlan/vip"}


def test_without_a_case_its_own_three_count() -> None:
    alone = document("d", HIGH, category=[{"coding": [{"system": KLE, "code": "27.57.16"}]}])
    assert closed(reading(KBH, "27"), facts(alone)) == set()
    assert closed(reading(KBH, "15"), facts(alone)) == {"DocumentReference/d"}
    assert closed(reading(KBH, "27", level=1), facts(alone)) == {"DocumentReference/d"}


def test_a_case_that_the_token_does_not_cover_closes_what_lies_on_it() -> None:
    """Else a token for documents alone would see more than one for everything."""
    case = facts(body(VIP), "DocumentReference/d")
    assert barred(READER, [facts(document("d", LOW))], {("DocumentReference", "d")}, [case])
    named = facts(document("d", LOW, identifier=[{"use": "official"}]), "CarePlan/case")
    assert barred(READER, [named], {("DocumentReference", "d")}, [facts(body(VIP))])


def test_a_document_may_name_its_cases_itself() -> None:
    named = facts(document("d", LOW, identifier=[{"use": "official"}]), "CarePlan/case")
    assert closed(READER, facts(body(LOW)), named) == set()
    assert closed(READER, facts(body(VIP)), named) == {"CarePlan/case", "DocumentReference/d"}
    assert closed(READER, named) == {"DocumentReference/d"}, "its case is not here"


def test_a_note_that_is_off_its_case_is_nobodys() -> None:
    note = facts(document("n", LOW), "CarePlan/case")
    assert closed(READER, facts(body(LOW)), note) == {"DocumentReference/n"}
    assert closed(READER, facts(body(LOW), "DocumentReference/n"), note) == set()
    alone = facts(document("d", LOW, identifier=[{"use": "official"}]))
    assert closed(READER, facts(body(LOW) | {"status": "entered-in-error"}, "DocumentReference/d"), alone)
    taken_out = facts(body(LOW) | {"status": "entered-in-error"}, "DocumentReference/n")
    assert closed(READER, taken_out, note) == {"DocumentReference/n"}


def effort(level: str = LOW, *profile: dict[str, Any], subject: str = "") -> Facts:
    """An effort tied to the case: it tells its own Foelsomhed, and no owner."""
    told = body(level, *profile, subject=subject) | {"id": "effort"}
    return facts({name: value for name, value in told.items() if name != "author"}, "CarePlan/case")


def test_an_effort_has_the_owner_and_the_class_of_its_case() -> None:
    case = facts(body(LOW))
    assert closed(reading(KBH, "27"), case, effort()) == set()
    assert closed(reading(f"{CVR}|11259979"), case, effort()) == {"CarePlan/case", "CarePlan/effort"}
    assert closed(reading(KBH, "15"), case, effort()) == {"CarePlan/case", "CarePlan/effort"}
    assert closed(reading(KBH, "27"), case, effort(subject="15.20.00")) == {"CarePlan/effort"}, "its own goes before"
    assert closed(reading(KBH, "27", level=1), case, effort(HIGH)) == {"CarePlan/effort"}
    assert barred(reading(KBH), [effort()], {("CarePlan", "effort")}, [case]) == set(), "a case around it counts"


def test_an_effort_is_limited_no_less_than_its_case() -> None:
    assert closed(READER, facts(body(VIP)), effort()) == {"CarePlan/case", "CarePlan/effort"}
    unit = {"identifier": {"system": FK_ORG, "value": UNIT}}
    assert closed(READER, facts(body(LOW, unit)), effort()) == {"CarePlan/case", "CarePlan/effort"}
    inside = replace(READER, user=f"{FK_ORG}|{UNIT}")
    assert closed(inside, facts(body(LOW, unit)), effort()) == set()


def test_an_effort_whose_case_is_not_here_is_open_to_no_owner() -> None:
    assert closed(reading(KBH), effort()) == {"CarePlan/effort"}
    assert closed(READER, effort()) == set(), "without registration law and consent decide"
    gone = facts(body(LOW) | {"status": "entered-in-error"})
    assert closed(reading(KBH), gone, effort()) == {"CarePlan/effort"}


def test_who_was_let_in_for_less_is_not_let_in_for_more_later() -> None:
    """A notification, an export, a page of the console: what the client is registered for by then, and of that what the
    token was for."""
    mine, theirs = f"{CVR}|64942212", f"{CVR}|11259979"
    rows = [CaseAccess(owner, classes, level) for owner in (mine, theirs, "*")
            for classes in (("27",), ("27.57", "32"), ("*",)) for level in (1, 3)]  # fmt: skip
    asked = [Limits(owner, subject, level) for owner in (mine, theirs)
             for subject in ("", "27.57.16", "27.12", "32.01", "81") for level in range(4)]  # fmt: skip
    for told in rows:
        assert still_open((), (told,)) == (told,), "who was let in for no rows has the client's"
        for registered in [(), *((one, two) for one, two in zip(rows, rows[5:], strict=False))]:
            left = still_open((told,), registered)
            for one in asked:
                by_both = told.opens(one) and any(row.opens(one) for row in registered or (UNREGISTERED,))
                assert any(row.opens(one) for row in left or ()) == by_both
            assert left != (), "no rows would be no limit"
