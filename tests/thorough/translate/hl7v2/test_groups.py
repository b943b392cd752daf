"""PPR, PGL, PPP: what stands in whose group, and what that ties."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.team import MEMBER_FOR
from gateway.errors import SegmentOrder, TooLarge
from gateway.translate.policy_tables import load
from tests.translate.hl7v2.planning import DOCTOR, NURSE, REGH, gol, links, message, of, one, point, prb, pth, rol
from tests.translate.hl7v2.ward import ROOT, fold, language, segment

NTE = "NTE|1||Om det, der står lige over"


def tied(team: dict[str, Any]) -> dict[str, list[str]]:
    """Whom the members are there for: the resources, by the members' names."""
    found: dict[str, list[str]] = {}
    for part in team["participant"]:
        for extension in part.get("extension", []):
            assert extension["url"] == MEMBER_FOR
            found.setdefault(part["member"]["display"], []).append(extension["valueReference"]["reference"])
    return found


@pytest.mark.parametrize(
    ("event", "groups"),
    [
        ("PC1", (prb(), pth(), gol())),
        ("PC1", (prb(), gol(), pth())),
        ("PC6", (gol(), pth(), prb())),
        ("PC6", (gol(), prb(), pth())),
        ("PCB", (pth(), prb(), gol())),
        ("PCG", (pth(), gol(), prb())),
    ],
)
def test_each_family_ties_the_same_three(event: str, groups: tuple[str, ...]) -> None:
    made = fold(message(event, *groups))
    (problem,), (goal,), (plan,) = made["Condition"], made["Goal"], made["CarePlan"]
    assert links(goal) == [point(problem)]
    assert plan["addresses"] == [point(problem)]
    assert plan["goal"] == [point(goal)]


def test_a_goal_addresses_the_problem_whose_group_it_stands_in() -> None:
    groups = (prb(), gol(), prb(number=f"P2^{REGH}"), gol(number=f"G2^{REGH}"), gol(number=f"G3^{REGH}"))
    made = fold(message("PC1", *groups))
    problems = {p["identifier"][0]["value"]: point(p) for p in made["Condition"]}
    found = {g["identifier"][0]["value"]: links(g) for g in made["Goal"]}
    assert found == {"G1": [problems["P1"]], "G2": [problems["P2"]], "G3": [problems["P2"]]}


def test_a_goal_of_two_problems_addresses_both() -> None:
    made = fold(message("PC1", prb(), gol(), prb(number=f"P2^{REGH}"), gol("LI")))
    (goal,) = made["Goal"]
    assert sorted(r["reference"] for r in goal["addresses"]) == sorted(point(p)["reference"] for p in made["Condition"])


def test_a_goal_right_under_a_pathway_is_one_of_it() -> None:
    made = fold(message("PCB", pth(), gol(), prb()))
    (plan,), (goal,) = made["CarePlan"], made["Goal"]
    assert plan["goal"] == [point(goal)]
    assert "addresses" not in goal


def test_a_group_before_any_that_may_hold_it_stands_alone_and_is_told() -> None:
    raw = message("PC1", gol(), prb())
    found = language().translate(raw)
    assert "addresses" not in one("Goal", raw)
    assert [(f.where, f.text) for f in found.findings if "stands before" in f.text] == [
        ("GOL^1", "stands before the PRB that it should be tied to")
    ]


@pytest.mark.parametrize(("event", "missing"), [("PC1", "PRB"), ("PC6", "GOL"), ("PCB", "PTH"), ("PCG", "PTH")])
def test_the_outermost_segment_is_wanted(event: str, missing: str) -> None:
    others = {"PRB": prb(), "GOL": gol(), "PTH": pth()}
    with pytest.raises(SegmentOrder) as caught:
        language().translate(message(event, *(made for name, made in others.items() if name != missing)))
    assert caught.value.where == f"{missing}^1"


