"""Two worlds, alike but for parts that one caller may not see, and an attacker who asks both the same.

World A holds some messages; world B those and others at any place among them, of which nothing is this caller's to see.
Requests are generated: any type, any id (of A, of what only B holds, of nobody), any parameter that is served, with
values taken from what is hidden, any form, any conditional header. Status, headers and body are compared byte for byte;
ids and times are the same in both worlds, so nothing has to be normalised.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.domain.identifier import CPR
from gateway.domain.searching.compartment import OF_CITIZENS
from gateway.inbound.rest.kinds import CLINICAL, DIRECTORY
from tests.attack.world import ASK, FORM, NOBODY, SARAH, Doors, doors, patient_of

SETS = [f"http://fhir.kl.dk/term/ValueSet/KL{name}FFB" for name in ("TargetGroups", "ConditionCodes", "Interventions")]
MODIFIERS = ["", "", "", *(f":{one}" for one in (
    "missing", "not", "text", "exact", "contains", "identifier", "in", "not-in", "above", "below"))]  # fmt: skip
STEPS = ("above", "below")
BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)
_EMPTIED = (
    "statement", "message", "resource", "resource_version", "merge", "identifier", "identity", "citizen", "attachment",
    "used_assertion", "registered",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A caller, what both worlds hold, and what only one of them does. What both hold may say something else in the
    second (`other`, as many and in the same order), of which the caller is not to see what it is."""

    caller: str
    shared: tuple[tuple[str, bytes], ...]
    hidden: tuple[tuple[str, bytes], ...]
    other: tuple[tuple[str, bytes], ...] = ()
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.caller


async def build(here: Doors, messages: Sequence[tuple[datetime, str, bytes]]) -> None:
    """A world in which each message came at its time."""
    for table in _EMPTIED:
        await here.http.gateway.database.fetchval(f"DELETE FROM {table}")
    for time, who, message in messages:
        here.http.world.clock.now = time
        told = await here.send(who, message)
        assert told.status in (200, 201), told.body
    here.http.world.clock.now = BEGUN + timedelta(hours=9)


def times(case: Case, places: Sequence[float]) -> list[tuple[datetime, str, bytes]]:
    """World B: the shared messages, an hour from one to the next, and the hidden ones so many hours after the last."""
    shared = [(float(at), who, message) for at, (who, message) in enumerate(case.other or case.shared)]
    hidden = [(len(shared) + at, who, message) for at, (who, message) in zip(places, case.hidden, strict=True)]
    every = sorted([*shared, *hidden], key=lambda one: one[0])
    return [(BEGUN + timedelta(hours=at), who, message) for at, who, message in every]


@dataclass(frozen=True)
class Known:
    """What an attacker may have seen elsewhere: ids, and words of what is hidden."""

    ids: tuple[str, ...]
    words: tuple[str, ...]
    kinds: dict[str, str] = field(default_factory=dict)  # of which type each id is

    def place(self, dice: random.Random, kinds: Sequence[str]) -> tuple[str, str]:
        """A type and an id, most often such as belong together."""
        own = [one for one in self.ids if self.kinds.get(one) in kinds]
        if own and dice.random() < 0.7:
            identity = dice.choice(own)
            return self.kinds[identity], identity
        return dice.choice(kinds), dice.choice(self.ids)


async def known(here: Doors) -> Known:
    sql = "SELECT kind, id, body FROM resource UNION ALL SELECT kind, id, body FROM directory"
    rows = await here.http.gateway.database.fetch(sql)
    words = {found for row in rows for found in leaves(msgspec.json.decode(row["body"]))}
    ids = (*sorted(row["id"] for row in rows), "0" * 32, patient_of(SARAH), f"joint-{patient_of(SARAH)}", SARAH)
    kinds = {patient_of(SARAH): "Patient"} | {row["id"]: row["kind"] for row in rows}
    return Known(ids, tuple(sorted(word for word in words if len(word) < 80)), kinds)


