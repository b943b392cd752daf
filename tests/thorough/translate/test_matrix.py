"""The policy table drawn as a matrix, every cell of it asked of decisions, against the facts of the field.

The facts (data classes × readers) are a proposal that a lawyer must confirm; a cell with two words leaves the choice.
T: open for a current treatment unless the citizen objects. own: what the reader's own legal world wrote, law: what any
world of its authority did; anything else needs a consent. C: needs a consent. D: closed, also to a consent.
The facts are about disclosure: a C there is about what others wrote, and what a world wrote itself is open to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.consent.ask import ACT_REASON, PURPOSES
from gateway.domain.decide import Permit
from gateway.domain.policy import CLASSES, ROLES, SECTORS
from gateway.translate.policy_tables import load
from tests.domain.consent.making import rule, written
from tests.domain.deciding import CLINIC, caller, decided, facts

FOLDER = Path(__file__).parents[3] / "mappings" / "policy"
POLICY, _ = load(FOLDER, {role: {(CLINIC.key, role)} for role in ROLES})
READERS = ("hospital", "nursing", "social", "provider", "jobcenter", "benefit", "ngo", "auditor")

# The sector in which each class of the facts is written, and what each reader may: `a/b` is either.
FACTS = """
identity     shared        T      T      own/C  C      C      C      C    D
plan         shared        T      T      own/C  own/C  own/C  own/C  C    D
stay         region        T      T      C      C      D/C    D/C    D    D
health       region        T      T      C      own/C  D/C    D/C    D    D
health       municipality  C      own/T  own    own/C  own    own    D    D
psychiatry   region        T      T      C      own/C  D/C    D/C    D    D
psychiatry   municipality  C      own/T  own    own/C  own    own    D    D
substance    region        T/C    T      own/C  own/C  D/C    D/C    D    D
substance    municipality  T/C    own/T  own/C  own/C  own    own    D    D
social       municipality  C      own    own    own/C  own    own    C    D
housing      municipality  C      own    own    own/C  own    own    C    D
function     municipality  C      own    own    own/C  own    own    D    D
benefit      municipality  C      D      own/law D     own/law own/law D  D
employment   municipality  C      D      own/C  D      own    own    D    D
criminal     municipality  D/C    D      own    D      D      D      D    D
wishes       shared        C      own    own/C  own/C  own    own    C    D
"""


def cells() -> Iterator[tuple[str, str, str, str]]:
    for line in FACTS.strip().splitlines():
        data_class, sector, *words = line.split()
        yield from ((data_class, sector, role, word) for role, word in zip(READERS, words, strict=True))


def drawn(data_class: str, sector: str, role: str) -> str:
    """One cell: what decisions say without a consent, with one, and about the own."""

    def open_(purpose: str, source: str = "x", *, agreed: bool = False) -> bool:
        about = facts(data_class, sector, source=source)
        more = {"sector": sector} if role == "provider" and source == role else {}
        said = [written(rule("permit"))] if agreed else []
        return isinstance(decided(caller(role, purpose, **more), about, *said, policy=POLICY), Permit)

    if open_("TREAT"):
        return "T"
    if open_("CAREMGT", role):
        elsewhere = next(one for one in ("social", "jobcenter", "benefit") if one != role)
        return "law" if open_("CAREMGT", elsewhere) else "own"
    return "C" if open_("CAREMGT", agreed=True) else "D"


@pytest.mark.parametrize(("data_class", "sector", "role", "word"), list(cells()))
def test_every_cell_is_what_the_facts_say(data_class: str, sector: str, role: str, word: str) -> None:
    assert drawn(data_class, sector, role) in word.split("/")


def test_the_matrix_is_whole() -> None:
    told = {(data_class, role) for data_class, _, role, _ in cells()}
    own = {"consent", "protected-address", "override"}  # not among the facts: they are about deciding itself
    assert {data_class for data_class, _ in told} == set(CLASSES) - own
    assert {role for _, role in told} == set(ROLES) - {"citizen", "operator"}


# The law that a cell must name, by class (of the region or not) and reader.
LAWS = [
    ("stay health psychiatry substance", "region", "hospital nursing", "42 a"),
    ("stay health psychiatry substance", "region", "social", "§§ 43 and 44"),
    ("stay health psychiatry substance", "region", "jobcenter benefit", "§§ 43 and 44; retssikkerhedsloven § 11 a"),
    ("social housing function wishes identity plan", "municipality", "provider", "serviceloven § 141 (5)"),
    ("benefit employment criminal", "municipality", "provider nursing hospital", "databeskyttelsesloven § 8"),
    ("benefit", "municipality", "social jobcenter benefit", "11 a (2)-(4)"),
    ("employment", "municipality", "jobcenter benefit", "retssikkerhedsloven § 9"),
    ("social housing", "municipality", "jobcenter benefit ngo", "forvaltningsloven § 28"),
    ("stay health psychiatry", "region", "ngo", "sundhedsloven § 43"),
    ("override", "municipality", "hospital nursing social", "sundhedsloven § 43 (4)"),
]


@pytest.mark.parametrize(("classes", "sector", "roles", "law"), LAWS)
def test_every_cell_rests_on_its_law(classes: str, sector: str, roles: str, law: str) -> None:
    for data_class in classes.split():
        for role in roles.split():
            row = POLICY.row(data_class, sector, role, "TREAT", "2026-06-01")
            assert row is not None
            assert law in row.law, (data_class, role, row.rule)


@pytest.mark.parametrize("purpose", sorted(PURPOSES - {f"{ACT_REASON}|TREAT", f"{ACT_REASON}|BTG"}))
def test_the_law_alone_opens_nobody_elses_data_for_another_purpose(purpose: str) -> None:
    code = purpose.rpartition("|")[2]
    for role in ROLES:
        for data_class in CLASSES:
            for sector in SECTORS:
                answer = decided(caller(role, code), facts(data_class, sector, source="x"), policy=POLICY)
                assert not isinstance(answer, Permit), (role, data_class, sector)


def test_every_row_holds_on_every_day_that_the_table_speaks_of() -> None:
    days = {day for row in POLICY.rows for day in (row.valid_from, row.valid_to) if day} | {"2026-01-01", "2036-01-01"}
    assert not any(POLICY.gaps(day) for day in days if day >= "2026-01-01")
    assert all(ground.minutes <= 60 and ground.days <= 14 and "§" in ground.law for ground in POLICY.grounds)
    kinds = {ground.code for ground in POLICY.grounds}
    assert kinds >= {"citizen-consents", "citizen-cannot-be-contacted"}, "MinSpærring's two kinds"
