"""Two worlds, alike but for parts that one caller may not see: whatever this caller asks, no byte tells them apart.

World A holds some messages; world B those and others at any place among them, of which nothing is this caller's to see.
Requests are generated: any type, any id (of A, of what only B holds, of nobody), any parameter that is served, with
values taken from what is hidden, any form, any conditional header. Status, headers and body are compared byte for byte;
ids and times are the same in both worlds, so nothing has to be normalised.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.domain.identifier import CPR
from tests.attack.world import (
    ASK,
    FORM,
    NOBODY,
    REASON,
    SARAH,
    TYPES,
    Doors,
    consent,
    doors,
    order,
    patient_of,
    plan,
    stay,
)

BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)
KINDS = ("Patient", "CarePlan", "CareTeam", "Encounter", "Goal", "Condition", "Consent", "RelatedPerson")
EXAMPLES, REQUESTS = 20, 40
_EMPTIED = (
    "statement", "message", "resource", "resource_version", "merge", "identifier", "identity", "citizen", "attachment",
    "used_assertion",
)  # fmt: skip


def goal(name: str, text: str = "Egen bolig") -> dict[str, Any]:
    return {"resourceType": "Goal", "id": name, "lifecycleStatus": "active", "description": {"text": text}}


def ill(name: str, text: str) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": name, "code": {"text": text}, "onsetDateTime": "2026-01-05"}


def team(name: str) -> dict[str, Any]:
    member = {"member": {"display": "Karen Lund"}, "period": {"start": "2026-01-01"}}
    return {"resourceType": "CareTeam", "id": name, "status": "active", "participant": [member]}


def relative(name: str) -> dict[str, Any]:
    return {"resourceType": "RelatedPerson", "id": name, "name": [{"family": "Lind", "given": ["Lise"]}]}


def word(name: str, says: str, *purposes: str, kinds: Sequence[str] = ()) -> dict[str, Any]:
    """A Consent as an order holds it."""
    provision: dict[str, Any] = {"purpose": [{"system": REASON, "code": code} for code in purposes]}
    if kinds:
        provision["class"] = [{"system": TYPES, "code": kind} for kind in kinds]
    said = consent("", says, provision=provision)
    return {key: value for key, value in said.items() if key != "patient"} | {"id": name}


PSYCHIATRY = "DG1|1||DF200^Skizofreni^SKS||20260301|A"
# The Patient is shared: whoever is heard of first has something to say of it that everybody may see. Afterwards nobody.
NAMELESS = {"name": None}
FIRST = order(
    SARAH,
    plan("a", goal=[{"reference": "Goal/g"}]),
    goal("g"),
    team("t"),
    word("w", "permit", "ELIGDTRM", kinds=("Patient", "Encounter")),
)
MORE = order(
    SARAH,
    plan(
        "b",
        title="Støtte i hverdagen",
        goal=[{"reference": "Goal/h"}],
        addresses=[{"reference": "Condition/i"}],
        period={"start": "2025-12-01"},
    ),
    goal("h", "Et fast døgn"),
    ill("i", "Struktur i hverdagen"),
    number="2",
    patient=NAMELESS,
)
ALL = order(
    SARAH,
    plan("c"),
    goal("j", "Arbejde"),
    ill("k", "Angst"),
    team("u"),
    relative("r"),
    word("x", "deny", "FAMRQT"),
    number="3",
    patient=NAMELESS,
)
OF_ANOTHER = order(ASK, plan("z"), goal("y"), number="4")
LEAVE, BACK = stay(SARAH, "A21", 3), stay(SARAH, "A22", 4)
OTHER_STAY = stay(SARAH, "A01", 5, more=PSYCHIATRY, sender="SP|HGH", visit="V99")


@dataclass(frozen=True)
class Case:
    """A caller, what both worlds hold, and what only one of them does."""

    caller: str
    shared: tuple[tuple[str, bytes], ...]
    hidden: tuple[tuple[str, bytes], ...]


_BOTH = (("social", FIRST), ("psyk", stay(SARAH)))
CASES = [
    Case("social", _BOTH, (("psyk", LEAVE), ("psyk", BACK), ("herlev", OTHER_STAY))),
    Case("nursing", _BOTH, (("social", MORE),)),
    Case("jobcenter", _BOTH, (("social", MORE), ("social", ALL), ("social", OF_ANOTHER))),
    Case("elsewhere", _BOTH[:1], (_BOTH[1], ("social", MORE), ("social", ALL), ("psyk", LEAVE))),
]  # fmt: skip


async def build(here: Doors, messages: Sequence[tuple[datetime, str, bytes]]) -> None:
    """A world in which each message came at its time."""
    for table in _EMPTIED:
        await here.http.gateway.database.fetchval(f"DELETE FROM {table}")
    for time, who, message in messages:
        here.http.world.clock.now = time
        told = await here.send(who, message)
        assert told.status == 200, told.body
    here.http.world.clock.now = BEGUN + timedelta(hours=9)


def times(case: Case, places: Sequence[float]) -> list[tuple[datetime, str, bytes]]:
    """World B: the shared messages, an hour from one to the next, and the hidden ones so many hours after the last."""
    shared = [(float(at), who, message) for at, (who, message) in enumerate(case.shared)]
    hidden = [(len(shared) + at, who, message) for at, (who, message) in zip(places, case.hidden, strict=True)]
    every = sorted([*shared, *hidden], key=lambda one: one[0])
    return [(BEGUN + timedelta(hours=at), who, message) for at, who, message in every]


@dataclass(frozen=True)
class Known:
    """What an attacker may have seen elsewhere: ids, and words of what is hidden."""

    ids: tuple[str, ...]
    words: tuple[str, ...]


async def known(here: Doors) -> Known:
    rows = await here.http.gateway.database.fetch("SELECT id, body FROM resource")
    words = {found for row in rows for found in leaves(msgspec.json.decode(row["body"]))}
    ids = (*sorted(row["id"] for row in rows), "0" * 32, patient_of(SARAH), f"joint-{patient_of(SARAH)}", SARAH)
    return Known(ids, tuple(sorted(word for word in words if len(word) < 80)))


def leaves(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from leaves(item)
    elif isinstance(node, str):
        yield node


def ask(dice: random.Random, here: Doors, know: Known) -> tuple[str, str, dict[str, str], str]:
    """One request: method, path, headers, form."""
    kind, identity = dice.choice(KINDS), dice.choice(know.ids)
    headers = dice.choice(
        [{}, {}, {"If-None-Match": f'W/"{dice.randint(1, 4)}"'}, {"If-None-Match": "*"},
         {"Accept": "application/fhir+xml"}, {"If-Modified-Since": "Mon, 02 Mar 2026 11:30:00 GMT"}]
    )  # fmt: skip
    shape = dice.randrange(8)
    if shape == 0:
        return "GET", f"/fhir/{kind}/{identity}", headers, ""
    if shape == 1:
        return "HEAD", f"/fhir/{kind}/{identity}", headers, ""
    if shape == 2:
        return "GET", f"/fhir/{kind}/{identity}/_history/{dice.randint(0, 4)}", headers, ""
    if shape == 3:
        return "GET", f"/fhir/Patient/{dice.choice([identity, patient_of(SARAH)])}/$joint-plan", headers, ""
    fields = [*searched(dice, here, kind, know), *(f"{n}={v}" for n, v in dice.sample(PAGES, dice.randint(0, 2)))]
    if shape == 4:
        numbers = ",".join(
            quote(f"{CPR}|{dice.choice((SARAH, ASK, NOBODY))}", safe="") for _ in range(dice.randint(1, 2))
        )
        named = "identifier" if kind == "Patient" else dice.choice(("patient.identifier", "subject.identifier"))
        return "POST", f"/fhir/{kind}/_search", headers, "&".join([f"{named}={numbers}", *fields])
    named = "_id" if kind == "Patient" else "patient"
    who = dice.choice([patient_of(SARAH), patient_of(SARAH), patient_of(ASK), identity.removeprefix("joint-")])
    return "GET", f"/fhir/{kind}?{'&'.join([f'{named}={who}', *fields])}", headers, ""


PAGES = [
    ("_count", 0),
    ("_count", 1),
    ("_count", 2),
    ("_offset", 1),
    ("_offset", 3),
    ("_format", "xml"),
    ("_pretty", "true"),
]


def searched(dice: random.Random, here: Doors, kind: str, know: Known) -> Iterator[str]:
    """Parameters that are served for the type, with values from what is hidden."""
    served = sorted(here.http.gateway.search.get(kind, {}))
    for name in dice.sample(served, min(len(served), dice.randint(0, 2))):
        if name not in ("patient", "subject", "identifier"):
            modifier = dice.choice(["", "", "", ":missing", ":not", ":text", ":exact", ":contains", ":identifier"])
            value = "true" if modifier == ":missing" else dice.choice(know.words)
            yield f"{name}{modifier}={quote(value, safe='')}"
    if dice.random() < 0.2:
        yield f"_id={dice.choice(know.ids)}"


async def answers(here: Doors, caller: str, requests: Sequence[tuple[str, str, dict[str, str], str]]) -> list[Any]:
    told = []
    for method, path, headers, form in requests:
        own = await here.bearer(caller) | headers | {"X-Request-Id": "the-same"}
        if form:
            own["Content-Type"] = FORM
        told.append(await here.http.raw(method, path, own, form.encode()))
    return told


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.caller))
def test_what_is_hidden_changes_no_byte_of_any_answer(case: Case, database_url: str, second_database_url: str) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def opened() -> tuple[Doors, Doors]:
            first = await stack.enter_async_context(doors(database_url))
            return first, await stack.enter_async_context(doors(second_database_url))

        a, b = runner.run(opened())
        runner.run(build(a, times(Case(case.caller, case.shared, ()), ())))
        seen: set[int] = set()

        # Not shrunk: an answer that differs says enough, and every try builds a world.
        @settings(max_examples=EXAMPLES, phases=(Phase.generate,))
        @given(st.lists(st.floats(0, 5), min_size=len(case.hidden), max_size=len(case.hidden)), st.integers(0, 2**32))
        def alike(places: list[float], seed: int) -> None:
            dice = random.Random(seed)

            async def compare() -> None:
                await build(b, times(case, places))
                know = await known(b)
                requests = [ask(dice, a, know) for _ in range(REQUESTS)]
                for request, one, other in zip(
                    requests,
                    await answers(a, case.caller, requests),
                    await answers(b, case.caller, requests),
                    strict=True,
                ):
                    assert (one.status, one.headers, one.body) == (other.status, other.headers, other.body), request
                    assert one.status < 500, request
                    seen.add(one.status)

            runner.run(compare())

        try:
            alike()
            assert {200, 404} <= seen
        finally:
            runner.run(stack.aclose())


def test_the_comparison_would_notice_a_leak(database_url: str, second_database_url: str) -> None:
    """The hospital sees the leave: for it the same two worlds differ."""

    async def test() -> None:
        async with doors(database_url) as a, doors(second_database_url) as b:
            await build(a, times(Case("psyk", _BOTH, ()), ()))
            await build(b, times(Case("psyk", _BOTH, (("psyk", LEAVE),)), [3.5]))
            asked = [("GET", f"/fhir/Encounter?patient={patient_of(SARAH)}", {}, "")]
            (one,), (other,) = await answers(a, "psyk", asked), await answers(b, "psyk", asked)
            assert one.status == other.status == 200
            assert one.body != other.body

    asyncio.run(test())
