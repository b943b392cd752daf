"""Every story played through the doors: each answer, and what each reader then sees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.cli.playing.story import Step, Told, wire
from gateway.translate.conformance import Profiles
from gateway.translate.fhir import parse
from gateway.translate.fhir.structure import structure
from tests.stories.normal import normalised, text
from tests.stories.playing import STORIES, Stage, run, stage

READ = [(name, reader) for name, one in STORIES.items() for reader in one.readers]
profiles = Profiles.read()


@pytest.mark.parametrize("name", STORIES)
def test_a_story_played_through_the_doors(name: str, database_url: str, tmp_path: Path, write_expected: bool) -> None:
    async def play() -> dict[str, str]:
        async with stage(name, database_url, tmp_path) as here:
            for step in here.story.steps:
                positive(step, await here.send(step))
            return {reader: await seen(here, reader) for reader in here.story.readers}

    for reader, found in run(play()).items():
        file = expected(name, reader)
        if write_expected:
            file.parent.mkdir(exist_ok=True)
            file.write_text(found, "utf-8")
        assert json.loads(found) == json.loads(file.read_text("utf-8")), f"{name} as {reader} sees it"


async def seen(here: Stage, reader: str) -> str:
    """The joint plan as it stands in expected/. Who may see nothing is told what is told of a citizen who is not."""
    status, body = await here.plan(reader)
    if status == 200:
        return text(body)
    absent = await here.get(reader, "Patient/" + "0" * 32 + "/$joint-plan")
    assert (status, body) == (404, absent.json()) == (absent.status_code, body)
    return text(body)


def expected(name: str, reader: str) -> Path:
    return STORIES[name].steps[0].file.parent / "expected" / f"{reader}.json"


def positive(step: Step, told: Told) -> None:
    """A positive answer in the sender's own language, about the sender's own message."""
    assert told.accepted, f"{step.file.name}: {told.answer.decode('latin-1')}"
    sent = step.file.read_bytes()
    if step.door == "mllp":
        fields = next(line for line in told.answer.split(b"\r") if line.startswith(b"MSA")).split(b"|")
        assert fields[1:3] == [b"AA", wire(sent).split(b"\r")[0].split(b"|")[9]]
    elif step.door == "oio":
        assert etree.fromstring(told.answer).findtext("{*}StatusKode") == "20"
    elif step.door == "fhir":
        assert told.answer[:1] == sent[:1], "JSON is answered in JSON, XML in XML"
        header = parse(told.answer)["entry"][0]["resource"]
        asked = parse(sent)["entry"][0]["resource"]
        assert header["response"] == {"identifier": asked["id"], "code": "ok"}
    elif step.door == "kl":
        issues = json.loads(told.answer)["issue"]
        assert issues == [{"severity": "information", "code": "informational"}]
    else:
        assert json.loads(told.answer)["resourceType"] == "Consent"


@pytest.mark.parametrize(("name", "reader"), READ)
def test_everything_that_is_shown_is_sound_and_conforms_to_its_profile(name: str, reader: str) -> None:
    bundle = json.loads(expected(name, reader).read_text("utf-8"))
    bodies = [entry["resource"] for entry in bundle.get("entry", [])]
    faults = {body["id"]: [str(f) for f in structure(body)] + profiles.check(body) for body in bodies}
    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.parametrize(("name", "reader"), READ)
def test_nothing_points_at_what_its_reader_does_not_see(name: str, reader: str) -> None:
    bundle = json.loads(expected(name, reader).read_text("utf-8"))
    bodies = [entry["resource"] for entry in bundle.get("entry", [])]
    there = {f"{body['resourceType']}/{body['id']}" for body in bodies}
    assert set(references(bodies)) <= there


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for item in node for found in references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["reference"]] if isinstance(node.get("reference"), str) else []
    return own + [found for value in node.values() for found in references(value)]


def test_names_do_not_depend_on_the_key_of_the_ids() -> None:
    def made(*numbers: int) -> dict[str, Any]:
        plan, goal, other = (f"{number:032x}" for number in numbers)
        bodies = [
            {"resourceType": "Goal", "id": goal, "meta": {"lastUpdated": f"2026-01-0{numbers[0]}"}, "text": "a"},
            {"resourceType": "Goal", "id": other, "text": "b"},
            {"resourceType": "CarePlan", "id": plan, "goal": [{"reference": f"Goal/{other}"}]},
        ]
        bodies.sort(key=lambda body: str(body["id"]))
        return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": body} for body in bodies]}

    assert normalised(made(1, 2, 3)) == normalised(made(3, 1, 2)) == normalised(made(2, 3, 1))
