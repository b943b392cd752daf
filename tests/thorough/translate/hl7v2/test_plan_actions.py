"""PRB-1, GOL-1, PTH-1 and the events that update and delete: what counts, in whatever order it comes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.statement import Act, Verb
from gateway.errors import UnknownCode
from tests.translate.hl7v2.planning import REGH, gol, links, message, of, one, point, prb, pth, rol
from tests.translate.hl7v2.ward import OTHER, fold, language, of_kind, pid

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
FIRST, SECOND, THIRD = "20250314093000+0100", "20250401120000+0200", "20250501120000+0200"
DELETED = "entered-in-error"


def verified(problem: dict[str, Any]) -> str:
    return problem.get("verificationStatus", {}).get("coding", [{}])[0].get("code", "")


@pytest.mark.parametrize("action", ["AD", "CO", "UP", "LI", "UC", "A", "U", "S", "X", ""])
def test_a_goal_that_is_told_is_there(action: str) -> None:
    assert one("Goal", message("PC6", gol(action)))["lifecycleStatus"] == "active"


@pytest.mark.parametrize("action", ["DE", "D", "UN"])
def test_a_deleted_or_unlinked_goal_is_in_error_and_keeps_its_content(action: str) -> None:
    made = one("Goal", message("PC6", gol(), at=FIRST), message("PC7", gol(action), at=SECOND))
    assert made["lifecycleStatus"] == DELETED
    assert made["description"]["text"] == "Fast bolig"


def test_a_deletion_of_what_never_came() -> None:
    assert one("Goal", message("PC8", gol("DE")))["lifecycleStatus"] == DELETED
    assert verified(one("Condition", message("PC3", prb("DE")))) == DELETED
    assert one("CarePlan", message("PCD", pth("DE")))["status"] == DELETED


def test_events_that_delete_count_where_no_action_is_told() -> None:
    assert verified(one("Condition", message("PC1", prb(), at=FIRST), message("PC3", prb(""), at=SECOND))) == DELETED
    raw = message("PC3", prb("AD"))
    assert verified(one("Condition", raw)) == ""
    told = [f for f in language().translate(raw).findings if f.where == "PRB^1^1"]
    assert told[0].text == "the event and the action disagree; the action counts"


def test_what_lies_in_the_group_of_something_deleted_stays_and_is_tied_no_more() -> None:
    came = message("PC1", prb(), gol(), at=FIRST)
    assert one("Goal", came)["addresses"]
    made = fold(came, message("PC3", prb(""), gol(""), at=SECOND))
    assert made["Goal"][0]["lifecycleStatus"] == "active"
    assert "addresses" not in made["Goal"][0]


def test_a_problem_in_error_has_no_clinical_status() -> None:
    made = one("Condition", message("PC1", prb(fields={14: "ACTIVE"}), at=FIRST), message("PC3", prb("DE"), at=SECOND))
    assert "clinicalStatus" not in made
    made = one("Condition", message("PC1", prb(fields={13: DELETED, 14: "ACTIVE"})))
    assert "clinicalStatus" not in made


def test_an_unknown_action_is_refused_with_its_place() -> None:
    for raw, where in (
        (message("PC6", gol(), gol("XX", f"G2^{REGH}")), "GOL^2^1^1"),
        (message("PC1", prb("ad")), "PRB^1^1^1"),
        (message("PCB", pth("Æ")), "PTH^1^1^1"),
        (message("PC6", gol(), rol(fields={2: "ZZ"})), "ROL^1^2^1"),
    ):
        with pytest.raises(UnknownCode) as caught:
            language().translate(raw)
        assert caught.value.where.startswith(where.rpartition("^")[0])


def test_the_sender_is_told_which_segment_was_refused_and_why() -> None:
    raw = message("PC1", prb(), prb("XX", f"P2^{REGH}"))
    with pytest.raises(UnknownCode) as caught:
        language().translate(raw)
    lines = language().refuse(raw, caught.value, NOW).split(b"\r")
    assert lines[1].startswith(b"MSA|AE|PC1-")
    assert lines[2].split(b"|")[2:4] == [b"PRB^2^1", b"103^Table value not found^HL70357"]


def test_an_update_leaves_what_it_does_not_tell() -> None:
    came = message("PC6", gol(fields={7: "20250310", 8: "20250601", 9: "SOC^Socialt^L", 18: "ACT"}), at=FIRST)
    changed = message("PC7", gol("UP", fields={8: "20250901", 16: "IP^I gang^L"}), at=SECOND)
    made = one("Goal", came, changed)
    assert made["target"] == [{"dueDate": "2025-09-01"}]
    assert made["startDate"] == "2025-03-10"
    assert made["category"][0]["text"] == "Socialt"
    assert made["achievementStatus"]["coding"][0]["code"] == "in-progress"


def test_notes_add_up_until_they_are_corrected() -> None:
    told = [
        gol(fields={17: "Er skrevet op"}),
        gol("UP", fields={17: "Har fået nøgle"}),
        gol("CO", fields={17: "Flytter"}),
    ]
    first, more, corrected = (message("PC7", one, at=at) for one, at in zip(told, (FIRST, SECOND, THIRD), strict=True))
    assert [n["text"] for n in one("Goal", first, more)["note"]] == ["Er skrevet op", "Har fået nøgle"]
    assert [n["text"] for n in one("Goal", first, more, corrected)["note"]] == ["Flytter"]
    same = message("PC7", gol("UP", fields={17: "Er skrevet op"}), at=SECOND)
    assert len(one("Goal", first, same)["note"]) == 1


def test_what_is_called_empty_is_gone() -> None:
    came = message("PC6", gol(fields={8: "20250601", 7: "20250310"}), at=FIRST)
    made = one("Goal", came, message("PC7", gol("UP", fields={8: '""'}), at=SECOND))
    assert "target" not in made
    assert made["startDate"] == "2025-03-10"


def test_an_unchanged_goal_fills_and_never_overwrites() -> None:
    came = message("PC6", gol(fields={8: "20250601", 18: "C^Completed"}), at=FIRST)
    named = message("PC1", prb(), gol("UC", fields={8: "20990101", 9: "SOC^Socialt^L", 18: "ACT"}), at=SECOND)
    made = one("Goal", came, named)
    assert made["target"] == [{"dueDate": "2025-06-01"}]
    assert made["lifecycleStatus"] == "completed"
    assert made["category"][0]["text"] == "Socialt"
    assert len(made["addresses"]) == 1


def test_a_goal_that_is_only_mentioned_is_shown_as_mentioned() -> None:
    made = one("Goal", message("PC1", prb(), gol("UC")))
    assert (made["lifecycleStatus"], made["description"]["text"]) == ("active", "Fast bolig")


def test_unlinked_is_not_deleted() -> None:
    came = message("PC1", prb(), gol(), prb(number=f"P2^{REGH}"), gol("LI"), at=FIRST)
    parted = message("PC2", prb("UC"), gol("UN"), at=SECOND)
    goal = one("Goal", came, parted)
    other = next(p for p in of("Condition", came, parted) if p["identifier"][0]["value"] == "P2")
    assert goal["lifecycleStatus"] == "active"
    assert links(goal) == [point(other)]
    again = message("PC2", prb("UC"), gol("LI"), at=THIRD)
    assert len(one("Goal", came, parted, again)["addresses"]) == 2


def test_a_pathway_loses_a_deleted_goal_and_an_unlinked_problem() -> None:
    came = message("PCB", pth(), prb(), gol(), prb(number=f"P2^{REGH}"), at=FIRST)
    changed = message("PCC", pth("UP"), prb("UC"), gol("DE"), prb("UN", f"P2^{REGH}"), at=SECOND)
    made = fold(came, changed)
    (plan,) = made["CarePlan"]
    first = next(p for p in made["Condition"] if p["identifier"][0]["value"] == "P1")
    assert plan["addresses"] == [point(first)]
    assert "goal" not in plan
    assert [verified(p) for p in made["Condition"]] == ["", ""]


def test_added_again_after_a_deletion_it_begins_anew() -> None:
    came = message("PC6", gol(fields={9: "SOC^Socialt^L"}), at=FIRST)
    made = one("Goal", came, message("PC8", gol("DE"), at=SECOND), message("PC6", gol("AD"), at=THIRD))
    assert made["lifecycleStatus"] == "active"
    assert "category" not in made
    assert made["description"]["text"] == "Fast bolig"


def test_the_time_of_the_action_orders_and_not_that_of_the_message() -> None:
    late = message("PC7", gol("UP", fields={2: "20250315", 18: "HLD"}), at=THIRD)
    done = message("PC7", gol("UP", fields={2: "20250320", 18: "CMP"}), at=SECOND)
    assert (
        one("Goal", message("PC6", gol(fields={2: "20250314"}), at=FIRST), late, done)["lifecycleStatus"] == "completed"
    )


def test_an_action_of_the_same_day_has_the_time_of_its_message() -> None:
    exact = message("PC6", gol(fields={2: "20250314090000+0100", 18: "ACT"}), at=FIRST)
    day = message("PC7", gol("UP", fields={2: "20250314", 18: "CMP"}), at="20250314153000+0100")
    assert one("Goal", exact, day)["lifecycleStatus"] == "completed"


def test_an_action_in_the_future_is_of_its_message() -> None:
    """Otherwise no later word could ever change it."""
    ahead = message("PC6", gol(fields={2: "20990101", 18: "ACT"}), at=FIRST)
    done = message("PC7", gol("UP", fields={18: "CMP"}), at=SECOND)
    assert one("Goal", ahead, done)["lifecycleStatus"] == "completed"
    assert [f.where for f in language().translate(ahead).findings] == ["GOL^1^2"]


def test_a_time_that_cannot_be_read_is_told_and_the_message_counts() -> None:
    raw = message("PC6", gol(fields={2: "i går"}))
    assert one("Goal", raw)
    assert [f.where for f in language().translate(raw).findings] == ["GOL^1^2"]


def test_ids_are_the_sender_s_own() -> None:
    mine = message("PC6", gol())
    theirs = message("PC6", gol("DE")).replace(b"|SP|REGH|", b"|SP|BBH|")
    assert language().translate(theirs).source is OTHER
    assert sorted(g["lifecycleStatus"] for g in fold(mine, theirs)["Goal"]) == ["active", DELETED]


def test_a_bare_id_names_a_goal_within_its_citizen_only() -> None:
    other = pid({3: "2509479989^^^CPR&1.2.208.176.1.2&ISO^NNDNK"})
    keys = {
        of_kind(language().translate(message("PC6", gol(number=number), citizen=citizen)), "Goal")[0].key
        for number in ("1", f"G1^{REGH}") for citizen in ("", other)
    }  # fmt: skip
    assert len(keys) == 3  # the one with an authority is one goal, whoever it is told of


def test_without_an_id_the_code_names_it_then_the_words() -> None:
    coded = message("PC6", gol(number=""), gol("UP", "", {8: "20250601"}))
    assert one("Goal", coded)["target"]
    worded = message(
        "PC6", gol(number="", fields={3: "^Fast  bolig"}), gol("UP", "", {3: "^fast bolig", 8: "20250601"})
    )
    assert one("Goal", worded)["target"]


def test_without_id_and_code_it_is_left_out_and_told() -> None:
    raw = message("PC1", prb(number="", fields={3: ""}), gol(), rol())
    made = fold(raw)
    assert "Condition" not in made
    assert "addresses" not in made["Goal"][0]
    assert any(f.where.startswith("PRB^1") for f in language().translate(raw).findings)


def test_a_goal_without_a_description_says_that_it_is_unknown() -> None:
    made = one("Goal", message("PC6", gol(fields={3: ""})))
    assert made["description"]["extension"][0]["valueCode"] == "unknown"


def test_problems_and_goals_are_revised_and_members_are_members() -> None:
    found = language().translate(message("PC2", prb("UP"), gol("DE"), rol()))
    said = {(s.kind, s.act, s.verb) for s in found.statements}
    assert said == {
        ("Patient", Act.STATE, Verb.ASSERT),
        ("Condition", Act.REVISE, Verb.ASSERT),
        ("Goal", Act.REVISE, Verb.WITHDRAW),
        ("Goal", Act.TIE, Verb.WITHDRAW),
        ("CareTeam", Act.MEMBER, Verb.WITHDRAW),
    }
