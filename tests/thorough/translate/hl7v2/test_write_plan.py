"""Goal, Condition and CarePlan go out as PGL, PPR and PPP, and what comes back in tells the same."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.team import MEMBER_FOR
from gateway.errors import BadRequest
from gateway.translate.hl7v2.write.resources import messages
from tests.translate.hl7v2.planning import DOCTOR, NURSE, REGH, gol, message, prb, pth, rol
from tests.translate.hl7v2.ward import ROOT, fold, language, pv1

Json = dict[str, Any]
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"system": "urn:oid:1.2.208.176.1.2", "value": "2512489996"}],
}
GOAL: Json = {
    "resourceType": "Goal", "id": "g1", "lifecycleStatus": "active", "description": {"text": "Egen bolig"},
    "subject": {"reference": "Patient/p"},
}  # fmt: skip
_ID = re.compile(r"[0-9a-f]{32}")


def written(*resources: Json) -> list[bytes]:
    """The messages, as this ward would send them."""
    made = messages([PATIENT, *resources], NOW, ROOT / "mappings")
    return [one.replace(b"|FAELLESPLAN|GATEWAY|", b"|SP|REGH|") for one in made]


def bodies(made: dict[str, list[Json]]) -> list[Json]:
    return [body for kind in ("Patient", "Condition", "Goal", "CarePlan", "CareTeam") for body in made.get(kind, [])]


def facts(made: dict[str, list[Json]]) -> str:
    """What is told, with names in place of ids, and of a team's members as a set."""
    names = {
        f"{body['resourceType']}/{body['id']}": body["identifier"][0]["value"]
        for body in bodies(made)
        if "identifier" in body
    }
    told = []
    for kind in ("Condition", "Goal", "CarePlan"):
        for body in made.get(kind, []):
            rest = {name: value for name, value in body.items() if name not in ("id", "meta", "subject", "partOf")}
            told.append(json.dumps(rest, ensure_ascii=False, sort_keys=True))
    for team in made.get("CareTeam", []):
        told += [json.dumps(one, ensure_ascii=False, sort_keys=True) for one in team["participant"]]
    text = "\n".join(
        sorted(re.sub(r"[A-Z][A-Za-z]+/[0-9a-f]{32}", lambda m: names.get(m[0], "?"), one) for one in told)
    )
    return _ID.sub("?", text)


PLANNED = {6: "1", 7: "20250310", 8: "202506", 9: "SOC^Socialt^L", 10: "X^Y^L"}
UNDER_WAY = {5: f"E9^{REGH}", 16: "IMP^Bedre^L", 17: "Går fremad~Flytter snart", 18: "HLD", 19: "20250401"}
OVER = {
    7: "20250310", 9: "20250401", 10: "SOC^Socialt^L", 13: "C", 14: "R", 16: "202401", 17: "før jul", 25: "R", 26: "SE",
}  # fmt: skip
NOTE = f"NTE|1||Linje et\\.br\\linje to|RE|{NURSE}|20250311"
CASES = {
    "a goal of a problem": [message("PC6", gol(fields=PLANNED), prb())],
    "a goal under way": [
        message("PC6", gol(fields=UNDER_WAY), rol("IP^Initiating provider^HL70443", NURSE, {5: "20250314"}), rol())
    ],
    "a goal in a pathway of another problem": [
        message("PCB", pth(fields={5: "CMP", 6: "20250401"}), prb(number=f"P2^{REGH}"), visit=pv1()),
        message("PCB", pth("UC"), gol(), at="20250315093000+0100"),
        message("PC6", gol("UC"), prb(), at="20250316093000+0100"),
    ],
    "a problem that is over": [
        message(
            "PC1", prb(fields=OVER), NOTE, rol("EP^Entering provider^HL70443", DOCTOR, {6: "20250401"}), visit=pv1()
        )
    ],
    "things taken back": [
        message("PCB", pth(), prb(), gol(), at="20250314093000+0100"),
        message("PCD", pth("DE"), prb("DE"), gol("DE"), at="20250401093000+0100"),
    ],
}


@pytest.mark.parametrize("case", CASES)
def test_what_went_out_and_came_back_tells_the_same(case: str) -> None:
    made = fold(*CASES[case])
    sent = messages(bodies(made), NOW, ROOT / "mappings")
    back = fold(*(one.replace(b"|FAELLESPLAN|GATEWAY|", b"|SP|REGH|") for one in sent))
    assert facts(back) == facts(made)
    again = messages(bodies(back), NOW, ROOT / "mappings")
    assert facts(fold(*(one.replace(b"|FAELLESPLAN|GATEWAY|", b"|SP|REGH|") for one in again))) == facts(made)


