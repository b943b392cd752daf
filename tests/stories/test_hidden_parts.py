"""What a reader may not see changes no byte of what that reader gets (DESIGN 2.2).

World A holds some messages of a story, world B those and others, at any place among them, whose content is hidden from
the reader. Every request is asked in both: body, version and time of each answer, and each refusal, are the same.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cli.playing.story import Step
from gateway.errors import GatewayError
from gateway.flows.joint_plan import joint_plan
from gateway.flows.parts import Served
from gateway.flows.read import read
from gateway.flows.search import search
from tests.flows.conftest import caller
from tests.stories.flowing import World, patient
from tests.stories.playing import STORIES

EXAMPLES = 5
KINDS = ("Patient", "CarePlan", "CareTeam", "Encounter", "Goal", "Condition", "Consent", "RelatedPerson", "Observation")


@dataclass(frozen=True)
class Case:
    """A reader of a story, and the messages that bring this reader nothing beside the others. They come after `first`:
    the Patient is shared, so the first message of each source has something to say that every reader may see."""

    story: str
    reader: str
    first: str
    hidden: tuple[str, ...]
    sees: bool = True

    def __str__(self) -> str:
        return f"{self.story} as {self.reader} sees it"


CASES = [
    Case("herberg", "jobcenter", "01", ("02", "03", "05", "06", "07", "08"), sees=False),
    Case("herberg", "frederiksberg", "01", ("02", "03", "05", "06", "07", "08"), sees=False),
    Case("to-ophold", "social", "04", ("03", "05", "06", "07")),
    Case("to-ophold", "nursing", "04", ("03",)),  # psychiatry: the citizen objected
    Case("rettelser", "social", "02", ("03", "04", "05", "06", "07", "08", "09")),
    Case("doed-paa-orlov", "frederiksberg", "02", ("03",)),
    Case("flytning", "social", "05", ("06", "07")),
    Case("maal", "jobcenter", "01", ("02", "03", "05", "06"), sees=False),
]


def parted(case: Case) -> tuple[list[Step], list[Step]]:
    """The steps of world A, and those that world B holds besides."""
    steps = STORIES[case.story].steps
    hidden = [step for step in steps if step.file.name.startswith(case.hidden)]
    return [step for step in steps if step not in hidden], hidden


@st.composite
def worlds(draw: Callable[[st.SearchStrategy[Any]], Any], case: Case) -> list[Step]:
    """World B: some of the hidden messages, in any order, at any place after the first."""
    told, hidden = parted(case)
    begun = 1 + next(at for at, step in enumerate(told) if step.file.name.startswith(case.first))
    first, rest = told[:begun], told[begun:]
    for step in draw(st.lists(st.sampled_from(hidden), min_size=1, unique=True)):
        rest.insert(draw(st.integers(0, len(rest))), step)
    return [*first, *rest]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_hidden_parts_change_no_byte(world: World, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    story = STORIES[case.story]
    monkeypatch.setattr("secrets.token_hex", lambda size: "c" * 2 * size)

    async def told(steps: list[Step], asked: list[tuple[str, ...]]) -> list[Any]:
        await world.begin(story)
        await world.take(story, steps)
        world.now = story.now.replace(hour=18)
        asked = asked or await questions(world, story.citizen)
        return [(question, await answer(world, case.reader, question)) for question in asked]

    alone = world.run(told(parted(case)[0], []))
    joint = next(found for question, found in alone if question[0] == "plan")
    assert (joint[0] != "NotFound") is case.sees

    @settings(max_examples=EXAMPLES)
    @given(worlds(case))
    def the_same(steps: list[Step]) -> None:
        assert world.run(told(steps, [question for question, _ in alone])) == alone

    the_same()


async def questions(world: World, citizen: str) -> list[tuple[str, ...]]:
    """Every resource there is in world A, its first version, and a search for each type."""
    rows = await world.gateway.database.fetch("SELECT kind, id FROM resource ORDER BY kind, id")
    found = [("read", row["kind"], row["id"]) for row in rows] + [("vread", row["kind"], row["id"]) for row in rows]
    one = patient(citizen)
    for kind in KINDS:
        found += [("search", kind, one), ("search", kind, one, "_count=1")]
    return [*found, ("plan", one), ("read", "CarePlan", f"joint-{one}"), ("read", "CareTeam", f"joint-{one}")]


async def answer(world: World, reader: str, question: tuple[str, ...]) -> tuple[Any, ...]:
    """What this reader gets: bytes, version, time; or the failure as it is told."""
    gateway, asker = world.gateway, caller(reader)
    what, *rest = question
    asked: Awaitable[Served]
    if what == "plan":
        asked = joint_plan(gateway, asker, rest[0])
    elif what == "search":
        kind, one, *more = rest
        params = [("_id" if kind == "Patient" else "patient", one), *(tuple(m.split("=")) for m in more)]
        asked = search(gateway, asker, kind, params)  # type: ignore[arg-type]
    else:
        asked = read(gateway, asker, rest[0], rest[1], 1 if what == "vread" else 0)
    try:
        served = await asked
    except GatewayError as error:
        return type(error).__name__, error.told(), error.status
    return served.body, served.version, served.updated, served.weak


def test_the_test_would_notice_a_leak(world: World) -> None:
    """The hospital does see the leave: for this reader the same worlds differ."""
    story = STORIES["doed-paa-orlov"]

    async def plan(*files: str) -> Any:
        await world.begin(story)
        await world.take(story, [step for step in story.steps if step.file.name.startswith(files)])
        world.now = story.now.replace(hour=18)
        return await answer(world, "hospital", ("plan", patient(story.citizen)))

    alone, more = world.run(plan("01", "02")), world.run(plan("01", "02", "03"))
    assert alone != more
    assert len(json.loads(alone[0])["entry"]) == len(json.loads(more[0])["entry"])


def test_a_plan_more_of_the_social_authority_changes_no_byte_for_the_nurse(world: World) -> None:
    story = STORIES["herberg"]
    more = second_order(story.steps[2].file.read_text("utf-8"))

    async def told(*sent: bytes) -> dict[tuple[str, ...], Any]:
        await world.begin(story)
        await world.take(story, story.steps[:3])
        for raw in sent:
            await world.send("fhir", raw)
        await world.take(story, story.steps[4:])
        world.now = story.now.replace(hour=18)
        asked = [question for question in await questions(world, story.citizen) if question[0] != "vread"]
        return {question: await answer(world, "nursing", question) for question in asked}

    alone, both = world.run(told()), world.run(told(more))
    new = {question: found for question, found in both.items() if question not in alone}
    assert len(new) == 8, "five plans and three goals"
    assert {found[0] for found in new.values()} == {"NotFound"}
    assert {question: both[question] for question in alone} == alone


def second_order(text: str) -> bytes:
    """An order of plans and goals alone, numbered otherwise than the one it is made from."""
    order = json.loads(text)
    kept = ("MessageHeader", "Patient", "Organization", "CarePlan", "Goal")
    order["entry"] = [entry for entry in order["entry"] if entry["resource"]["resourceType"] in kept]
    bodies = [entry["resource"] for entry in order["entry"]]
    bodies[0]["focus"] = [one for one in bodies[0]["focus"] if one["reference"].startswith("CarePlan/")]
    for body in bodies:
        body.pop("addresses", None)
        body.pop("careTeam", None)
    text = json.dumps(order, ensure_ascii=False)
    for body in bodies:
        if body["resourceType"] in ("CarePlan", "Goal"):
            text = text.replace(body["id"], body["id"][::-1])
    return text.encode()