def test_a_role_is_of_the_group_it_stands_in() -> None:
    made = fold(
        message("PC1", rol(who="X9^Far^Bo"), prb(), rol(), gol(), "OBX|1|TX|x||y", rol(who=NURSE), pth(), rol())
    )
    (problem,), (goal,), (plan,), (team,) = (made[kind] for kind in ("Condition", "Goal", "CarePlan", "CareTeam"))
    assert tied(team) == {
        "Ole Bak": sorted([point(problem)["reference"], point(plan)["reference"]], key=tied(team)["Ole Bak"].index),
        "Ida Holm": [point(goal)["reference"]],
    }
    assert sorted(m["member"]["display"] for m in team["participant"]) == ["Bo Far", "Ida Holm", "Ole Bak", "Ole Bak"]
    assert plan["careTeam"] == [point(team)]


def test_a_participation_is_a_role() -> None:
    unit = "Bostedet^^^^^SOR&1.2.208.176.1.1&ISO^^^^953741000016009"
    prt = f"PRT||AD||AUT^Author^HL70912|{NURSE}|||{unit}|||20250314|20250401"
    made = fold(message("PC6", gol(), prt, "OBX|1|TX|x||y", prt.replace("N1^Holm^Ida", "N2^Ring^Eva")))
    (team,), (goal,) = made["CareTeam"], made["Goal"]
    (part,) = team["participant"]
    assert part["member"]["display"] == "Ida Holm"
    assert part["onBehalfOf"]["display"] == "Bostedet"
    assert part["period"] == {"start": "2025-03-14", "end": "2025-04-01"}
    assert part["extension"][0]["valueReference"] == point(goal)
    assert goal["expressedBy"]["display"] == "Ida Holm"


def test_who_is_there_for_two_goals_may_leave_one() -> None:
    came = message("PC6", gol(), rol(), gol(number=f"G2^{REGH}"), rol(), at="20250314093000+0100")
    left = message("PC7", gol("UC"), rol(fields={2: "DE"}), at="20250401120000+0200")
    team = one("CareTeam", came, left)
    ended = [part["extension"][0]["valueReference"] for part in team["participant"] if "end" in part.get("period", {})]
    (first,) = [g for g in of("Goal", came, left) if g["identifier"][0]["value"] == "G1"]
    assert ended == [point(first)]


def test_the_initiator_expresses_the_goal_and_asserts_the_problem() -> None:
    ip = "IP^Initiating^HL70443"
    made = fold(message("PC6", gol(), rol(), rol(ip, NURSE), prb(), rol(ip, DOCTOR), rol("EP^Entering^HL70443", NURSE)))
    assert made["Goal"][0]["expressedBy"]["display"] == "Ida Holm"
    assert made["Condition"][0]["asserter"]["display"] == "Ole Bak"
    assert made["Condition"][0]["recorder"]["display"] == "Ida Holm"


def test_notes_and_deviations_stay_with_what_they_are_about() -> None:
    var = f"VAR|1|20250320||{NURSE}|AFV^Afveget^L|Ingen ledig bolig~Venteliste"
    made = fold(
        message(
            "PC6",
            gol(),
            NTE,
            var,
            "OBX|1|TX|x||y",
            "NTE|1||om målingen",
            prb(),
            NTE.replace("det", "nu"),
            "ORC|NW",
            NTE,
        )
    )
    assert [note["text"] for note in made["Goal"][0]["note"]] == [NTE[7:], "Ingen ledig bolig\nVenteliste"]
    assert made["Goal"][0]["note"][1]["authorReference"]["display"] == "Ida Holm"
    assert made["Goal"][0]["note"][1]["time"] == "2025-03-20"
    assert [note["text"] for note in made["Condition"][0]["note"]] == ["Om nu, der står lige over"]


def test_more_ties_than_any_plan_has_are_refused() -> None:
    groups = [pth(number=f"W{n}^{REGH}") for n in range(60)] + [gol(number=f"G{n}^{REGH}") for n in range(60)]
    with pytest.raises(TooLarge):
        language().translate(message("PC1", prb(), *groups))


def test_deep_repetition_is_read_once() -> None:
    groups = [part for n in range(300) for part in (prb(number=f"P{n}^{REGH}"), gol(number=f"G{n}^{REGH}"), rol())]
    made = fold(message("PC1", *groups))
    assert len(made["Condition"]) == len(made["Goal"]) == len(made["CareTeam"][0]["participant"]) == 300
    assert all(len(goal["addresses"]) == 1 for goal in made["Goal"])


