"""Benefits: what was granted and what was paid become one Account, and where less comes than was granted, an alert.

Two messages tell of a benefit, in any order: the grant (statements `register`, one for each entry of a registration)
and payments (`pay`, one for each amount). A withdrawal takes back all before it. Both folds are functions of all:

- **Account**: the entry told last in the newest registration, with every payment as it was told last.
- **Flag**: nothing, as long as the benefit was never reduced. `active` from the day it was, `inactive` with an end when
  it is whole again. The newest registration goes before older ones; what a grant says before what amounts say.

An amount is held against the plan only where both tell the time they are for, the plan covers all of it, and it is a
whole month, week or year of the plan: the first half month of a benefit is no reduction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from gateway.domain.limits import SENSITIVITY, SENSITIVITY_URL
from gateway.domain.resource import Ids, Resource
from gateway.domain.security_label import CONFIDENTIALITY, DATA_CLASS
from gateway.domain.source import Source
from gateway.domain.statement import Act, Body, Statement, Verb
from gateway.domain.when import BEGINNING, END, instant, last_instant, said_time

_BASE = "https://faellesplan.dk/fhir"
GRANT = f"{_BASE}/StructureDefinition/benefit-grant"
PAYMENT = f"{_BASE}/StructureDefinition/benefit-payment"
WRITTEN = f"{_BASE}/StructureDefinition/amount-as-written"
ALERT = f"{_BASE}/CodeSystem/benefit-alert"
DETAIL = "http://hl7.org/fhir/StructureDefinition/flag-detail"
STRONGEST = ("stopped", "reduced")
NUMBER = f"{_BASE}/NamingSystem/bevilget-ydelse"
"""The identifier system of benefits: the grant's UUID and the benefit's Id in it."""

_DANISH = {"stopped": "Standset ydelse", "reduced": "Nedsat ydelse"}
_CATEGORY: Body = {"coding": [{"system": DATA_CLASS, "code": "benefit"}]}
# The fewest days of one calculation (UCUM): a shorter payment is part of one.
_WHOLE = {"mo": 28, "wk": 7, "a": 365}
_ERROR = "entered-in-error"
# Nobody has told how sensitive it is, so nobody may take it for harmless.
_UNGRANTED: Body = {
    "status": "unknown",
    "meta": {"security": [{"system": CONFIDENTIALITY, "code": "R"}]},
    "extension": [{"url": SENSITIVITY_URL, "valueCode": SENSITIVITY[2]}],
}


@dataclass(frozen=True, slots=True)
class _Alert:
    """That a benefit is less than granted: FHIR dates, the end included, "" for open."""

    code: Body
    start: str
    end: str = ""


@dataclass(frozen=True, slots=True)
class _Amount:
    """Kroner for a time: from the first moment to the first one after it."""

    start: datetime
    end: datetime
    kroner: Decimal
    every: str = ""
    period: tuple[str, str] = ("", "")
    mark: str = ""  # what the payment itself says of it: reduced, stopped


def tells_of_benefit(kind: str, acts: Collection[Act]) -> bool:
    """Whether statements of these acts are folded here: payments, and alerts that no source has made by itself."""
    return kind in ("Account", "Flag") and (Act.PAY in acts or Act.REGISTER in acts)


def is_benefit(account: Body) -> bool:
    """Whether an Account is a benefit: others are who pays for what a plan grants."""
    numbers = account.get("identifier", [])
    return any(one.get("system") == NUMBER for one in numbers) or bool(_extensions(account, PAYMENT))


def fold_benefit(
    kind: str, key: str, said: list[Statement], ids: Ids, sources: Mapping[str, Source]
) -> Resource | None:
    """The Account or the Flag of one benefit; `said` is in order. None where there is nothing to alert to."""
    taken = [place for place, one in enumerate(said) if one.verb is Verb.WITHDRAW]
    standing = said[taken[-1] + 1 :] if taken else said
    withdrawn = not standing
    standing = standing or [one for one in said if one.verb is not Verb.WITHDRAW]
    if not standing:
        return None
    grants = [one for one in standing if one.act is not Act.PAY]
    payments = _latest(one for one in standing if one.act is Act.PAY)
    last = said[-1] if withdrawn else (grants or standing)[-1]
    if kind == "Account":
        body: Body | None = _account(grants[-1].body if grants else _UNGRANTED, payments)
    else:
        body = _flag(grants, payments, max(max(one.happened, one.recorded) for one in said))
    if body is None:
        return None
    if withdrawn:
        body["status"] = _ERROR
    return Resource(kind, ids(kind, key), body, last.source, sources[last.source].sector, withdrawn, last.notes)


def _latest(said: Iterable[Statement]) -> list[Body]:
    """Each payment as it was told last, in the order of the times they are for."""
    told: dict[str, Body] = {}
    for one in said:
        for payment in _extensions(one.body, PAYMENT):
            told[str(_part(payment, "number").get("valueString", ""))] = payment
    return [told[number] for number in sorted(told, key=lambda number: (_period(told[number]), number))]


def _account(grant: Body, payments: Sequence[Body]) -> Body:
    body = {name: value for name, value in grant.items() if name != "by"}
    if extensions := [*grant.get("extension", []), *payments]:
        body["extension"] = extensions
    return body


def _flag(grants: Sequence[Statement], payments: Sequence[Body], known: datetime) -> Body | None:
    registrations = [list(group) for _, group in groupby(grants, key=_registration)]
    last = grants[-1].body if grants else _UNGRANTED
    found = _chosen(_told(registrations), _paid(registrations[-1] if registrations else [], payments))
    if found is None:
        return None
    over = bool(found.end) and last_instant(found.end) <= known
    period = {"start": found.start, "end": found.end}
    body: Body = {
        "status": "inactive" if over else "active",
        "category": last.get("category", [_CATEGORY]),
        "code": found.code,
        "period": {edge: text for edge, text in period.items() if text},
        "author": last.get("author"),
        "extension": [one for one in last.get("extension", []) if one.get("url") != GRANT],
        "meta": last.get("meta"),
    }
    return {name: value for name, value in body.items() if value}


def _registration(one: Statement) -> tuple[datetime, datetime, str]:
    """What tells one registration of a grant from the next: its entries share all but the end of their origin."""
    return (one.happened, one.recorded, one.origin.rpartition(".")[0])


def _chosen(told: _Alert | None, paid: _Alert | None) -> _Alert | None:
    """One that still holds goes before one that is over, what the grant says before what amounts say."""
    found = [one for one in (told, paid) if one is not None]
    return min(found, key=lambda one: bool(one.end), default=None)


def _told(registrations: Sequence[Sequence[Statement]]) -> _Alert | None:
    """What the newest registration that knows of a reduction says of it; a later one without it has ended it."""
    for place, entries in reversed(list(enumerate(registrations))):
        reduced = [one.body for one in entries if "code" in one.body]
        if not reduced:
            continue
        last = max(reduced, key=lambda body: (_span(body)[0], str(body["code"])))
        period = last.get("period", {})
        start = str(period.get("start", "")) or said_time(entries[0].happened)
        if place + 1 == len(registrations):
            return _Alert(last["code"], start, str(period.get("end", "")))
        later = registrations[place + 1]
        again = [str(one.body.get("period", {}).get("start", "")) for one in later]
        ends = [_before(text) for text in again if text and instant(text) > instant(start)]
        return _Alert(last["code"], start, min(ends, key=last_instant, default=said_time(later[0].happened)))
    return None


def _paid(entries: Sequence[Statement], payments: Sequence[Body]) -> _Alert | None:
    """The last run of payments that were lower than granted, or say so themselves; open until a whole one follows."""
    plans = [plan for one in entries for plan in _plans(one.body)]
    run: list[_Amount] = []
    over = False
    for paid in _summed(payments):
        short = bool(paid.mark) or _short(paid, plans)
        if short is None and not any(one.mark for one in run):
            continue
        if short and over:
            run, over = [], False
        if short:
            run.append(paid)
        elif run:
            over = True
    if not run:
        return None
    code = run[-1].mark or (STRONGEST[0] if run[-1].kroner <= 0 else STRONGEST[1])
    told = entries[-1].body if entries else Body()
    return _Alert(_concept(code, told), run[0].period[0], run[-1].period[1] if over else "")


def _short(paid: _Amount, plans: Sequence[_Amount]) -> bool | None:
    """Whether less was paid than granted for that time; None where that cannot be told."""
    whole = [plan for plan in plans if plan.start <= paid.start and paid.end <= plan.end]
    days = max((_WHOLE.get(plan.every, 0) for plan in whole), default=0)
    if not whole or paid.end - paid.start < timedelta(days=days) - timedelta(hours=1):  # an hour: summer time begins
        return None
    return paid.kroner < sum((plan.kroner for plan in whole), Decimal(0))


def _summed(payments: Sequence[Body]) -> list[_Amount]:
    """What was paid for each time, in their order: arrears and what was held back are payments of their own."""
    made: dict[tuple[datetime, datetime], _Amount] = {}
    for payment in payments:
        told = _part(payment, "period").get("valuePeriod", {})
        kroner = _kroner(payment)
        if kroner is None or not told.get("start") or not told.get("end"):
            continue
        time = (instant(told["start"]), last_instant(told["end"]))
        before = made.get(time)
        total = kroner + (before.kroner if before else Decimal(0))
        marks = {str(_part(payment, "alert").get("valueCode", "")), before.mark if before else ""}
        mark = next((code for code in STRONGEST if code in marks), "")
        made[time] = _Amount(*time, total, period=(told["start"], told["end"]), mark=mark)
    return [made[time] for time in sorted(made)]


def _plans(entry: Body) -> Iterator[_Amount]:
    """What is to be paid by an entry of a grant, in the time that the entry speaks of."""
    first, last = _span(entry)
    for grant in _extensions(entry, GRANT):
        start, end = _times(_part(grant, "period").get("valuePeriod", {}))
        kroner = _kroner(grant)
        if kroner is not None:
            yield _Amount(max(first, start), min(last, end), kroner, str(_part(grant, "every").get("valueCode", "")))


def _concept(code: str, entry: Body) -> Body:
    detail: Body = next(iter(_extensions(entry, DETAIL)), {})
    name = detail.get("valueReference", {}).get("display", "")
    text = f"{_DANISH[code]}: {name}" if name else _DANISH[code]
    return {"coding": [{"system": ALERT, "code": code, "display": _DANISH[code]}], "text": text}


def _span(entry: Body) -> tuple[datetime, datetime]:
    return _times(entry.get("period", {}))


def _times(period: Body) -> tuple[datetime, datetime]:
    start, end = period.get("start"), period.get("end")
    return (instant(start) if start else BEGINNING, last_instant(end) if end else END)


def _period(payment: Body) -> tuple[str, str]:
    told = _part(payment, "period").get("valuePeriod", {})
    return (str(told.get("start", "")), str(told.get("end", "")))


def _kroner(told: Body) -> Decimal | None:
    """The amount, from its text: a JSON number may have lost a digit."""
    money = _part(told, "amount").get("valueMoney", {})
    text = next((str(one.get("valueString", "")) for one in _extensions(money, WRITTEN)), "")
    return Decimal(text) if text else None


def _part(extension: Body, name: str) -> Body:
    return next(iter(_extensions(extension, name)), {})


def _extensions(body: Body, url: str) -> list[Body]:
    return [one for one in body.get("extension", []) if one.get("url") == url]


def _before(text: str) -> str:
    """The last day, or second, before a FHIR date or dateTime."""
    if len(text) == 10:
        return (datetime.fromisoformat(text) - timedelta(days=1)).date().isoformat()
    return said_time(instant(text) - timedelta(seconds=1))
