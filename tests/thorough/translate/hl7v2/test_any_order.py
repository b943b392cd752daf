"""Whatever order the messages about a visit come in, and however often: the same resources."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.translate.fhir.structure import structure
from tests.translate.hl7v2.ward import PID3, VISIT, adt, fold, language, pid, pv1, resources, segment

NEW_NUMBER = VISIT.replace("V77", "V99")
DG1 = segment("DG1", {1: "1", 3: "DF205^Skizofreni^SKS"})
ROLE = "ROL|1|AD|AT^Attending^HL70443|A1^Jensen^Jens^^^^^^AUTH&1.2.208.176.1.5&ISO|20250314"
PRT = segment("PRT", {2: "D", 4: "AT^Attending^HL70912", 5: "A1^Jensen^Jens^^^^^^AUTH&1.2.208.176.1.5&ISO"})


def at(day: int, hour: int = 9) -> str:
    return f"202503{day:02d}{hour:02d}0000+0100"


MESSAGES = (
    adt("A05", segment("PV2", {8: at(13)}), sent=at(8), visit=pv1({2: "P", 44: ""})),
    adt("A38", sent=at(9), visit=pv1({2: "P", 44: ""})),
    adt("A14", sent=at(10), visit=pv1({2: "P", 44: ""})),
    adt("A04", DG1, sent=at(13), visit=pv1({2: "E", 44: at(13)})),
    adt("A06", ROLE, at=at(14), sent=at(14, 10), visit=pv1({2: "I", 44: at(13)})),
    adt("A15", sent=at(15), visit=pv1({42: "MED2^1^1^HGH"})),
    adt("A26", sent=at(15, 12)),
    adt("A16", segment("PV2", {9: "20250320"}), sent=at(16)),
    adt("A25", sent=at(16, 12)),
    adt("A54", sent=at(17), visit=pv1({7: "A2^Bo^Ib"})),
    adt("A55", sent=at(17, 12)),
    adt("A50", segment("MRG", {1: PID3, 5: VISIT}), sent=at(18), visit=pv1({19: NEW_NUMBER})),
    adt("A02", at=at(19), sent=at(19), visit=pv1({3: "MED2^1^1^HGH", 19: NEW_NUMBER})),
    adt("A07", at=at(20), sent=at(20), visit=pv1({2: "O", 19: NEW_NUMBER})),
    adt("A08", PRT, sent=at(21), visit=pv1({2: "O", 19: NEW_NUMBER})),
    adt("A03", sent=at(22), visit=pv1({2: "O", 19: NEW_NUMBER, 45: at(22)})),
    adt("A13", sent=at(22, 12), visit=pv1({2: "O", 19: NEW_NUMBER})),
    adt("A11", sent=at(23), visit=pv1({2: "E"})),
    adt("A23", sent=at(24), visit=pv1({19: NEW_NUMBER})),
    adt("A01", sent=at(25), visit=pv1({19: NEW_NUMBER, 44: at(25)})),
    adt("A29", visit=None, sent=at(26), citizen=pid()),
    adt("A28", visit=None, sent=at(27), citizen=pid({5: "Ny^Navn"})),
)


@cache
def told(number: int) -> Any:
    return language().translate(MESSAGES[number])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_part_of_the_story_in_any_order(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(range(len(MESSAGES))), min_size=1, max_size=14))
    inside = sorted(set(chosen))
    made = resources(map(told, chosen))
    assert made == resources(map(told, inside))
    for kind, bodies in made.items():
        for body in bodies:
            assert structure({name: value for name, value in body.items() if value != {}}) == [], kind
    for stay in made.get("Encounter", []):
        history = stay.get("statusHistory", [])
        assert not history or stay["status"] in (history[-1]["status"], "entered-in-error")
        assert stay["status"] != "finished" or "end" in stay["period"]
        assert stay["status"] != "planned" or "period" not in stay


def test_the_whole_story() -> None:
    made = fold(*MESSAGES)
    statuses = sorted((one["class"]["code"], one["status"]) for one in made["Encounter"])
    assert statuses == [
        ("AMB", "entered-in-error"), ("EMER", "entered-in-error"), ("IMP", "in-progress"),
    ]  # fmt: skip
    assert [one["name"][0]["family"] for one in made["Patient"]] == ["Ny"]
