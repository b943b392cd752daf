"""What becomes of the fields of GOL, PRB and PTH."""

from __future__ import annotations

from typing import Any

import pytest

from tests.translate.hl7v2.planning import NURSE, REGH, gol, message, of, one, prb, pth, rol
from tests.translate.hl7v2.ward import fold, language, pv1, segment

FIRST, SECOND, THIRD = "20250314093000+0100", "20250401120000+0200", "20250501120000+0200"
LOCAL = "urn:faellesplan:source:regh:L"
OWN = {"system": "urn:oid:1.2.208.176.9.9", "value": ""}


def code(concept: Any) -> str:
    return str(concept["coding"][0]["code"])


def test_a_goal() -> None:
    fields = {
        2: "20250314090000+0100", 5: f"E9^{REGH}", 6: "2", 7: "20250310", 8: "202506", 9: "SOC^Socialt^L",
        10: "SYP^Sygepleje^L", 16: "ACH^Nået^L", 17: "Har fået nøgle~Flytter mandag", 18: "C^Completed^L",
        19: "20250531",
    }  # fmt: skip
    made = one("Goal", message("PC6", gol(fields=fields)))
    assert made["identifier"] == [OWN | {"value": "G1"}]
    assert made["description"] == {
        "coding": [{"system": LOCAL, "code": "BOL", "display": "Fast bolig"}], "text": "Fast bolig",
    }  # fmt: skip
    assert (made["lifecycleStatus"], made["statusDate"]) == ("completed", "2025-05-31")
    assert code(made["achievementStatus"]) == "achieved"
    assert [c["text"] for c in made["category"]] == ["Socialt", "Sygepleje"]
    assert made["priority"] == {"text": "2"}
    assert (made["startDate"], made["target"]) == ("2025-03-10", [{"dueDate": "2025-06"}])
    assert [n["text"] for n in made["note"]] == ["Har fået nøgle\nFlytter mandag"]
    assert made["extension"][0]["valueReference"] == {"type": "EpisodeOfCare", "identifier": OWN | {"value": "E9"}}


def test_a_problem() -> None:
    fields = {
        2: "20250314090000+0100", 5: f"E9^{REGH}", 7: "20250310", 10: "SOC^Socialt^L", 13: "confirmed^Confirmed^X",
        14: "remission^Remission^X", 16: "20240101", 17: "siden januar", 26: "SE^Severe^HL70836",
    }  # fmt: skip
    made = one("Condition", message("PC1", prb(fields=fields)))
    assert made["identifier"] == [OWN | {"value": "P1"}]
    assert made["code"]["coding"] == [
        {"system": "urn:oid:1.2.208.176.2.4.12", "code": "DZ590", "display": "Hjemløshed"}
    ]
    assert code(made["verificationStatus"]) == "confirmed"
    assert code(made["clinicalStatus"]) == "remission"
    assert code(made["severity"]) == "24484000"
    assert [code(c) for c in made["category"]] == ["problem-list-item", "SOC"]
    assert (made["onsetDateTime"], made["recordedDate"]) == ("2024-01-01", "2025-03-10")
    assert [n["text"] for n in made["note"]] == ["siden januar"]


def test_the_onset_in_words_gives_way_to_a_date() -> None:
    words = message("PC1", prb(fields={17: "siden januar"}), at=FIRST)
    assert one("Condition", words)["onsetString"] == "siden januar"
    made = one("Condition", words, message("PC2", prb("UP", fields={16: "20240101"}), at=SECOND))
    assert made["onsetDateTime"] == "2024-01-01"
    assert "onsetString" not in made


def test_a_problem_is_on_the_list_and_active_until_told_otherwise() -> None:
    made = one("Condition", message("PC1", prb()))
    assert [code(c) for c in made["category"]] == ["problem-list-item"]
    assert code(made["clinicalStatus"]) == "active"


def test_what_is_over_is_resolved_and_what_came_back_is_not_over() -> None:
    came = message("PC1", prb(fields={14: "A^Active"}), at=FIRST)
    over = message("PC2", prb("UP", fields={9: "20250401"}), at=SECOND)
    made = one("Condition", came, over)
    assert (code(made["clinicalStatus"]), made["abatementDateTime"]) == ("resolved", "2025-04-01")
    made = one("Condition", came, over, message("PC2", prb("UP", fields={14: "A^Active"}), at=THIRD))
    assert code(made["clinicalStatus"]) == "active"
    assert "abatementDateTime" not in made


