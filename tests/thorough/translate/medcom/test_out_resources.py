"""`gateway translate --to medcom`: what a file tells of stays becomes their notifications, and they tell it again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import main
from gateway.errors import BadRequest, MissingField
from gateway.translate.fhir import parse
from gateway.translate.fhir.message import Message
from gateway.translate.medcom.out import resources as out
from tests.translate.medcom.letters import file, letter, uuid, written
from tests.translate.medcom.notices import END, LEFT, OTHER_HOSPITAL, PROJECT, START, asking, notice, raw, resource

Json = dict[str, Any]
NOW = datetime(2026, 3, 2, tzinfo=UTC)
SOR = "urn:oid:1.2.208.176.1.1"
HERLEV, PSYK, TEAM = "265161000016000", "399841000016000", "953741000016009"
PATIENT = {
    "resourceType": "Patient", "id": "p", "name": [{"family": "Lind"}],
    "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": "2512489996"}],
}  # fmt: skip


def stay(name: str, start: str, end: str = "", *, sor: str = HERLEV, kind: str = "IMP") -> Json:
    return {
        "resourceType": "Encounter", "id": name, "class": {"code": kind},
        "status": "finished" if end else "in-progress",
        "subject": {"reference": "Patient/p"}, "period": {"start": start} | ({"end": end} if end else {}),
        "serviceProvider": {"identifier": {"system": SOR, "value": sor}},
        "episodeOfCare": [{"identifier": {"system": "urn:x", "value": name}}],
    }  # fmt: skip


def told(*given: Json) -> list[Json]:
    return [parse(one) for one in out.messages(given, NOW, PROJECT / "mappings")]


def activities(bundles: list[Json]) -> list[str]:
    chains = ([e["resource"] for e in one["entry"] if e["resource"]["resourceType"] == "Provenance"] for one in bundles)
    return [chain[-1]["activity"]["coding"][0]["code"] for chain in chains]


def deceased(bundles: list[Json]) -> list[Any]:
    return [resource(one, "Patient").get("deceasedBoolean") for one in bundles]


def test_stays_are_told_in_the_order_in_which_they_began() -> None:
    bundles = told(stay("b", END, sor=PSYK), PATIENT, stay("a", START, LEFT), stay("c", START, kind="AMB"))
    assert activities(bundles) == ["admit-inpatient", "discharge-inpatient-home", "admit-inpatient"]
    assert [resource(one, "Encounter")["episodeOfCare"][0]["identifier"]["value"] for one in bundles] == ["a", "a", "b"]
    message = Message(bundles[2])
    sender = message.resolve(message.header["sender"])
    assert sender is not None
    assert [one["value"] for one in sender["identifier"]][1] == PSYK
    assert len(sender["identifier"][0]["value"]) == 13
    assert sender["name"] == "Psykiatrisk Center København"


def test_who_died_died_in_the_last_stay_unless_it_was_later() -> None:
    both = (stay("a", START, LEFT), stay("b", LEFT, END))
    assert deceased(told(*both, PATIENT | {"deceasedBoolean": True})) == [None, None, None, True]
    assert deceased(told(*both, PATIENT | {"deceasedDateTime": END})) == [None, None, None, True]
    assert deceased(told(*both, PATIENT | {"deceasedDateTime": "2026-01-01T10:00:00+01:00"})) == [None] * 4
    assert deceased(told(*both, PATIENT | {"deceasedBoolean": False})) == [None] * 4


def test_the_citizens_municipality_is_notified(tmp_path: Path) -> None:
    code = {"system": "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes", "code": "101"}
    lives = PATIENT | {"address": [{"extension": [{"url": "urn:x", "valueCodeableConcept": {"coding": [code]}}]}]}
    for patient in (lives, PATIENT):
        message = Message(told(stay("a", START), patient)[0])
        receiver = message.resolve(message.header["destination"][0]["receiver"])
        assert receiver is not None
        assert TEAM in [one["value"] for one in receiver["identifier"]]
        assert receiver["name"] == "Plejecenter Herlev"


def test_what_cannot_be_told() -> None:
    with pytest.raises(BadRequest):
        told(PATIENT, stay("a", START, kind="AMB"))
    with pytest.raises(MissingField) as caught:
        told(stay("a", START))
    assert caught.value.where == "Encounter.subject"
    with pytest.raises(MissingField) as caught:
        told(PATIENT, stay("a", START, sor="1"))
    assert caught.value.where == "Encounter.serviceProvider.identifier"
    without = stay("a", START)
    del without["serviceProvider"]
    with pytest.raises(MissingField):
        told(PATIENT, without)


def test_correspondence_with_its_file_and_what_it_answers(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    question = letter("Har I plads?", files=[file()])
    answer = letter("Ja", header=uuid(8), activity="reply-message", answers=(uuid(7), OTHER_HOSPITAL))
    files = [tmp_path / "question.json", tmp_path / "answer.json"]
    for path, bundle in zip(files, (question, answer), strict=True):
        path.write_bytes(written(bundle))
    assert main(["translate", "--as", "regionh-medcom", "--to", "medcom", *map(str, files)]) == 0
    made = [parse(one) for one in capsysbinary.readouterr().out.splitlines()]
    assert [resource(one, "MessageHeader")["eventCoding"]["code"] for one in made] == ["care-communication-message"] * 2
    texts = [resource(one, "Communication")["payload"][0]["contentString"] for one in made]
    assert sorted(texts) == ["Har I plads?", "Ja"]
    kept = next(one for one in made if resource(one, "Communication")["payload"][0]["contentString"] == "Har I plads?")
    assert resource(kept, "Communication")["payload"][1]["contentAttachment"]["data"]
    reply = next(one for one in made if one is not kept)
    assert activities([reply]) == ["reply-message"]


@pytest.mark.parametrize("target", ["medcom", "medcom-xml"])
def test_the_command(target: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Notifications in, notifications out, and what those become is what the first became."""
    chain = (("m1", "admit-inpatient"),)
    left = notice("discharge-inpatient-home", header="m2", earlier=chain, status="finished", end=END)
    first = [tmp_path / name for name in ("1.json", "2.json")]
    for path, bundle in zip(first, (asking(notice(header="m1", recorded=START)), left), strict=True):
        path.write_bytes(raw(bundle))

    def gateway(*words: str) -> bytes:
        assert main(["translate", "--as", "regionh-medcom", *words]) == 0
        return capsysbinary.readouterr().out

    before = json.loads(gateway("--json", *map(str, first)))
    lines = [one for one in gateway("--to", target, *map(str, first)).split(b"\n") if one.startswith((b"{", b"<B"))]
    assert len(lines) == 2
    again = [tmp_path / f"again-{number}" for number in range(2)]
    for path, content in zip(again, lines, strict=True):
        path.write_bytes(content)
    after = json.loads(gateway("--json", *map(str, again)))
    kinds = [one["resource"]["resourceType"] for one in after["entry"]]
    assert kinds == ["Encounter", "EpisodeOfCare", "Patient", "Task"]
    for was, now in zip(before["entry"], after["entry"], strict=True):
        left_out = {"identifier", "authoredOn", "restriction"} if now["resource"]["resourceType"] == "Task" else set()
        facts = [{n: v for n, v in one["resource"].items() if n not in left_out} for one in (was, now)]
        assert facts[0] == facts[1]