def leaves(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from leaves(item)
    elif isinstance(node, str):
        yield node


def ask(
    dice: random.Random, here: Doors, know: Known, kinds: Sequence[str] = CLINICAL
) -> tuple[str, str, dict[str, str], str]:
    """One request: method, path, headers, form."""
    kind, identity = know.place(dice, kinds)
    headers = dice.choice(
        [{}, {}, {"If-None-Match": f'W/"{dice.randint(1, 4)}"'}, {"If-None-Match": "*"},
         {"Accept": "application/fhir+xml"}, {"If-Modified-Since": "Mon, 02 Mar 2026 11:30:00 GMT"}]
    )  # fmt: skip
    shape = dice.randrange(14)
    if shape == 0:
        return "GET", f"/fhir/{kind}/{identity}", headers, ""
    if shape == 1:
        return "HEAD", f"/fhir/{kind}/{identity}", headers, ""
    if shape == 2:
        return "GET", f"/fhir/{kind}/{identity}/_history/{dice.randint(0, 4)}", headers, ""
    if shape == 3:
        at = dice.choice(("", "", "?at=2026-03-02", "?at=2025-03-01"))
        return "GET", f"/fhir/Patient/{dice.choice([identity, patient_of(SARAH)])}/$joint-plan{at}", headers, ""
    fields = [*searched(dice, here, kind, know), *(f"{n}={v}" for n, v in dice.sample(PAGES, dice.randint(0, 2)))]
    if shape == 4:
        numbers = ",".join(
            quote(f"{CPR}|{dice.choice((SARAH, ASK, NOBODY))}", safe="") for _ in range(dice.randint(1, 2))
        )
        named = "identifier" if kind == "Patient" else dice.choice(("patient.identifier", "subject.identifier"))
        return "POST", f"/fhir/{kind}/_search", headers, "&".join([f"{named}={numbers}", *fields])
    if shape == 5:
        what = dice.choice(["/_history", "/_history?_count=1", "/$everything", "/$everything?_count=2"])
        kind = dice.choice(["Patient", "CarePlan"]) if "everything" in what else kind
        return "GET", f"/fhir/{kind}/{identity}{what}", headers, ""
    if shape == 6:
        named = "&".join([f"patient={patient_of(SARAH)}"] * dice.randint(0, 1))
        return "GET", f"/fhir/{kind}/_history?{named}", headers, ""
    fields += list(hops(dice, here, kind, kinds, know))
    if shape > 11:
        return within(dice, kind, identity, headers, fields)
    if shape == 7:
        return "GET", f"/fhir/{kind}?{'&'.join(fields)}", headers, ""
    named = "_id" if kind == "Patient" else "patient"
    who = dice.choice([patient_of(SARAH), patient_of(SARAH), patient_of(ASK), identity.removeprefix("joint-")])
    return "GET", f"/fhir/{kind}?{'&'.join([f'{named}={who}', *fields])}", headers, ""


def within(
    dice: random.Random, kind: str, identity: str, headers: dict[str, str], fields: Sequence[str]
) -> tuple[str, str, dict[str, str], str]:
    """A search in the compartment of a citizen, of one type or of all."""
    who = dice.choice([patient_of(SARAH), patient_of(SARAH), patient_of(ASK), patient_of(NOBODY), identity])
    if dice.random() < 0.5:
        return "GET", f"/fhir/Patient/{who}/{kind}?{'&'.join(fields)}", headers, ""
    common = [one for one in fields if one[0] == "_" and not one.startswith("_has")]
    common += [f"_type={','.join(dice.sample(OF_CITIZENS, 3))}"] * dice.randint(0, 1)
    return dice.choice(
        [
            ("GET", f"/fhir/Patient/{who}/*?{'&'.join(common)}", headers, ""),
            ("POST", f"/fhir/Patient/{who}/*/_search", headers, "&".join([*common, "_count=3"])),
        ]
    )


PAGES = [
    ("_count", 0),
    ("_count", 1),
    ("_count", 2),
    ("_sort", "-_lastUpdated"),
    ("_sort", "_id"),
    ("_summary", "true"),
    ("_summary", "count"),
    ("_elements", "status,code"),
    ("_total", "accurate"),
    ("_total", "none"),
    ("_format", "xml"),
    ("_pretty", "true"),
]


def hops(dice: random.Random, here: Doors, kind: str, kinds: Sequence[str], know: Known) -> Iterator[str]:
    """Questions through other resources, with values from what is hidden, and what is to come with the matches."""
    served = here.http.gateway.search
    led = [(name, target) for name, one in served.get(kind, {}).items() for target in one.targets if target in kinds]
    leads = [(one, name) for one in kinds for name, row in served[one].items() if kind in row.targets]
    asked = dice.randrange(7)
    if asked > 4:
        yield from beyond(dice, here, kind, know)
    if asked == 0 and led:
        name, target = dice.choice(led)
        yield f"{name}:{target}.{dice.choice(sorted(served[target]))}={quote(dice.choice(know.words), safe='')}"
    if asked == 1 and leads:
        source, name = dice.choice(leads)
        asks = dice.choice(sorted(served[source]))
        modifier = dice.choice(["", ":missing"])
        value = "false" if modifier else quote(dice.choice(know.words), safe="")
        yield f"_has:{source}:{name}:{asks}{modifier}={value}"
    if asked == 2 and led:
        yield f"_include{dice.choice(['', ':iterate'])}={kind}:{dice.choice(led)[0]}"
    if asked == 3 and leads:
        yield f"_revinclude={':'.join(dice.choice(leads))}"
    if asked == 4:
        yield dice.choice(["_include=*", "_revinclude=*", "_include:iterate=*"])


def beyond(dice: random.Random, here: Doors, kind: str, know: Known) -> Iterator[str]:
    """Questions that lead into the directory, or up and down a hierarchy."""
    served = here.http.gateway.search
    led = [
        (name, target) for name, one in served.get(kind, {}).items() for target in one.targets if target in DIRECTORY
    ]
    if led:
        name, target = dice.choice(led)
        word, parameter = quote(dice.choice(know.words), safe=""), dice.choice(sorted(served[target]))
        chained = f"{name}:{target}.{parameter}={word}"
        yield dice.choice([chained, f"{name}:{target}.name:missing=false", f"{name}:{dice.choice(STEPS)}={word}"])
    own = [name for name, one in served.get(kind, {}).items() if kind in one.targets]
    if own:
        yield f"{dice.choice(own)}:{dice.choice(STEPS)}={dice.choice(know.ids)}"


def searched(dice: random.Random, here: Doors, kind: str, know: Known) -> Iterator[str]:
    """Parameters that are served for the type, with values from what is hidden."""
    served = sorted(here.http.gateway.search.get(kind, {}))
    for name in dice.sample(served, min(len(served), dice.randint(0, 2))):
        if name not in ("patient", "subject", "identifier"):
            modifier = dice.choice(MODIFIERS)
            value = "true" if modifier == ":missing" else dice.choice(know.words)
            value = dice.choice(SETS) if modifier in (":in", ":not-in") else value
            if name == "_filter":
                modifier, value = "", a_filter(dice, here, kind, served, know)
            yield f"{name}{modifier}={quote(value, safe='')}"
    if dice.random() < 0.2:
        yield f"_id={dice.choice(know.ids)}"


OPERATORS = ("eq", "ne", "co", "sw", "gt", "le", "po", "re", "sb", "in")


def a_filter(dice: random.Random, here: Doors, kind: str, served: Sequence[str], know: Known) -> str:
    """A `_filter` of the type's parameters and of chains from it, with values from what is hidden."""
    search, said = here.http.gateway.search, list[str]()
    for _ in range(dice.randint(1, 3)):
        name = dice.choice(served)
        targets = [one for one in search[kind][name].targets if one in search]
        if targets and dice.random() < 0.5:
            to = dice.choice(targets)
            name = f"{name}:{to}.{dice.choice(sorted(search[to]))}"
        word = json.dumps(dice.choice(know.words)) if dice.random() < 0.7 else "2026-03-02"
        one = f"{name} pr {dice.choice(('true', 'false'))}"
        one = one if dice.random() < 0.3 else f"{name} {dice.choice(OPERATORS)} {word}"
        said.append(f"not ({one})" if dice.random() < 0.2 else one)
    return dice.choice((" and ", " or ")).join(said)


async def answers(here: Doors, caller: str, requests: Sequence[tuple[str, str, dict[str, str], str]]) -> list[Any]:
    told = []
    for method, path, headers, form in requests:
        own = await here.bearer(caller) | headers | {"X-Request-Id": "the-same"}
        if form:
            own["Content-Type"] = FORM
        told.append(await here.http.raw(method, path, own, form.encode()))
    return told


def compare(
    case: Case, database_url: str, second_database_url: str, *, examples: int, requests: int,
    kinds: Sequence[str] = CLINICAL,
) -> None:  # fmt: skip
    """Ask in both worlds, again and again with what is hidden at other places; any answer that differs fails."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def opened() -> tuple[Doors, Doors]:
            first = await stack.enter_async_context(doors(database_url))
            return first, await stack.enter_async_context(doors(second_database_url))

        a, b = runner.run(opened())
        runner.run(build(a, times(Case(case.caller, case.shared, ()), ())))
        seen: set[int] = set()

        # Not shrunk: an answer that differs says enough, and every try builds a world.
        @settings(max_examples=examples, phases=(Phase.generate,))
        @given(st.lists(st.floats(0, 5), min_size=len(case.hidden), max_size=len(case.hidden)), st.integers(0, 2**32))
        def alike(places: list[float], seed: int) -> None:
            dice = random.Random(seed)

            async def asked() -> None:
                await build(b, times(case, places))
                know = await known(b)
                wanted = [ask(dice, a, know, kinds) for _ in range(requests)]
                told = zip(
                    wanted, await answers(a, case.caller, wanted), await answers(b, case.caller, wanted), strict=True
                )
                for request, one, other in told:
                    assert (one.status, one.headers, one.body) == (other.status, other.headers, other.body), request
                    assert one.status < 500, request
                    seen.add(one.status)

            runner.run(asked())

        try:
            alike()
            assert {200, 404} <= seen
        finally:
            runner.run(stack.aclose())
