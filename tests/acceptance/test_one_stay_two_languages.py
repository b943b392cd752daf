"""One real stay sent by HL7 v2 and as notifications is one Encounter when PV1-50 or PV1-54 tells the episode."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from gateway import bootstrap
from gateway.cli.together import folded
from gateway.cli.translate import SECRET
from gateway.domain.resource import ids
from tests.translate.medcom.notices import END, START, notice, raw, resource

ROOT = Path(__file__).parents[2]
EPISODE = "3f0b2c4e-5d6a-4b7c-8d9e-0a1b2c3d4e5f"
HERLEV = "265161000016000"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def rules() -> bootstrap.Rules:
    return bootstrap.read_rules(ROOT / "mappings", SECRET)


def adt(event: str, at: str, *, alternate: str = EPISODE, episode: str = "", place: str = "K045^2^1^HGH") -> bytes:
    stamp = at.replace("-", "").replace(":", "").replace("T", "")[:14] + "+0100"
    visit = {2: "I", 3: place, 19: "V77", 44: "20250310090000+0100", 50: alternate, 54: episode}
    lines = [
        f"MSH|^~\\&|SP|HGH|GW|KK|{stamp}||ADT^{event}|{event}{stamp}|P|2.5||||||UNICODE UTF-8",
        f"EVN|{event}|{stamp}||||{stamp}",
        "PID|||2509479989^^^CPR||Elmer",
        "PV1|" + "|".join(visit.get(number, "") for number in range(1, 55)),
    ]
    return "\r".join(lines).encode()


def stays(rules: bootstrap.Rules, *messages: tuple[str, bytes]) -> list[Json]:
    """The Encounters, the same in any order of arrival."""
    sources = {source.id: source for source in rules.sources}
    found = []
    for order in permutations(messages):
        said = [rules.languages.of(door).translate(message) for door, message in order]
        found.append([r.body for r in folded(said, ids(SECRET), sources) if r.kind == "Encounter"])
    assert all(one == found[0] for one in found)
    return found[0]


def stin(number: str = EPISODE) -> bytes:
    bundle = notice(recorded="2025-03-10T09:05:00+01:00")
    resource(bundle, "Encounter")["episodeOfCare"][0]["identifier"]["value"] = number
    return raw(bundle)


def test_admitted_by_one_and_discharged_by_the_other(rules: bootstrap.Rules) -> None:
    out = notice("discharge-inpatient-home", status="finished", end=END, header="out")
    body, *others = stays(rules, ("hl7v2", adt("A01", START)), ("fhir-message", stin()), ("fhir-message", raw(out)))
    assert not others
    assert (body["status"], body["period"]) == ("finished", {"start": START, "end": END})
    assert {number["value"] for number in body["identifier"]} == {"V77", EPISODE}
    assert body["episodeOfCare"][0]["identifier"]["value"] == EPISODE
    assert body["serviceProvider"]["identifier"]["value"] == HERLEV
    assert body["location"][0]["location"]["display"].startswith("K045-2-1")


@pytest.mark.parametrize("written", [EPISODE, EPISODE.upper(), EPISODE.replace("-", ""), f"urn:uuid:{EPISODE}"])
def test_however_the_number_is_written(rules: bootstrap.Rules, written: str) -> None:
    assert len(stays(rules, ("hl7v2", adt("A01", START, alternate=written)), ("fhir-message", stin()))) == 1
    assert len(stays(rules, ("hl7v2", adt("A01", START)), ("fhir-message", stin(written)))) == 1
    by_episode = adt("A01", START, alternate="", episode=f"{written}^^^LPR3")
    (body,) = stays(rules, ("hl7v2", by_episode), ("fhir-message", stin()))
    systems = {one["identifier"]["system"] for one in body["episodeOfCare"]}
    assert "https://www.esundhed.dk/Registre/Landspatientregisteret" in systems


@pytest.mark.parametrize("alternate", ["", "4711", "4711^^^REGH", "ffff2c4e-5d6a-4b7c-8d9e-0a1b2c3d4e5f"])
def test_what_is_no_number_of_this_episode_joins_nothing(rules: bootstrap.Rules, alternate: str) -> None:
    assert len(stays(rules, ("hl7v2", adt("A01", START, alternate=alternate)), ("fhir-message", stin()))) == 2


def test_a_later_message_without_the_number_belongs_to_its_visit(rules: bootstrap.Rules) -> None:
    (body,) = stays(
        rules, ("hl7v2", adt("A01", START)), ("hl7v2", adt("A03", END, alternate="")), ("fhir-message", stin())
    )
    assert body["status"] == "finished"


def test_a_hospital_with_another_number_is_another_stay(rules: bootstrap.Rules) -> None:
    """Until organisations.csv leads the code to the number that the notifications have."""
    found = stays(rules, ("hl7v2", adt("A01", START, place="K045^2^1^XYZ")), ("fhir-message", stin()))
    assert len(found) == 2
