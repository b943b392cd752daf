"""The joint plan in Danish words, from FHIR and from nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from gateway.domain.identifier import CPR
from gateway.domain.municipality import extension
from gateway.domain.team import TEAM_ROLE
from gateway.inbound.console.dates import moment
from gateway.inbound.console.plan_view import PlanView, plan_view
from gateway.inbound.console.texts import texts

DA = texts("da")
NOW = datetime(2025, 2, 1, 9, tzinfo=UTC)
PLAN = {
    "resourceType": "CarePlan",
    "status": "active",
    "period": {"start": "2025-01-07"},
    "activity": [
        {
            "detail": {
                "code": {"coding": [{"system": "urn:x", "code": "ab", "display": "Botilbud"}]},
                "description": "Midlertidigt botilbud",
                "status": "in-progress",
                "scheduledPeriod": {"start": "2025-01-07", "end": "2025-06-30"},
                "performer": [{"display": "Bostedet Nemo"}, {"display": "Bostedet Nemo"}],
            }
        },
        {"detail": {"code": {"text": "Misbrugsbehandling"}, "status": "scheduled"}},
        {"reference": {"reference": "Task/1"}},
    ],
}
STAY = {
    "resourceType": "Encounter", "status": "onleave", "class": {"code": "IMP"},
    "period": {"start": "2025-01-20T08:30:00+01:00"},
}  # fmt: skip
COORDINATOR = {
    "role": [{"coding": [{"system": TEAM_ROLE, "code": "coordinator"}], "text": "Tovholder"}],
    "member": {"display": "Karla Bo"},
    "onBehalfOf": {"display": "Odense Kommune"},
    "period": {"start": "2025-01-07T08:00:00+01:00"},
}
FORMER = {**COORDINATOR, "member": {"display": "Ib Ny"}, "period": {"start": "2024-01-07", "end": "2025-01-07"}}
TEAM = {
    "resourceType": "CareTeam",
    "participant": [
        COORDINATOR,
        FORMER,
        {"role": [{"text": "Støtteperson"}], "onBehalfOf": {"display": "Sværmerens Bosted"}},
        {"role": [{"text": "nobody"}]},
    ],
}
PATIENT = {
    "resourceType": "Patient",
    "identifier": [{"system": "urn:x", "value": "1"}, {"system": CPR, "value": "2512489996"}],
    "name": [{"use": "old", "text": "Gammel"}, {"use": "official", "given": ["Nancy", "Ann"], "family": "Berggren"}],
    "birthDate": "1948-12-25",
}
STAYS = [
    {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "IMP"},
        "period": {"start": "2025-02-01T10:00:00+01:00", "end": "2025-02-03T12:30:00+01:00"},
        "serviceProvider": {"display": "Region Test"},
    },
    {
        "resourceType": "Encounter",
        "status": "onleave",
        "class": {"code": "ACUTE"},
        "period": {"start": "2025-03-13T23:30:00Z"},
        "serviceProvider": {"display": "Region Test"},
        "location": [
            {"location": {"display": "Afsnit P1"}, "status": "active"},
            {"location": {"display": "Skadestuen"}, "status": "completed"},
        ],
        "statusHistory": [
            {"status": "in-progress", "period": {"start": "2025-03-13"}},
            {"status": "onleave", "period": {"start": "2025-03-15", "end": "2025-03-16"}},
        ],
    },
]
GOAL = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "achievementStatus": {"coding": [{"code": "improving"}]},
    "description": {"text": "Egen bolig"},
    "startDate": "2025-01",
    "target": [{"dueDate": "2025-12-31"}],
    "expressedBy": {"display": "Nancy Berggren"},
}
CONDITION = {"resourceType": "Condition", "code": {"coding": [{"code": "DF20"}]}, "recordedDate": "2025-03-14"}


def view(*resources: dict[str, Any]) -> PlanView:
    return plan_view({"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]}, NOW, DA)


def test_a_whole_plan() -> None:
    plan = view(PLAN, TEAM, PATIENT, *STAYS, GOAL, CONDITION)
    assert (plan.name, plan.number, plan.born) == ("Nancy Ann Berggren", "251248-9996", "25. december 1948")
    assert (plan.status, plan.when) == ("i gang", "fra 7. januar 2025")
    first, second = plan.interventions
    assert (first.title, first.status, first.who) == ("Midlertidigt botilbud", "i gang", "Bostedet Nemo")
    assert (first.when, first.facts) == ("7. januar 2025 til 30. juni 2025", ("Botilbud",))
    assert (second.title, second.status, second.when, second.facts) == ("Misbrugsbehandling", "aftalt", "", ())
    (goal,) = plan.goals
    assert (goal.title, goal.status, goal.when) == ("Egen bolig", "i fremgang", "fra januar 2025")
    assert (goal.who, goal.facts) == ("Nancy Berggren", ("frist 31. december 2025",))
    (condition,) = plan.conditions
    assert (condition.title, condition.when) == ("DF20", "fra 14. marts 2025")


def test_which_municipality_acts_and_that_the_sources_disagree() -> None:
    told = extension("acting", {"code": "101", "display": "København"}, {"start": "2025-01-07"}, "social")
    other = extension("acting", {"code": "0147"}, area="social")
    other["extension"].append({"url": "disputed", "valueBoolean": True})
    agreed, doubtful = view(PLAN | {"extension": [told, other]}).municipalities
    assert (agreed.title, agreed.status) == ("Handlekommune på det sociale område", "København")
    assert (agreed.when, agreed.facts) == ("fra 7. januar 2025", ())
    assert (doubtful.status, doubtful.when, doubtful.facts) == ("kommune 0147", "", ("kilderne er ikke enige",))
    assert view(PLAN).municipalities == ()


def test_codes_without_a_word_that_reports_demand_are_told_in_words() -> None:
    def bare(code: str) -> dict[str, Any]:
        return {"coding": [{"system": "http://snomed.info/sct", "code": code}]}

    plan = view(
        {"resourceType": "Goal", "id": "g", "lifecycleStatus": "active", "description": bare("410518001")},
        {"resourceType": "Observation", "id": "o", "status": "final", "code": bare("712744002")},
    )
    assert [goal.title for goal in plan.goals] == ["Mål, der ikke er beskrevet nærmere"]
    assert [found.title for found in plan.assessments] == ["Opfølgning"]


def test_what_begins_at_midnight_begins_on_a_day() -> None:
    plan = view(PLAN | {"period": {"start": "2025-01-13T23:00:00Z", "end": "2025-02-28T22:59:59Z"}})
    assert plan.when == "14. januar 2025 til 28. februar 2025 kl. 23.59"


def test_stays_newest_first_with_leaves() -> None:
    newest, oldest = view(PLAN, TEAM, *STAYS).stays
    assert (newest.title, newest.status) == ("Akut indlæggelse", "på orlov")
    assert newest.when == "fra 14. marts 2025 kl. 0.30"
    assert newest.who == "Region Test, Afsnit P1"
    assert newest.facts == ("orlov 15. marts 2025 til 16. marts 2025",)
    assert (oldest.status, oldest.when) == (
        "afsluttet",
        "1. februar 2025 kl. 10.00 til 3. februar 2025 kl. 12.30",
    )


def test_what_is_planned_of_a_stay() -> None:
    r5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter"
    ahead = [
        {"url": f"{r5}.plannedStartDate", "valueDateTime": "2025-03-14T09:00:00+01:00"},
        {"url": f"{r5}.plannedEndDate", "valueDateTime": "2025-03-20"},
    ]
    stay = {"resourceType": "Encounter", "class": {"code": "PRENC"}, "extension": ahead}
    reserved = [{"location": {"display": "Afsnit P2"}, "status": "reserved"}]

    def told(status: str) -> tuple[str, str, str, tuple[str, ...]]:
        (line,) = view(PLAN, TEAM, stay | {"status": status, "location": reserved}).stays
        return line.title, line.status, line.who, line.facts

    assert told("planned") == ("Kommende indlæggelse", "planlagt", "", ("ventes 14. marts 2025 kl. 9.00",))
    assert told("in-progress")[2:] == ("", ("udskrives efter planen 20. marts 2025",))
    assert told("finished")[3] == ()
    assert told("cancelled")[1:] == ("aflyst", "", ())


def test_one_coordinator_at_a_time() -> None:
    plan = view(PLAN, TEAM)
    (coordinator,) = plan.coordinators
    assert (coordinator.title, coordinator.status, coordinator.who) == ("Karla Bo", "Tovholder", "Odense Kommune")
    assert [member.title for member in plan.team] == ["Karla Bo", "Ib Ny", "Sværmerens Bosted"]


def test_members_by_the_best_name_there_is() -> None:
    sister = {"resourceType": "RelatedPerson", "id": "s", "name": [{"given": ["Birgit"], "family": "Tangmose"}]}
    team = {
        "resourceType": "CareTeam",
        "participant": [
            {"member": {"reference": "RelatedPerson/s"}},
            {"member": {"reference": "RelatedPerson/s", "display": "Søster"}},
            {"member": {"reference": "RelatedPerson/hidden"}},
            {"member": {"identifier": {"system": "urn:x", "value": "5790000000012"}}},
            {"member": {"identifier": {"system": "http://cvr.dk", "value": "64942212"}}},
            {"member": {"identifier": {"system": "urn:x", "value": "0d9b7c61-8b1e-4f5a-b0a7-6f7f3f5f2a20"}}},
        ],
    }
    told = [member.title for member in view(PLAN, team, sister).team]
    assert told == [
        *("Birgit Tangmose", "Søster", "Uden navn", "5790000000012", "CVR-nr. 64942212"),
        "Uden navn",  # a UUID names nobody
    ]


def test_what_was_taken_back_is_not_shown() -> None:
    wrong = {"coding": [{"code": "entered-in-error"}]}
    shown = view(
        {"resourceType": "Condition", "code": {"text": "Skrevet på den forkerte"}, "verificationStatus": wrong},
        {"resourceType": "Goal", "description": {"text": "Fortrudt"}, "lifecycleStatus": "entered-in-error"},
    )
    assert (shown.conditions, shown.goals) == ((), ())


def test_how_a_problem_stands_and_what_is_noted_of_a_goal() -> None:
    over = {"coding": [{"code": "resolved"}]}
    shown = view(
        {
            "resourceType": "Condition",
            "code": {"text": "Gangbesvær"},
            "clinicalStatus": over,
            "recordedDate": "2025-01-07",
            "abatementDateTime": "2025-02",
        },
        {
            "resourceType": "Goal",
            "description": {"text": "Gå selv"},
            "lifecycleStatus": "active",
            "target": [{"dueDate": "2025-03-01"}],
            "note": [{"text": "Går 20 meter"}, {"time": "2025-01-08"}],
        },
    )
    (problem,), (goal,) = shown.conditions, shown.goals
    assert (problem.status, problem.when) == ("overstået", "fra 7. januar 2025 til februar 2025")
    assert goal.facts == ("frist 1. marts 2025", "Går 20 meter")


def test_whose_word_it_is_stands_beside_each() -> None:
    """VUM and FFB keep citizen, relatives and staff apart."""
    url = "http://fhir.kl.dk/core/StructureDefinition/MatterOfInterestInformer"
    citizen = {"url": url, "valueCodeableConcept": {"coding": [{"code": "x", "display": "Borger"}]}}
    shown = view(
        {
            "resourceType": "Goal",
            "description": {"text": "Egen nøgle"},
            "lifecycleStatus": "active",
            "category": [{"coding": [{"code": "y", "display": "FFB borgers mål og ønsker"}]}],
            "extension": [citizen, {"url": "urn:other", "valueCodeableConcept": {"text": "Noget andet"}}],
        },
        {
            "resourceType": "Observation",
            "code": {"coding": [{"code": "z", "display": "Mentale funktioner"}]},
            "effectiveDateTime": "2025-01-07",
            "valueCodeableConcept": {"text": "Har svært ved at holde orden."},
            "performer": [{"display": "Kristina Jensen"}],
            "extension": [citizen],
        },
        {
            "resourceType": "Observation",
            "code": {"text": "Blodsukker"},
            "valueQuantity": {"value": 3.6, "unit": "mmol/l"},
        },
        {
            "resourceType": "Observation",
            "code": {"text": "Samtaler"},
            "valueQuantity": {"value": Decimal("1.50"), "unit": "gange pr. uge"},
        },
    )
    (goal,) = shown.goals
    assert goal.facts == ("FFB borgers mål og ønsker", "oplyst af borger")
    told, measured, often = shown.assessments
    assert (told.title, told.when, told.who) == ("Mentale funktioner", "7. januar 2025", "Kristina Jensen")
    assert told.facts == ("Har svært ved at holde orden.", "oplyst af borger")
    assert measured.facts == ("3,6 mmol/l",)
    assert often.facts == ("1,50 gange pr. uge",)


def test_what_a_contact_with_the_municipality_is_for() -> None:
    shown = view(
        {
            "resourceType": "Encounter",
            "status": "planned",
            "class": {"code": "HH"},
            "type": [{"coding": [{"code": "x", "display": "opfølgning"}]}],
            "period": {"start": "2025-03-01"},
        }
    )
    (stay,) = shown.stays
    assert (stay.title, stay.status, stay.when) == ("Hjemmebesøg", "planlagt", "fra 1. marts 2025")
    assert stay.facts == ("opfølgning",)


def test_an_empty_plan_is_a_page_too() -> None:
    plan = view(PLAN | {"activity": []}, {"resourceType": "CareTeam"})
    assert (plan.name, plan.number, plan.born, plan.interventions, plan.team) == ("", "", "", (), ())
    assert plan_view({"resourceType": "Bundle"}, NOW, DA).stays == ()


def test_words_that_are_not_known_stay_as_they_are() -> None:
    plan = view(
        {"resourceType": "CarePlan", "status": "revoked"}, {**STAYS[0], "class": {"code": "XYZ"}, "status": "new"}
    )
    assert plan.status == "revoked"
    assert (plan.stays[0].title, plan.stays[0].status) == ("Xyz", "new")


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("2025", "2025"),
        ("2025-03", "marts 2025"),
        ("2025-03-01", "1. marts 2025"),
        ("2025-07-01T10:05:00Z", "1. juli 2025 kl. 12.05"),
        ("2025-10-26T00:30:00Z", "26. oktober 2025 kl. 2.30"),
        ("2025-10-26T01:30:00Z", "26. oktober 2025 kl. 2.30"),
        ("2025-12-31T23:30:00.123+00:00", "1. januar 2026 kl. 0.30"),
        ("", ""),
        (None, ""),
        ("2025-13", "2025-13"),
        ("when it rains", "when it rains"),
        ("2025-02-30", "2025-02-30"),
    ],
)
def test_times(told: str | None, shown: str) -> None:
    assert moment(told) == shown


def test_a_thread_shows_every_text_once() -> None:
    core = "http://medcomfhir.dk/ig/core/StructureDefinition/medcom-core"

    def written(number: str, at: str, text: str) -> dict[str, Any]:
        return {
            "extension": [
                {"url": f"{core}-datetime-extension", "valueDateTime": at},
                {"url": f"{core}-identifier-extension", "valueIdentifier": {"value": number}},
                {"url": f"{core}-practitioner-extension", "valueReference": {"display": "Emma Waters, Sygeplejerske"}},
            ],
            "contentString": text,
        }

    question = written("1", "2025-03-10T09:00:00+01:00", "Hvornår?")
    answer = written("2", "2025-03-11T09:30:00+01:00", "<b>Fredag</b>")
    attached = {"contentAttachment": {"contentType": "application/pdf", "title": "Plan"}}
    thread = {"partOf": [{"identifier": {"value": "t"}}], "category": [{"coding": [{"display": "Udskrivelse"}]}]}
    first = {"resourceType": "Communication", "id": "1", "sent": "2025-03-10T09:00:00+01:00", "payload": [question],
             "sender": {"display": "Herlev"}, "recipient": [{"display": "København"}], **thread}  # fmt: skip
    second = {"resourceType": "Communication", "id": "2", "sent": "2025-03-11T09:30:00+01:00",
              "payload": [question, answer, attached], "topic": {"text": "Hjemkomst"},
              "sender": {"display": "København"}, "recipient": [{"display": "Herlev"}], **thread}  # fmt: skip
    gone = {**first, "id": "3", "partOf": [], "status": "entered-in-error"}
    (line,) = view(second, first, gone).correspondence
    assert (line.title, line.status, line.who) == ("Udskrivelse", "2 beskeder", "Herlev, København")
    assert line.when == "11. marts 2025 kl. 9.30"
    assert line.facts == (
        "vedhæftet fil: Plan",
        "10. marts 2025 kl. 9.00, Emma Waters, Sygeplejerske: Hvornår?",
        "11. marts 2025 kl. 9.30, Emma Waters, Sygeplejerske: <b>Fredag</b>",
    )


def appointment(start: str, end: str, status: str = "booked", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Appointment", "id": start, "status": status, "start": start, "end": end, **more}


def test_coming_appointments_in_danish() -> None:
    network = {
        "coding": [{"system": "https://faellesplan.dk/fhir/CodeSystem/appointment-kind", "code": "network-meeting"}]
    }
    people = [
        {"actor": {"reference": "Patient/1"}},
        {"actor": {"type": "Practitioner", "display": "Karen Lund"}},
        {"actor": {"type": "Location", "display": "Mødelokale 12"}},
    ]
    shown = view(
        appointment("2025-03-02T09:00:00+01:00", "2025-03-02T10:00:00+01:00", serviceType=[{"text": "Samtale"}]),
        appointment("2025-02-05T13:00:00+01:00", "2025-02-05T14:30:00+01:00", reasonCode=[network], participant=people),
        appointment("2025-01-05T13:00:00+01:00", "2025-01-05T14:30:00+01:00"),
        appointment("2025-03-05T13:00:00+01:00", "2025-03-05T14:30:00+01:00", "cancelled"),
        appointment("2025-03-06T13:00:00+01:00", "2025-03-06T14:30:00+01:00", "noshow"),
        {"resourceType": "Appointment", "id": "x", "status": "pending"},
    ).appointments
    assert [line.title for line in shown] == ["Netværksmøde", "Samtale", "Aftale"]
    assert [line.status for line in shown] == ["aftalt", "aftalt", "afventer svar"]
    assert shown[0].when == "5. februar 2025 kl. 13.00 til 5. februar 2025 kl. 14.30"
    assert (shown[0].who, shown[0].facts) == ("Karen Lund", ("Mødelokale 12",))


def test_what_two_sectors_say_alike_tells_whose_word_it_is() -> None:
    homeless = [{"resourceType": "Condition", "id": one, "code": {"text": "Hjemløshed"}} for one in ("a", "b", "c")]
    told = {"Condition/a": "Psykiatrisk Center", "Condition/b": "Københavns Kommune, FFB"}
    shown = plan_view({"entry": [{"resource": one} for one in (PLAN, TEAM, *homeless)]}, NOW, DA, told).conditions
    assert [line.title for line in shown] == ["Hjemløshed"] * 3
    assert [line.facts for line in shown] == [("kilde: Psykiatrisk Center",), ("kilde: Københavns Kommune, FFB",), ()]