@pytest.mark.parametrize(
    ("told", "labels"),
    [("V^Very restricted", {"V", "R"}), ("U", {"N"}), ("PSY", {"PSY", "R"}), ("^meget følsomt", {"R"}), ("", set())],
)
def test_a_sensitive_problem_is_guarded(told: str, labels: set[str]) -> None:
    made = one("Condition", message("PC1", prb(fields={25: told})))
    assert {label["code"] for label in made["meta"].get("security", [])} == labels


def test_what_was_sensitive_stays_so() -> None:
    came = message("PC1", prb(fields={25: "R"}), at=FIRST)
    made = one("Condition", came, message("PC2", prb("UP", fields={8: "20260101"}), at=SECOND))
    assert [label["code"] for label in made["meta"]["security"]] == ["R", "R"]


def test_a_pathway_is_the_hospital_s_plan() -> None:
    made = one(
        "CarePlan", message("PCB", pth(fields={5: "A^Active", 6: "20250315"}), rol("IP^Initiating^HL70443", NURSE))
    )
    assert made["identifier"] == [OWN | {"value": "W1"}]
    assert (made["title"], made["intent"], made["status"]) == ("Udskrivning til bolig", "plan", "active")
    assert made["category"][0]["text"] == "Udskrivning til bolig"
    assert (made["period"], made["created"]) == ({"start": "2025-03-14"}, "2025-03-14")
    assert made["author"]["display"] == "Herlev Hospital"
    assert made["contributor"][0]["display"] == "Ida Holm"
    assert made["partOf"][0]["reference"].startswith("CarePlan/joint-")


def test_a_pathway_ends_when_its_status_says_so_and_goes_on_again() -> None:
    came = message("PCB", pth(), at=FIRST)
    over = message("PCC", pth("UP", fields={5: "CMP", 6: "20250401"}), at=SECOND)
    made = one("CarePlan", came, over)
    assert (made["status"], made["period"]) == ("completed", {"start": "2025-03-14", "end": "2025-04-01"})
    made = one("CarePlan", came, over, message("PCC", pth("UP", fields={5: "ACT", 6: "20250501"}), at=THIRD))
    assert (made["status"], made["period"]) == ("active", {"start": "2025-03-14"})


def test_a_status_that_nobody_mapped_is_told_and_the_former_counts() -> None:
    came = message("PC6", gol(fields={18: "HLD"}), at=FIRST)
    odd = message("PC7", gol("UP", fields={18: "ZZZ^Noget andet"}), at=SECOND)
    assert one("Goal", came, odd)["lifecycleStatus"] == "on-hold"
    assert any(f.where.startswith("GOL^1^18") for f in language().translate(odd).findings)
    assert one("CarePlan", message("PCB", pth(fields={5: "ZZZ"})))["status"] == "unknown"


def test_the_visit_is_told() -> None:
    stay = {
        "type": "Encounter",
        "identifier": {
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "VN"}]},
            "system": "urn:oid:1.2.208.176.1.2.1", "value": "V77",
        },
    }  # fmt: skip
    made = fold(message("PCB", pth(), prb(), visit=pv1()))
    assert made["CarePlan"][0]["encounter"] == made["Condition"][0]["encounter"] == stay
    assert "Encounter" not in made  # a plan tells nothing of how the stay goes
    assert "encounter" not in one("Condition", message("PC1", prb()))


def test_a_field_of_text_alone_is_a_concept() -> None:
    made = one("Condition", message("PC1", prb(number="53692", fields={3: "aortic stenosis"})))
    assert made["code"]["coding"][0]["code"] == "aortic stenosis"
    made = one("Goal", message("PC6", gol(fields={3: "^Bo et fast sted"})))
    assert made["description"] == {"text": "Bo et fast sted"}


