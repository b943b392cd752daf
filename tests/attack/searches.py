"""What an attacker asks of a search besides (two_worlds.py): orders by anything, dates of every precision with every
prefix, includes that go on, questions through two others, one request in a URL and a form, answers cut in every way."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import quote, unquote, urlencode

from gateway.domain.identifier import CPR
from gateway.domain.searching.compartment import OF_CITIZENS
from gateway.domain.searching.matching import modifiers_of
from gateway.domain.searching.parameter import Parameter
from gateway.inbound.rest.kinds import CLINICAL
from tests.attack.asked import who
from tests.attack.twins import Request, Twins, sent
from tests.attack.two_worlds import BEGUN, SETS, hops
from tests.attack.world import ASK, FORM, NOBODY, SARAH

_PREFIXES = ("", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
_PRECISIONS = (4, 7, 10, 16, 19, 23)
_RESULT = (
    "_summary=true", "_summary=text", "_summary=data", "_summary=count", "_summary=false", "_total=estimate",
    "_total=accurate", "_total=none", "_elements=id", "_elements=status,subject,period,code", "_count=0", "_count=1",
    "_count=2", "_count=3", "_format=xml", "_pretty=true",
)  # fmt: skip
_PREFER = ("handling=lenient", "handling=strict", "return=minimal")
_ORDERED = ("token", "date", "string", "reference", "quantity", "uri")
_WHOSE = ("patient", "subject", "identifier", "_id")
_EVERY = ("_since=", "start=", "end=")


def deeper(dice: random.Random, twins: Twins) -> Request:
    """A search, a compartment or $everything, as nobody asks who only wants an answer."""
    kind, identity = twins.known.place(dice, CLINICAL)
    if dice.random() < 0.15:
        return _everything(dice, identity)
    fields = [*_fields(dice, twins, kind)]
    dice.shuffle(fields)
    headers = {"Prefer": dice.choice(_PREFER)} if dice.random() < 0.2 else {}
    path = dice.choice((f"/fhir/{kind}", f"/fhir/{kind}", f"/fhir/Patient/{who(dice)}/{kind}"))
    if dice.random() < 0.5:
        return Request("GET", f"{path}?{'&'.join(fields)}", headers)
    cut = dice.randint(0, len(fields))
    own = headers | {"Content-Type": FORM}
    return Request("POST", f"{path}/_search?{'&'.join(fields[:cut])}".rstrip("?"), own, "&".join(fields[cut:]).encode())


def _fields(dice: random.Random, twins: Twins, kind: str) -> Iterator[str]:
    yield from _whose(dice, twins, kind)
    more: tuple[Callable[..., Iterator[str]], ...] = (_ordered, _included)
    fewer: tuple[Callable[..., Iterator[str]], ...] = (_dated, _through_two, _of_words)
    for one in (*dice.sample(more, dice.randint(0, 2)), *dice.sample(fewer, dice.choice((0, 0, 1, 1, 2)))):
        yield from one(dice, twins, kind)
    yield from dice.sample(_RESULT, dice.choice((0, 0, 1, 2)))
    if dice.random() < 0.1:
        yield f"{dice.choice(('_unknown', 'nonsense', '_list', '_contained'))}=x"


def _whose(dice: random.Random, twins: Twins, kind: str) -> Iterator[str]:
    number = quote(f"{CPR}|{dice.choice((SARAH, SARAH, ASK, NOBODY))}", safe="")
    if kind == "Patient":
        yield dice.choice((f"_id={who(dice)}", f"identifier={number}", f"_id={who(dice)},{who(dice)}", "active=true"))
        return
    yield dice.choice(
        (f"patient={who(dice)}", f"patient={who(dice)}", f"subject={who(dice)}", f"patient.identifier={number}",
         f"patient:identifier={number}", f"patient={who(dice)},{who(dice)}", f"_id={dice.choice(twins.known.ids)}",
         "_id:missing=false")
    )  # fmt: skip


def _ordered(dice: random.Random, twins: Twins, kind: str) -> Iterator[str]:
    """By up to three of whatever is served."""
    served = sorted(name for name, one in twins.a.http.gateway.search[kind].items() if one.kind in _ORDERED)
    yield "_sort=" + ",".join(dice.choice(("", "-")) + one for one in dice.sample(served, dice.randint(1, 3)))
    yield f"_count={dice.randint(1, 3)}"


def _dated(dice: random.Random, twins: Twins, kind: str) -> Iterator[str]:
    """By a date, of which any precision is told."""
    served = [name for name, one in twins.a.http.gateway.search[kind].items() if one.kind == "date"]
    name = dice.choice([*served, "_lastUpdated"])
    yield f"{name}={','.join(_moment(dice, twins) for _ in range(dice.randint(1, 2)))}"


def _moment(dice: random.Random, twins: Twins) -> str:
    """A moment of the story or of what is hidden."""
    told = [one for one in twins.known.words if one[:2] in ("19", "20") and one[4:5] in ("", "-") and len(one) > 3]
    at = BEGUN.replace(hour=dice.randint(8, 20), minute=dice.choice((0, 30))).isoformat(timespec="milliseconds")
    cut = dice.choice(_PRECISIONS)
    text = dice.choice(told) if told and dice.random() < 0.5 else at[:cut] + ("Z" if cut > 10 else "")
    return dice.choice(_PREFIXES) + quote(text, safe=":")


def _included(dice: random.Random, twins: Twins, kind: str) -> Iterator[str]:
    """Several that go on from each other, both ways."""
    served = twins.a.http.gateway.search
    for _ in range(dice.randint(1, 3)):
        source = dice.choice((kind, dice.choice(CLINICAL)))
        led = [(name, one.targets) for name, one in served[source].items() if one.kind == "reference"]
        if led:
            name, targets = dice.choice(led)
            target = f":{dice.choice(targets)}" if targets and dice.random() < 0.4 else ""
            yield f"{dice.choice(('_include', '_revinclude'))}{dice.choice(('', ':iterate'))}={source}:{name}{target}"
    if dice.random() < 0.2:
        yield dice.choice(("_include:iterate=*", "_revinclude:iterate=*", "_revinclude=Provenance:target"))


def _through_two(dice: random.Random, twins: Twins, kind: str) -> Iterator[str]:
    """Questions through two others, forwards and back."""
    served = twins.a.http.gateway.search
    word = quote(dice.choice(twins.known.words), safe="")

    def led(source: str) -> tuple[str, str] | None:
        able = [(n, t) for n, one in served[source].items() for t in one.targets if t in served]
        return dice.choice(able) if able else None

    first = led(kind)
    if first is not None and (second := led(first[1])) is not None:
        asked = dice.choice(sorted(served[second[1]]))
        yield f"{first[0]}:{first[1]}.{second[0]}:{second[1]}.{asked}={word}"
    back = [(one, n) for one in CLINICAL for n, row in served[one].items() if kind in row.targets]
    if back and dice.random() < 0.7:
        source, name = dice.choice(back)
        further = [(one, n) for one in CLINICAL for n, row in served[one].items() if source in row.targets]
        inner = dice.choice(further) if further else None
        asked = dice.choice(sorted(served[inner[0] if inner else source]))
        nested = f"_has:{inner[0]}:{inner[1]}:{asked}" if inner else asked
        yield f"_has:{source}:{name}:{nested}{dice.choice(('', ':missing'))}={dice.choice((word, 'true', 'false'))}"


def _of_words(dice: random.Random, twins: Twins, kind: str) -> Iterator[str]:
    """Parameters with a modifier that they take, and a value of their type."""
    served = [one for one in twins.a.http.gateway.search[kind].values() if one.name not in _WHOSE]
    for one in dice.sample(served, dice.randint(1, 2)):
        modifier = dice.choice(("", *modifiers_of(one)))
        value = dice.choice(("true", "false")) if modifier == "missing" else _value(dice, twins, one, modifier)
        yield f"{one.name}{':' if modifier else ''}{modifier}={quote(value, safe=':/|,$')}"
    yield from hops(dice, twins.a, kind, CLINICAL, twins.known)


def _value(dice: random.Random, twins: Twins, one: Parameter, modifier: str = "") -> str:
    word = dice.choice(twins.known.words).replace("|", "").replace(",", "")
    if modifier in ("in", "not-in"):
        return dice.choice(SETS)
    if modifier == "of-type":
        return f"http://terminology.hl7.org/CodeSystem/v2-0203|MR|{word}"
    if one.kind == "date":
        return unquote(_moment(dice, twins))
    if one.kind in ("number", "quantity"):
        return dice.choice(_PREFIXES) + dice.choice(("0", "1", "18", "44.5", "2026"))
    if one.kind == "reference" and modifier != "identifier":
        return "/".join(twins.known.place(dice, one.targets or CLINICAL))
    if one.kind == "composite":
        return "$".join(_value(dice, twins, replace(one, kind=part.kind)) for part in one.components)
    if one.name == "near":
        return "55.68|12.57|500|km"
    return dice.choice((word, f"{dice.choice(twins.known.words)}|{word}", f"|{word}")) if one.kind == "token" else word


def _everything(dice: random.Random, identity: str) -> Request:
    """$everything of a time, of types, page by page."""
    at = f"2026-03-02T{dice.randint(8, 19):02}:00:00Z"
    told = [dice.choice(_EVERY) + dice.choice((at, "2026-03", "2026")) for _ in range(dice.randint(0, 2))]
    told += [f"_type={','.join(dice.sample(OF_CITIZENS, 3))}"] * dice.randint(0, 1)
    told += dice.sample(("_count=1", "_count=2", "_summary=true", "_elements=id"), dice.randint(0, 1))
    kind = dice.choice(("Patient", "Patient", "CarePlan"))
    return Request("GET", f"/fhir/{kind}/{dice.choice((who(dice), identity))}/$everything?{'&'.join(told)}")


def an_export(dice: random.Random, twins: Twins) -> Request:
    """Of the whole circle, or of what types, times and filters leave of it; in a URL or as Parameters."""
    kinds = dice.sample(CLINICAL, dice.randint(1, 4))
    told = [("_type", ",".join(kinds))] * dice.randint(0, 1)
    for kind in kinds[: dice.choice((0, 0, 1, 2))]:
        tests = [*dice.choice((_dated, _of_words))(dice, twins, kind)]
        told.append(("_typeFilter", f"{kind}?{tests[0]}"))
    if dice.random() < 0.3:
        told.append(("_since", f"2026-03-02T{dice.randint(8, 19):02}:00:00Z"))
    path, headers = dice.choice(("/fhir/Patient/$export", "/fhir/$export")), {"Prefer": "respond-async"}
    if dice.random() < 0.5:
        return Request("GET", f"{path}?{urlencode(told)}".rstrip("?"), headers)
    parameters = [{"name": name, "valueString": value} for name, value in told]
    return sent("POST", path, {"resourceType": "Parameters", "parameter": parameters}, **headers)
