"""A citizen's municipalities: which one acts, which one pays, and where the citizen is registered as living.

Three facts that may be three municipalities, each with a period and an area of law, and each told by a source: as
an extension of one shape (profiles/fsh/extensions.fsh, Municipality) on the resource that told it. None is worked out
from another, from an address, a hospital or a shelter: that is wrong for exactly the citizens whom this gateway is for.

`standing` folds what all sources told into what holds at one time. Sources that contradict each other are all shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from gateway.domain.identifier import normal
from gateway.domain.statement import Body
from gateway.domain.when import BEGINNING, END, instant, last_instant

MUNICIPALITY = "https://faellesplan.dk/fhir/StructureDefinition/municipality"
CODES = "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes"
ROLES = ("acting", "paying", "residence")
AREAS = ("social", "employment", "health")

_DIGITS = 4


def four_digits(text: str) -> str:
    """A municipality code in its one spelling; "" for what is none.

    >>> four_digits("165"), four_digits("0165"), four_digits("165.0"), four_digits("Albertslund")
    ('0165', '0165', '', '')
    """
    told = text.strip()
    return told.zfill(_DIGITS) if told.isascii() and told.isdigit() and 3 <= len(told) <= _DIGITS else ""


def extension(role: str, coding: Body, period: Body | None = None, area: str = "") -> Body:
    """What a source tells, in the one shape. `coding` is the municipality's Coding; its code is put into four digits,
    and what is no code is kept as it was told. Raises ValueError for a role or an area that there is not."""
    if role not in ROLES or (area and area not in AREAS):
        raise ValueError("a municipality acts, pays or is the residence; in social, employment or health law")
    code = four_digits(str(coding.get("code", "")))
    normal = {"system": CODES, "code": code} | _rest(coding) if code else coding
    told: list[Body] = [
        {"url": "role", "valueCode": role},
        {"url": "municipality", "valueCoding": normal},
    ]
    told += [{"url": "period", "valuePeriod": period}] if period else []
    told += [{"url": "area", "valueCode": area}] if area else []
    return {"url": MUNICIPALITY, "extension": told}


def _rest(coding: Body) -> Body:
    return {name: value for name, value in coding.items() if name not in ("system", "code")}


@dataclass(frozen=True, slots=True)
class Fact:
    """One source's word: this municipality, in this role and area ("" where none was told), from `start` until `end`
    (exclusive). `told` is the reference of the resource that says it, `teller` the authority behind that, "" where it
    is not named. `period` is the period as it was told, for showing."""

    role: str
    area: str
    code: str
    display: str
    start: datetime
    end: datetime
    told: tuple[str, ...]
    teller: str
    period: tuple[tuple[str, str], ...] = ()
    disputed: bool = False

    def holds(self, at: datetime) -> bool:
        """Whether it is so at this time."""
        return self.start <= at < self.end

    def extension(self) -> Body:
        """As the joint plan shows it: with the parts that say it, and whether others contradict."""
        coding = {"code": self.code} | ({"display": self.display} if self.display else {})
        made = extension(self.role, coding, dict(self.period), self.area)
        made["extension"] += [{"url": "told", "valueReference": {"reference": one}} for one in self.told]
        made["extension"] += [{"url": "disputed", "valueBoolean": True}] if self.disputed else []
        return made


def facts_of(resource: Body, teller: str = "") -> Iterator[Fact]:
    """What one resource tells. Where a fact has no period of its own it holds as long as the plan that tells it.
    `teller` is the authority that told the resource; else its author is, where the author has a number: names are no
    one's own. What names no role, or an area that there is not (R4 allows it to whoever writes), tells nothing."""
    whole = resource.get("period", {})
    for one in resource.get("extension", []):
        if one.get("url") == MUNICIPALITY:
            parts = {part.get("url"): part for part in one.get("extension", [])}
            coding = parts.get("municipality", {}).get("valueCoding", {})
            code = four_digits(str(coding.get("code", "")))
            period = parts.get("period", {}).get("valuePeriod") or whole
            role = parts.get("role", {}).get("valueCode", "")
            area = parts.get("area", {}).get("valueCode", "")
            if code and role in ROLES and area in ("", *AREAS):
                yield Fact(
                    role=role,
                    area=area,
                    code=code,
                    display=coding.get("display", ""),
                    start=instant(period["start"]) if "start" in period else BEGINNING,
                    end=last_instant(period["end"]) if "end" in period else END,
                    told=(f"{resource['resourceType']}/{resource['id']}",),
                    teller=teller or _author(resource),
                    period=tuple((edge, period[edge]) for edge in ("start", "end") if edge in period),
                    disputed=parts.get("disputed", {}).get("valueBoolean") is True,
                )


def _author(resource: Body) -> str:
    author = resource.get("author", {})  # of a document there are several
    number = author.get("identifier", {}) if isinstance(author, dict) else {}
    return normal(number.get("system", ""), number["value"]).key if number.get("value") else ""


def standing(facts: Iterable[Fact], at: datetime) -> list[Fact]:
    """What holds at one time: for each role and area one municipality, or several that are disputed.

    What one authority says later replaces what it said of an earlier time. Different authorities do not replace each
    other: who is right between them is not for a gateway to guess.
    """
    key = _role_and_area
    found: list[Fact] = []
    for _, group in groupby(sorted((f for f in facts if f.holds(at)), key=key), key=key):
        codes = _by_code(_latest_of_each(list(group)))
        found += [replace(_merged(codes[code]), disputed=len(codes) > 1) for code in sorted(codes)]
    return found


def residence_at(told: Iterable[Body], at: datetime) -> str:
    """The code and the name of where a citizen lived at a time, by what resources tell; several where they contradict
    each other, "" where none tells."""
    facts = (fact for one in told for fact in facts_of(one) if fact.role == "residence")
    return ", ".join(dict.fromkeys(f"{one.code} {one.display}".strip() for one in standing(facts, at)))


def _role_and_area(fact: Fact) -> tuple[int, str]:
    return (ROLES.index(fact.role) if fact.role in ROLES else len(ROLES), fact.area)


def _latest_of_each(facts: Sequence[Fact]) -> list[Fact]:
    latest: dict[str, datetime] = {}
    for fact in facts:
        latest[fact.teller] = max(fact.start, latest.get(fact.teller, BEGINNING))
    return [fact for fact in facts if not fact.teller or fact.start == latest[fact.teller]]


def _by_code(facts: Iterable[Fact]) -> Mapping[str, list[Fact]]:
    codes: dict[str, list[Fact]] = {}
    for fact in facts:
        codes.setdefault(fact.code, []).append(fact)
    return codes


def _merged(facts: Sequence[Fact]) -> Fact:
    """One municipality as all say it who say it: from the first start that was told until the last end, where all
    told one."""
    told = [dict(fact.period) for fact in facts]
    starts = [period["start"] for period in told if "start" in period]
    ends = [period["end"] for period in told if "end" in period]
    period = {"start": min(starts, key=lambda text: (instant(text), text))} if starts else {}
    if len(ends) == len(told):
        period["end"] = max(ends, key=lambda text: (last_instant(text), text))
    return replace(
        facts[0],
        display=max(fact.display for fact in facts),
        start=min(fact.start for fact in facts),
        end=max(fact.end for fact in facts),
        told=tuple(sorted({one for fact in facts for one in fact.told})),
        teller="",
        period=tuple(period.items()),
    )
