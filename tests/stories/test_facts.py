"""What must be true of each story, in the words of the field. It is read from `expected/`, which test_played.py holds
the gateway to: so nobody can write `expected/` anew and lose one of these without noticing.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.domain.encounter import LEAVE
from gateway.domain.municipality import facts_of
from gateway.domain.team import is_coordinator
from tests.stories.playing import STORIES
from tests.stories.test_played import READ, expected

Json = dict[str, Any]
SECRET = ("Lærkereden", "Skjulested", "Vanløse", "30000051", "30000054")


def seen(story: str, reader: str, kind: str = "") -> list[Json]:
    """What a reader sees of one type, without what is composed."""
    bundle = json.loads(expected(story, reader).read_text("utf-8"))
    bodies = [entry["resource"] for entry in bundle.get("entry", [])]
    return [b for b in bodies if kind in ("", b["resourceType"]) and not b["id"].startswith("joint-")]


def joint(story: str, reader: str, kind: str) -> Json:
    bundle = json.loads(expected(story, reader).read_text("utf-8"))
    bodies = [entry["resource"] for entry in bundle["entry"]]
    return next(b for b in bodies if b["resourceType"] == kind and b["id"].startswith("joint-"))


def stays(story: str, reader: str) -> list[Json]:
    """Hospital stays, oldest first."""
    found = [one for one in seen(story, reader, "Encounter") if "serviceProvider" in one]
    return sorted(found, key=lambda one: str(one["period"]["start"]))


def leaves(stay: Json) -> list[Json]:
    return [one["valuePeriod"] for one in stay.get("extension", []) if one["url"] == LEAVE]


def history(stay: Json) -> list[tuple[str, str]]:
    return [(one["status"], one["period"]["start"][:16]) for one in stay["statusHistory"]]


def coordinators(story: str, reader: str) -> list[str]:
    """Who coordinates the plan now."""
    members = joint(story, reader, "CareTeam").get("participant", [])
    return [m["member"]["display"] for m in members if is_coordinator(m) and "end" not in m.get("period", {})]


def test_every_story_is_about_one_invented_citizen_of_the_official_test_numbers() -> None:
    numbers = {one.citizen.rpartition("|")[2] for one in STORIES.values()}
    assert len(numbers) >= 7  # each story has a database of its own, so two may be about one number
    assert numbers <= {
        "2512489996", "2509479989", "2505544849", "1502824933", "2512484916", "0108589995", "0201609995",
    }  # fmt: skip


def test_herberg_the_stay_with_its_leave_and_the_late_transfer_in_its_place() -> None:
    (stay,) = stays("herberg", "hospital")
    assert stay["status"] == "finished"
    assert history(stay) == [
        ("in-progress", "2026-03-02T14:20"), ("onleave", "2026-03-10T10:00"), ("in-progress", "2026-03-12T17:30"),
        ("finished", "2026-03-16T11:00"),
    ]  # fmt: skip
    assert leaves(stay) == [{"start": "2026-03-10T10:00:00+01:00", "end": "2026-03-12T17:30:00+01:00"}]
    assert [(place["period"]["start"][:10], place["period"]["end"][:10]) for place in stay["location"]] == [
        ("2026-03-02", "2026-03-06"), ("2026-03-06", "2026-03-16"),
    ]  # fmt: skip
    assert "modtagelse" in stay["location"][0]["location"]["display"]
    for reader in ("social", "nursing"):  # by the citizen's word, and by law
        assert [history(one) for one in stays("herberg", reader)] == [history(stay)]


def test_herberg_one_coordinator_at_a_time_and_the_acting_municipality_is_not_where_the_shelter_is() -> None:
    for reader in ("hospital", "social", "nursing"):
        assert coordinators("herberg", reader) == ["Karen Lund"]
    plan = next(
        p for p in seen("herberg", "social", "CarePlan") if p.get("description", "").startswith("Støtte til egen")
    )
    assert [(fact.role, fact.code) for fact in facts_of(plan)] == [("acting", "0101")]
    assert seen("herberg", "social", "Patient")[0]["address"][0]["city"] == "Frederiksberg"


def test_herberg_every_intervention_is_there_though_nothing_points_at_it_and_an_ended_one_has_ended() -> None:
    activities = joint("herberg", "social", "CarePlan")["activity"]
    told = {
        one["detail"]["code"].get("text") or one["detail"]["code"]["coding"][0]["display"]: one["detail"]["status"]
        for one in activities
    }
    assert told == {
        "Midlertidige botilbud efter servicelovens § 110 (forsorgshjem og herberger)": "in-progress",
        "Støtte til etablering i bolig": "in-progress",
        "Støtte til behandling": "in-progress",
        "Støtte til administration": "completed",
        "Ledsagelse til samtaler, § 110": "in-progress",
    }


def test_herberg_who_has_no_consent_sees_no_social_matter_and_the_jobcenter_nothing() -> None:
    assert not seen("herberg", "nursing", "CarePlan")
    assert not seen("herberg", "nursing", "Goal")
    assert "wishes" not in json.dumps(joint("herberg", "nursing", "CarePlan"))
    for reader in ("jobcenter", "frederiksberg"):
        assert not seen("herberg", reader)


def test_uden_cpr_two_identities_are_one_citizen_and_what_came_before_there_was_a_case_is_gone() -> None:
    for reader in ("herlev", "social"):
        patients = {one["active"]: one for one in seen("uden-cpr", reader, "Patient")}
        assert {i["value"] for i in patients[True]["identifier"]} == {"0201609995"}, "MR joins, unseen"
        assert {i["value"] for i in patients[False]["identifier"]} == {"0201601VJ5"}
        assert [link["type"] for link in patients[True]["link"]] == ["replaces"]
        assert [link["type"] for link in patients[False]["link"]] == ["replaced-by"]
        everything = json.dumps(seen("uden-cpr", reader), ensure_ascii=False)
        assert "HGH26-10077" not in everything, "the contact by local number alone, before there was a case"
        assert "Underafkøling" not in everything
    (stay,) = stays("uden-cpr", "herlev")
    assert (stay["status"], stay["period"]["end"]) == ("finished", "2026-02-13T13:00:00+01:00")
    assert "Lungebetændelse UNS" in json.dumps(seen("uden-cpr", "herlev", "Condition"), ensure_ascii=False)


def test_uden_cpr_the_consent_of_the_former_identity_holds_for_the_citizen() -> None:
    assert len(stays("uden-cpr", "social")) == 1
    (consent,) = seen("uden-cpr", "social", "Consent")
    survivor = next(one for one in seen("uden-cpr", "social", "Patient") if one["active"])
    assert consent["patient"]["reference"] == f"Patient/{survivor['id']}"
    hospital_diagnoses = [c for c in seen("uden-cpr", "social", "Condition") if "category" in c]
    assert not hospital_diagnoses, "the consent is about the stay, not about the illness"


def test_to_ophold_both_stays_are_open_at_once_and_no_transfer_discharges_anybody() -> None:
    psychiatry, acute, herlev, bispebjerg = stays("to-ophold", "hospital")
    assert (psychiatry["status"], psychiatry["class"]["code"]) == ("in-progress", "IMP")
    assert not leaves(psychiatry), "the somatic stay is no leave"
    assert [p["period"]["start"][:10] for p in psychiatry["location"]] == ["2026-02-20", "2026-02-23"]
    assert (acute["class"]["code"], acute["period"]["end"]) == ("EMER", herlev["period"]["start"])
    assert herlev["period"]["end"] == bispebjerg["period"]["start"], "over once he went home from where he was sent"
    assert "hospitalization" not in herlev, "and nobody says that Herlev discharged him"
    assert (bispebjerg["status"], bispebjerg["period"]["end"]) == ("finished", "2026-03-09T13:00:00+01:00")
    numbers = {one["episodeOfCare"][0]["identifier"]["value"] for one in (acute, herlev, bispebjerg)}
    assert len(numbers) == 1
    assert len({one["serviceProvider"]["identifier"]["value"] for one in (psychiatry, herlev, bispebjerg)}) == 3


def test_to_ophold_the_nurse_sees_the_hip_and_nothing_of_psychiatry() -> None:
    assert len(stays("to-ophold", "nursing")) == 3
    (objection,) = seen("to-ophold", "nursing", "Consent")
    assert objection["category"][0]["coding"][0]["code"] == "objection", "who is to respect it must know of it"
    others = [one for one in seen("to-ophold", "nursing") if one != objection]
    assert [w for w in ("psyk", "depression", "PSY") if w.lower() in json.dumps(others).lower()] == []
    assert len(stays("to-ophold", "herlev")) == 4, "the objection is about the nurses"
    assert not stays("to-ophold", "social"), "no consent, so no stay"


def test_doed_paa_orlov_the_death_ends_stay_and_leave() -> None:
    (stay,) = stays("doed-paa-orlov", "hospital")
    assert history(stay) == [
        ("in-progress", "2026-02-10T15:20"), ("onleave", "2026-02-20T10:00"), ("finished", "2026-02-22T06:40"),
    ]  # fmt: skip
    assert leaves(stay) == [{"start": "2026-02-20T10:00:00+01:00", "end": "2026-02-22T06:40:00+01:00"}]
    for reader in ("hospital", "nursing", "frederiksberg"):
        assert [one["deceasedBoolean"] for one in seen("doed-paa-orlov", reader, "Patient")] == [True]
    assert not seen("doed-paa-orlov", "social"), "another municipality"


@pytest.mark.parametrize("reader", ["jobcenter", "frederiksberg"])
def test_beskyttet_neither_address_nor_shelter_reaches_who_is_not_cleared(reader: str) -> None:
    told = expected("beskyttet", reader).read_text("utf-8")
    assert seen("beskyttet", reader, "CareTeam"), "the citizen lets them see who is around her"
    assert coordinators("beskyttet", reader) == ["Rådgivning om vold"]
    assert [word for word in SECRET if word in told] == []
    assert "REDACTED" in told


@pytest.mark.parametrize("reader", ["herlev", "nursing", "social"])
def test_beskyttet_who_treats_her_or_has_her_case_knows_where_she_is(reader: str) -> None:
    assert seen("beskyttet", reader, "Patient")[0]["address"][0]["line"][1] == "Skjulested 3"


def test_beskyttet_even_her_own_case_worker_is_not_told_a_place_that_the_hospital_knows() -> None:
    (stay,) = stays("beskyttet", "social")
    assert "location" not in stay
    assert "destination" not in stay["hospitalization"]


def test_flytning_each_municipality_keeps_its_own_and_the_correction_has_reached_the_stay() -> None:
    old = {p["title"]: p for p in seen("flytning", "social", "CarePlan") if "title" in p}
    assert [(p["status"], p["period"]["end"][:10]) for p in old.values()] == [("completed", "2026-02-28")]
    assert not stays("flytning", "social"), "the new municipality's consent is not the old one's"
    new = {p["title"]: p["status"] for p in seen("flytning", "frederiksberg", "CarePlan") if "title" in p}
    assert new == {"Midlertidigt botilbud efter § 107": "completed", "Støtte i eget hjem efter § 85": "active"}
    (stay,) = stays("flytning", "frederiksberg")
    assert stay["period"] == {"start": "2026-02-24T07:30:00+01:00", "end": "2026-03-10T14:00:00+01:00"}
    assert joint("flytning", "frederiksberg", "CarePlan")["status"] == "active"
    assert joint("flytning", "social", "CarePlan")["status"] == "completed"
    assert joint("flytning", "social", "CarePlan")["period"]["end"] == "2026-02-28"


def test_flytning_a_case_system_that_knows_one_text_takes_no_name_away() -> None:
    for reader in ("hospital", "social", "frederiksberg"):
        (patient,) = seen("flytning", reader, "Patient")
        assert patient["name"] == [{"use": "official", "family": "Rosenlund", "given": ["Bent"]}]
        assert [i["use"] for i in patient["identifier"]] == ["official"]


def test_rettelser_what_was_corrected_is_right_and_what_was_cancelled_never_was() -> None:
    (stay,) = stays("rettelser", "herlev")
    assert leaves(stay) == []
    assert history(stay) == [("in-progress", "2026-02-03T08:30"), ("finished", "2026-02-17T13:30")]
    assert stay["period"] == {"start": "2026-02-03T08:30:00+01:00", "end": "2026-02-17T13:30:00+01:00"}


@pytest.mark.parametrize(("name", "reader"), READ)
def test_everything_that_is_shown_is_labelled_and_belongs_to_one_citizen(name: str, reader: str) -> None:
    bodies = seen(name, reader)
    for body in bodies:
        codes = {label["code"] for label in body["meta"]["security"]}
        assert codes & {"N", "R", "V"}, f"{body['resourceType']}/{body['id']} has no confidentiality"
    citizens = {b[key]["reference"] for b in bodies for key in ("subject", "patient") if key in b}
    assert len(citizens) <= 1


def test_boligplan_reports_make_one_plan_with_their_case_whatever_came_late() -> None:
    """FFB reports: an error taken back, an end told by the period alone, a change of plan, an old snapshot at last."""
    told = [one["detail"] for one in joint("boligplan", "social", "CarePlan")["activity"] if "detail" in one]
    assert [(one["code"]["coding"][0]["code"], one["status"]) for one in told] == [
        ("27.57.16", "in-progress"), ("27.57.16", "in-progress"), ("c56634ca-6847-4c50-b5c1-c528c1ffc1d8", "completed"),
    ]  # fmt: skip
    plans = {one["id"]: one for one in seen("boligplan", "social", "CarePlan")}
    (ended,) = [p for p in plans.values() if "basedOn" in p and p["status"] == "active"]
    assert "extension" in plans[ended["basedOn"][0]["reference"].partition("/")[2]], "it is under the other plan now"
    assert [p["intent"] for p in plans.values() if "addresses" in p] == ["order"], "the old snapshot undid nothing"
    cases = {str(one["extension"][0]["valueReference"].get("extension")) for one in told[:2]}
    assert len(cases) == 1, "both plans are documented in one case"
    assert "None" not in cases