def test_a_sender_that_writes_fhir_s_own_codes_and_plain_numbers() -> None:
    """Bare instance ids, FHIR's code systems, free words in coded fields, LF and no structure in MSH-9."""
    fields = {
        2: "20170110074000", 3: "K80.00^Cholelithiasis^I10", 5: "E1", 6: "1", 9: "20180310074000",
        13: "provisional^Provisional^http://terminology.hl7.org/CodeSystem/condition-ver-status",
        14: "relapse^Relapse^http://terminology.hl7.org/CodeSystem/condition-clinical", 16: "20170102074000",
        17: "i nytåret", 18: "1^primary", 19: "ME^Medium", 20: "0.4", 25: "highly sensitive", 26: "some detail",
    }  # fmt: skip
    raw = message("PC1", prb(number="53956", fields=fields)).replace(b"\r", b"\n").replace(b"|2.5|", b"|2.6|")
    made = one("Condition", b"\xef\xbb\xbf" + raw)
    assert (code(made["code"]), code(made["verificationStatus"])) == ("K80.00", "provisional")
    assert code(made["clinicalStatus"]) == "resolved"  # R4 con-4: what has abated has no relapse
    assert (made["onsetDateTime"][:10], made["abatementDateTime"][:10]) == ("2017-01-02", "2018-03-10")
    assert code(made["severity"]) == "some detail"
    assert made["identifier"] == [{"system": "urn:faellesplan:source:regh:number", "value": "53956"}]


def test_two_versions_of_the_standard_read_alike() -> None:
    old = message("PC6", gol(fields={7: "199505011200"})).replace(b"|2.5|", b"|2.2|")
    new = message("PC6", gol(fields={7: "19950501120000+0200", 22: "INT"})).replace(b"|2.5|", b"|2.8.2|")
    assert one("Goal", old) == one("Goal", new)


def test_everything_is_read_or_skipped_with_a_reason() -> None:
    full = {n: "X" for n in range(1, 29) if n not in (1, 2, 7, 8, 9, 12, 13, 14, 15, 16, 19)}
    dates = dict.fromkeys((2, 7, 8, 9, 12, 13, 14, 16, 19), "20250314")
    goal = {number: text for number, text in (full | dates).items() if number < 22}
    groups = [
        segment("PRB", full | dates | {1: "AD", 13: "C", 14: "A", 15: "20250314", 19: "X", 12: "X"}),
        "NTE|1|L|Ord|RE|N1^Holm|20250314",
        f"VAR|1|20250314|20250314|{NURSE}|X|Ord",
        rol(fields=dict.fromkeys(range(7, 15), "X")),
        segment("GOL", goal | {1: "AD", 9: "X", 11: "X", 15: "X", 16: "MET", 18: "A"}),
        segment("PTH", {1: "AD", 2: "X", 3: "X", 4: "20250314", 5: "A", 6: "20250314", 7: "X"}),
        "OBX|1|TX|x||y",
        "NTE|1||z",
    ]
    left = [one.field for one in language().explain(message("PC1", *groups)).unread if one.reason == "unread"]
    assert left == []


def test_the_trace_tells_of_the_ties() -> None:
    rows = {row.target: row.fields for row in language().explain(message("PCB", pth(), prb(), gol())).rows}
    assert rows["Goal.addresses"] == ("GOL-4", "PRB-4")
    assert rows["CarePlan.goal"] == ("PTH-3", "GOL-4")
    assert rows["CarePlan.addresses"] == ("PTH-3", "PRB-4")


def test_nothing_is_made_twice_by_a_message_that_comes_again() -> None:
    raw = message("PC6", gol(), rol(), prb())
    assert len(of("Goal", raw, raw)) == 1


@pytest.mark.parametrize(
    ("kind", "event", "owner"),
    [("Condition", "PC1", prb()), ("Goal", "PC6", gol()), ("CarePlan", "PCB", pth()), ("ServiceRequest", "PCB", "")],
)
def test_a_note_without_words_is_none(kind: str, event: str, owner: str) -> None:
    """R4 requires Annotation.text; a public sample has a variance with its time alone."""
    before = [owner] if owner else [pth(), "ORC|NW|7^OE", "OBR|1|7^OE||X^Noget^L"]
    silent = one(kind, message(event, *before, "NTE|1|L||RE|N1^Holm|20250314", "VAR|V1|20250314"))
    assert "note" not in silent
    told = one(kind, message(event, *before, "NTE|1|L|Ord|RE|N1^Holm|20250314"))
    assert told["note"][0]["text"] == "Ord"


def test_a_status_may_be_told_by_its_name_alone() -> None:
    """The standard's own example: `A1^Active^Life Cycle Status List`."""
    raw = message(
        "PCB", pth(fields={5: "X9^Active^L"}), prb(fields={14: "A1^Active^L"}), gol(fields={18: "A1^On-Hold^L"})
    )
    assert one("Condition", raw)["clinicalStatus"]["coding"][0]["code"] == "active"
    assert one("Goal", raw)["lifecycleStatus"] == "on-hold"
    assert one("CarePlan", raw)["status"] == "active"
