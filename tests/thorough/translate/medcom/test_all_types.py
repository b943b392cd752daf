"""The 18 notification types: each becomes its act, verb and time, and aims at what it corrects or cancels."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from gateway.domain.statement import Act, Statement, Verb
from tests.translate.medcom.notices import BACK, END, LEFT, MEDCOM, RECORDED, START, notice, raw, utc

STIN, STAA, STOR, SLOR = "admit-inpatient", "admit-emergency", "start-leave-inpatient", "end-leave-inpatient"
OUT, EMER_OUT = "discharge-inpatient-home", "discharge-emergency-home"

# code, activity, earlier activities, what else stands in the message, act, verb, when
TYPES: list[tuple[str, str, list[str], dict[str, Any], Act, Verb, str]] = [
    ("STAA", STAA, [], {}, Act.START, Verb.ASSERT, START),
    ("RE_STAA", f"revise-{STAA}", [STAA], {}, Act.START, Verb.CORRECT, START),
    ("AN_STAA", f"cancel-{STAA}", [STAA], {"status": "entered-in-error"}, Act.START, Verb.WITHDRAW, START),
    ("STIN", STIN, [], {}, Act.START, Verb.ASSERT, START),
    ("RE_STIN", f"revise-{STIN}", [STIN], {}, Act.START, Verb.CORRECT, START),
    ("AN_STIN", f"cancel-{STIN}", [STIN], {"status": "entered-in-error"}, Act.START, Verb.WITHDRAW, START),
    ("STOR", STOR, [STIN], {"status": "onleave", "leave": (LEFT, "")}, Act.LEAVE, Verb.ASSERT, LEFT),
    ("RE_STOR", f"revise-{STOR}", [STIN, STOR], {"status": "onleave", "leave": (LEFT, "")},
     Act.LEAVE, Verb.CORRECT, LEFT),
    ("AN_STOR", f"cancel-{STOR}", [STIN, STOR], {"leave": (LEFT, "")}, Act.LEAVE, Verb.WITHDRAW, LEFT),
    ("SLOR", SLOR, [STIN, STOR], {"leave": (LEFT, BACK)}, Act.RETURN, Verb.ASSERT, BACK),
    ("RE_SLOR", f"revise-{SLOR}", [STIN, STOR, SLOR], {"leave": (LEFT, BACK)}, Act.RETURN, Verb.CORRECT, BACK),
    ("AN_SLOR", f"cancel-{SLOR}", [STIN, STOR, SLOR], {"status": "onleave", "leave": (LEFT, "")},
     Act.RETURN, Verb.WITHDRAW, LEFT),
    ("SLHJ", OUT, [STIN], {"status": "finished", "end": END}, Act.END, Verb.ASSERT, END),
    ("SLHJ", EMER_OUT, [STAA], {"status": "finished", "end": END}, Act.END, Verb.ASSERT, END),
    ("RE_SLHJ", f"revise-{OUT}", [STIN, OUT], {"status": "finished", "end": END}, Act.END, Verb.CORRECT, END),
    ("RE_SLHJ", f"revise-{EMER_OUT}", [STAA, EMER_OUT], {"status": "finished", "end": END}, Act.END, Verb.CORRECT, END),
    ("AN_SLHJ", f"cancel-{OUT}", [STIN, OUT], {}, Act.END, Verb.WITHDRAW, RECORDED),
    ("AN_SLHJ", f"cancel-{EMER_OUT}", [STAA, EMER_OUT], {"end": END}, Act.END, Verb.WITHDRAW, END),
    ("MORS", STIN, [STIN], {"status": "finished", "end": END, "deceased": True}, Act.DIE, Verb.ASSERT, END),
    ("RE_MORS", STIN, [STIN, STIN], {"status": "finished", "end": END, "deceased": True}, Act.DIE, Verb.CORRECT, END),
    ("AN_MORS", STIN, [STIN, STIN], {"deceased": False}, Act.DIE, Verb.WITHDRAW, RECORDED),
]  # fmt: skip


def stay(bundle: dict[str, Any]) -> Statement:
    return next(s for s in MEDCOM.translate(raw(bundle)).statements if s.kind == "Encounter")


@pytest.mark.parametrize(("code", "activity", "earlier", "more", "act", "verb", "when"), TYPES)
def test_every_type(
    code: str, activity: str, earlier: list[str], more: dict[str, Any], act: Act, verb: Verb, when: str
) -> None:
    bundle = notice(activity, earlier=tuple((f"before-{n}", a) for n, a in enumerate(earlier)), **more)
    translation = MEDCOM.translate(raw(bundle))
    patient, encounter = translation.statements
    assert translation.event == code
    assert (encounter.act, encounter.verb, encounter.happened) == (act, verb, utc(when))
    assert encounter.recorded == utc(RECORDED)
    assert encounter.corrects == ("" if verb is Verb.ASSERT else f"before-{len(earlier) - 1}")
    assert (patient.kind, patient.act, patient.verb) == ("Patient", Act.STATE, Verb.ASSERT)
    assert patient.body.get("deceasedBoolean") == more.get("deceased")
    assert encounter.body["class"]["code"] == ("EMER" if "emergency" in activity else "IMP")
    assert encounter.body["period"]["start"] == START


def test_there_are_eighteen_and_death() -> None:
    activities = {activity for _, activity, *_ in TYPES}
    assert len(activities) == 18
    assert {code for code, *_ in TYPES} == {
        *(
            f"{change}{code}"
            for code in ("STAA", "STIN", "STOR", "SLOR", "SLHJ", "MORS")
            for change in ("", "RE_", "AN_")
        ),
    }


@pytest.mark.parametrize(("activity", "chain"), [(STOR, [STIN, STOR]), (SLOR, [STIN, STOR, SLOR]), (STAA, [STAA])])
def test_death_repeats_whatever_came_before(activity: str, chain: list[str]) -> None:
    """A death on leave looks like "start leave": only Patient.deceasedBoolean tells it."""
    earlier = tuple((f"m{n}", a) for n, a in enumerate(chain))
    died = stay(notice(activity, earlier=earlier, status="onleave", end=END, leave=(LEFT, ""), deceased=True))
    assert (died.act, died.verb, died.happened) == (Act.DIE, Verb.ASSERT, utc(END))
    back = stay(
        notice(activity, earlier=(*earlier, ("died", activity)), status="onleave", leave=(LEFT, ""), deceased=False)
    )
    assert (back.act, back.verb, back.corrects) == (Act.DIE, Verb.WITHDRAW, "died")


def test_a_death_after_a_cancellation_is_taken_back() -> None:
    """The activity repeated may itself be a cancellation."""
    cancelled = f"cancel-{STOR}"
    earlier = (("m1", STIN), ("m2", STOR), ("m3", cancelled))
    assert stay(notice(cancelled, earlier=earlier, end=END, deceased=True)).act is Act.DIE
    back = stay(notice(cancelled, earlier=(*earlier, ("died", cancelled)), deceased=False))
    assert (back.act, back.verb, back.corrects) == (Act.DIE, Verb.WITHDRAW, "died")
    not_dead = stay(notice(cancelled, earlier=earlier[:2], leave=(LEFT, ""), deceased=False))
    assert (not_dead.act, not_dead.verb, not_dead.corrects) == (Act.LEAVE, Verb.WITHDRAW, "m2")


def test_death_on_arrival_and_cut_chains() -> None:
    alone = stay(notice(STIN, status="finished", end=START, deceased=True))
    assert (alone.act, alone.verb, alone.corrects) == (Act.DIE, Verb.ASSERT, "")
    cut = stay(notice(STIN, goes_back_to="unseen", status="finished", end=END, deceased=True))
    assert (cut.act, cut.verb, cut.corrects) == (Act.DIE, Verb.CORRECT, "unseen")


@pytest.mark.parametrize(
    ("activity", "chain", "role", "act"),
    [
        (STIN, [], "", Act.START),
        (STOR, [STIN], "revision", Act.LEAVE),
        (f"revise-{STIN}", [STIN, f"revise-{STIN}"], "revision", Act.START),
        (f"revise-{STIN}", [STIN, f"revise-{STIN}", f"revise-{STIN}"], "removal", Act.DIE),
        (STIN, [STIN, STIN], "revision", Act.DIE),
        (OUT, [STIN], "revision", Act.END),
    ],
)
def test_deceased_false_alone_cancels_nothing(activity: str, chain: list[str], role: str, act: Act) -> None:
    earlier = tuple((f"m{n}", a) for n, a in enumerate(chain))
    told = stay(notice(activity, earlier=earlier, role=role, leave=(LEFT, ""), end=END, deceased=False))
    assert told.act is act


def test_a_cut_chain_that_says_alive() -> None:
    """A first message goes back to nothing: one that does, repeats it to take a death back."""
    assert stay(notice(STIN, goes_back_to="unseen", role="revision", deceased=False)).act is Act.DIE
    assert stay(notice(STOR, goes_back_to="unseen", role="revision", leave=(LEFT, ""), deceased=False)).act is Act.LEAVE


def test_a_deceased_date_is_a_death_too() -> None:
    bundle = notice(STIN, earlier=(("m1", STIN),), end=END)
    bundle["entry"][1]["resource"]["deceasedDateTime"] = END
    assert stay(bundle).act is Act.DIE


def test_cancellations_without_the_time_of_what_they_cancel() -> None:
    for activity in (f"cancel-{STOR}", f"cancel-{SLOR}", f"cancel-{OUT}"):
        told = stay(notice(activity, earlier=(("m1", activity.removeprefix("cancel-")),)))
        assert told.happened == utc(RECORDED)
        assert any("not told" in note for note in told.notes)


@pytest.mark.parametrize(
    ("message", "note"),
    [
        (notice(OUT, status="onleave", end=END, leave=(LEFT, "")), "status is not finished"),
        (notice(OUT, status="onleave", end=END), "status is not finished"),
        (notice(STIN, status="in-progress", earlier=(("m", STIN),), end=END, deceased=True), "status is not finished"),
        (notice(f"cancel-{STIN}", end=END, status="entered-in-error", earlier=(("m", STIN),)), "has an end"),
        (notice(STIN, kind="EMER"), "class is not IMP"),
    ],
)
def test_disagreements_are_noted_and_not_followed(message: dict[str, Any], note: str) -> None:
    """SLHJ_I, MORS_J, AN_STIN_P of the official examples."""
    translation = MEDCOM.translate(raw(message))
    encounter = translation.statements[1]
    assert any(note in told for told in encounter.notes)
    assert [f.text for f in translation.findings] == list(encounter.notes)
    assert all(f.rule.startswith("mappings/medcom/lifecycle.csv:") for f in translation.findings)
    assert "status" not in encounter.body


def test_the_order_of_provenances_says_nothing() -> None:
    bundle = notice(STOR, earlier=(("m1", STIN),), status="onleave", leave=(LEFT, ""))
    bundle["entry"].reverse()
    bundle["entry"].insert(0, bundle["entry"].pop())
    assert stay(bundle).act is Act.LEAVE


def test_of_two_provenances_of_one_message_the_one_recorded_last_counts() -> None:
    bundle = notice(STOR, earlier=(("m1", STIN),), status="onleave", leave=(LEFT, ""))
    own = next(
        e for e in bundle["entry"]
        if e["resource"]["resourceType"] == "Provenance" and e["resource"]["activity"]["coding"][0]["code"] == STOR
    )  # fmt: skip
    before = deepcopy(own)
    before["resource"] |= {"id": "before", "recorded": "2020-01-01T08:00:00+01:00"}
    before["resource"]["activity"]["coding"][0]["code"] = STIN
    for at in (0, len(bundle["entry"])):
        both = bundle | {"entry": [bundle["entry"][0], *bundle["entry"][1:]]}
        both["entry"].insert(max(at, 1), before)
        assert stay(both).act is Act.LEAVE


def test_references_as_urns() -> None:
    urn = "urn:uuid:0c3201bd-1cbf-4d64-b04d-cd9187a4c6e0"
    bundle = notice(STOR, header=urn.removeprefix("urn:uuid:"), status="onleave", leave=(LEFT, ""))
    bundle["entry"][0]["fullUrl"] = urn
    bundle["entry"][-1]["resource"]["target"] = [{"reference": urn}]
    assert stay(bundle).act is Act.LEAVE


def test_a_letter_of_the_old_kind_is_corrected() -> None:
    """After EDIFACT or OIOXML the entity names `location number#letter id`."""
    bundle = notice(f"revise-{STIN}")
    what = {"identifier": {"value": "5790009990017#LETTER0001"}}
    bundle["entry"][-1]["resource"]["entity"] = [{"role": "revision", "what": what}]
    assert stay(bundle).corrects == "5790009990017#LETTER0001"


def test_the_leave_extension_in_its_right_spelling() -> None:
    bundle = notice(STOR, status="onleave", leave=(LEFT, ""))
    extension = bundle["entry"][2]["resource"]["extension"][0]
    assert "hospitalnotifiation" in extension["url"]
    extension["url"] = extension["url"].replace("hospitalnotifiation", "hospitalnotification")
    assert stay(bundle).happened == utc(LEFT)


def test_the_time_of_a_bundle_orders_nothing() -> None:
    bundle = notice(STOR, status="onleave", leave=(LEFT, ""))
    bundle["timestamp"] = "2031-01-01T00:00:00Z"
    assert stay(bundle).recorded == utc(RECORDED)
    del bundle["entry"][-1]["resource"]["recorded"]
    assert stay(bundle).recorded == utc("2025-03-10T09:00:05+01:00")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-03-30T02:30:00+01:00", "2025-03-30T01:30:00+00:00"),
        ("2025-10-26T02:30:00+02:00", "2025-10-26T00:30:00+00:00"),
        ("2025-10-26T02:30:00+01:00", "2025-10-26T01:30:00+00:00"),
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59+00:00"),
        ("2025-03-01T12:00:00.123456789+01:00", "2025-03-01T11:00:00.123456+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("2025-07-01", "2025-06-30T22:00:00+00:00"),
    ],
)
def test_times_keep_their_zone(text: str, moment: str) -> None:
    assert stay(notice(start=text)).happened == utc(moment)