def test_a_message_for_each_thing() -> None:
    made = fold(message("PCB", pth(), prb(), gol()))
    types = [one.split(b"|")[8].decode() for one in messages(bodies(made), NOW, ROOT / "mappings")]
    assert types == ["PPR^PC1^PPR_PC1", "PGL^PC6^PGL_PC6", "PPP^PCB^PPP_PCB"]


def test_the_same_content_has_the_same_number_and_another_another() -> None:
    (one,), (same,), (other,) = written(GOAL), written(GOAL), written(GOAL | {"lifecycleStatus": "completed"})
    assert one == same
    assert one.split(b"|")[9] != other.split(b"|")[9]


NASTY = 'Ord\rPID|1||X\n\x0b\x1c\r\x00\x85\u2028|^~\\&# \\X0D\\ "" æ'


@pytest.mark.parametrize(
    "change",
    [
        {"description": {"text": NASTY}},
        {"description": {"coding": [{"system": NASTY, "code": NASTY, "display": NASTY}], "text": NASTY}},
        {"identifier": [{"system": NASTY, "value": NASTY}]},
        {"note": [{"text": NASTY, "authorReference": {"type": "Practitioner", "display": NASTY}}]},
        {"expressedBy": {"type": "Practitioner", "display": NASTY, "identifier": {"system": NASTY, "value": NASTY}}},
        {"category": [{"text": NASTY}], "priority": {"text": NASTY}, "startDate": NASTY},
        {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare",
                        "valueReference": {"identifier": {"system": NASTY, "value": NASTY}}}]},
    ],
)  # fmt: skip
def test_no_value_ends_a_segment_or_a_frame(change: Json) -> None:
    (raw,) = written(GOAL | change)
    lines = raw.rstrip(b"\r").split(b"\r")
    assert {line[:3] for line in lines} <= {b"MSH", b"PID", b"GOL", b"NTE", b"ROL"}
    assert sum(line[:3] == b"PID" for line in lines) == 1
    assert not re.search(b"[\x00-\x0c\x0e-\x1f]", raw)
    assert language().translate(raw).statements


def test_a_goal_nobody_has_numbered_goes_by_its_id() -> None:
    (goal,) = fold(*written(GOAL))["Goal"]
    assert goal["identifier"] == [{"system": "https://faellesplan.dk/fhir/Goal", "value": "g1"}]


def test_what_is_composed_is_told_to_nobody() -> None:
    joint = {"resourceType": "CarePlan", "id": "joint-p", "title": "Fælles plan", "goal": [{"reference": "Goal/g1"}]}
    (only,) = written(GOAL, joint)
    assert b"Plan" not in only


def test_an_organisation_alone_stays_here() -> None:
    tie = {"url": MEMBER_FOR, "valueReference": {"reference": "Goal/g1"}}
    member = {"member": {"type": "Organization", "display": "Bosted"}, "extension": [tie]}
    team = {"resourceType": "CareTeam", "id": "t", "participant": [member]}
    (only,) = written(GOAL, team)
    assert b"ROL" not in only


@pytest.mark.parametrize(
    "resources",
    [
        [{"resourceType": "Patient", "id": "p"}, GOAL],
        [PATIENT, GOAL | {"description": {}}],
        [PATIENT, {name: value for name, value in GOAL.items() if name != "subject"}],
    ],
)
def test_what_cannot_be_told_is_refused(resources: list[Json]) -> None:
    with pytest.raises(BadRequest):
        messages(resources, NOW, Path("mappings"))


def test_a_municipal_goal_goes_out() -> None:
    order = json.loads((ROOT / "fixtures" / "messages" / "kl" / "order.json").read_bytes())
    found = [entry["resource"] for entry in order["entry"]]
    goals = [one for one in found if one["resourceType"] == "Goal"]
    sent = written(*(one | {"subject": {"reference": "Patient/p"}} for one in goals))
    assert len(sent) == len(goals) > 0
    assert {g["description"]["text"] for g in fold(*sent)["Goal"]} == {
        g["description"].get("text") or g["description"]["coding"][0]["display"] for g in goals
    }