def test_a_goal_is_as_sensitive_as_its_problem() -> None:
    """A neutral text under a problem of alcohol tells of alcohol; a pathway of many problems is not all of them."""
    alcohol = prb(fields={3: "DF102^Alkoholafhængighed^SKS"})
    worded = prb(number=f"P2^{REGH}", fields={3: "^Drikker for meget alkohol"})
    group = gol(fields={3: "^Deltager i gruppen om tirsdagen"})
    _, labeller = load(ROOT / "mappings" / "policy")
    for problem in (alcohol, worded):
        made = fold(message("PCB", pth(), problem, group))
        (goal,), (plan,) = made["Goal"], made["CarePlan"]
        labels, data_class = labeller.label(goal, "region", "Goal", "regh")
        assert data_class == "substance"
        assert "http://terminology.hl7.org/CodeSystem/v3-ActCode|ETHUD" in labels
        assert labeller.label(plan, "region", "CarePlan", "regh")[1] == "health"
    parted = message("PC2", alcohol.replace("|AD|", "|UC|"), group.replace("|AD|", "|UN|"), at="20250401093000+0200")
    freed = one("Goal", message("PC1", alcohol, group), parted)
    assert labeller.label(freed, "region", "Goal", "regh")[1] == "health"


def test_what_was_told_of_a_problem_stays_with_the_goal() -> None:
    came = message("PC1", prb(), gol(), at="20250314093000+0100")
    bare = message("PC2", prb("UC", fields={3: ""}), gol("UC"), at="20250401093000+0200")
    (link,) = one("Goal", came, bare)["addresses"]
    assert link["extension"][0]["valueCodeableConcept"]["text"] == "Hjemløshed"


ORC = segment("ORC", {1: "NW", 2: f"O1^{REGH}", 3: "F1^LAB", 9: "20250315", 12: DOCTOR})
OBR = f"OBR|1|O1^{REGH}||GENOP^Genoptræning^L||20250320"


def test_an_order_is_for_its_problem_and_an_activity_of_its_pathway() -> None:
    made = fold(message("PCB", pth(), prb(), gol(), ORC, OBR, "NTE|1||To gange om ugen", rol()))
    (order,), (plan,), (problem,) = made["ServiceRequest"], made["CarePlan"], made["Condition"]
    assert order["identifier"][0]["value"] == "O1"
    assert (order["status"], order["intent"]) == ("active", "order")
    assert (order["code"]["text"], order["occurrenceDateTime"]) == ("Genoptræning", "2025-03-20")
    assert [note["text"] for note in order["note"]] == ["To gange om ugen"]
    assert links(order, "reasonReference") == [point(problem)]
    assert plan["activity"] == [{"reference": point(order)}]
    assert [m["extension"][0]["valueReference"] for m in made["CareTeam"][0]["participant"]] == [point(made["Goal"][0])]


def test_an_order_changes_and_is_cancelled() -> None:
    came = message("PC1", prb(), ORC, OBR, at="20250314093000+0100")
    held = message(
        "PC2", prb("UC"), ORC.replace("|NW|", "|XO|").replace("|20250315|", "|20250316|"), at="20250316093000+0100"
    )
    gone = message(
        "PC2", prb("UC"), ORC.replace("|NW|", "|CA|").replace("|20250315|", "|20250317|"), at="20250317093000+0100"
    )
    (order,) = of("ServiceRequest", came, held)
    assert (order["status"], order["code"]["text"]) == ("active", "Genoptræning")
    assert one("ServiceRequest", came, held, gone)["status"] == "revoked"


def test_an_order_of_a_deleted_problem_is_tied_to_it_no_more() -> None:
    came = message("PC1", prb(), ORC, OBR, at="20250314093000+0100")
    gone = message("PC3", prb("DE"), ORC, at="20250401093000+0200")
    assert "reasonReference" not in one("ServiceRequest", came, gone)


def test_an_order_without_a_number_is_left_out_and_told() -> None:
    raw = message("PC1", prb(), "ORC|NW", OBR)
    assert "ServiceRequest" not in fold(raw)
    assert any(f.where.startswith("ORC^1") for f in language().translate(raw).findings)
