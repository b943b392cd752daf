"""The hospital asks for the report of admission (XDIS16): one Task per stay that asks, whatever comes when."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from gateway.domain.citizen import Person
from gateway.domain.fold import fold
from gateway.domain.identifier import SOR, Identifier
from gateway.domain.plan import compose
from gateway.domain.report import answered, is_open, is_request
from gateway.domain.resource import ids
from gateway.domain.source import Source
from gateway.domain.statement import Statement
from gateway.translate.fhir.structure import structure
from tests.translate.medcom.notices import (
    BACK,
    CPR,
    END,
    HOSPITAL,
    LEFT,
    MEDCOM,
    OTHER_HOSPITAL,
    SOURCE,
    asking,
    notice,
    raw,
    resource,
    utc,
)  # fmt: skip

Json = dict[str, Any]
KEY = f"{CPR}|2509479989"
STIN, STAA = "admit-inpatient", "admit-emergency"
TEAM = "953741000016009"
TOWN = Source("town", "Town", "municipality", Identifier(SOR, TEAM), "oioxml", (TEAM,))


def folded(*messages: Json, more: tuple[Statement, ...] = ()) -> dict[str, list[Json]]:
    """The resources by type; the same in every order, however often a message comes."""
    said = [MEDCOM.translate(raw(one)).statements for one in messages]
    found = []
    for order in permutations([*said, more]):
        told = [statement for part in (*order, order[0]) for statement in part]
        made = fold(told, Person(KEY, (KEY,)), ids(b"secret"), {SOURCE.id: SOURCE, TOWN.id: TOWN})
        found.append({kind: [r.body for r in made if r.kind == kind] for kind in ("Encounter", "Task")})
    assert all(one == found[0] for one in found)
    return found[0]


def faults(body: Json) -> list[Any]:
    """What R4 finds wrong; labels fill `meta` when it is kept."""
    return list(structure({name: value for name, value in body.items() if value}))


def test_what_is_asked_of_whom_and_until_when() -> None:
    made = folded(asking(notice(header="m1", recorded="2025-03-10T09:05:00+01:00")))
    (task,), (stay,) = made["Task"], made["Encounter"]
    assert faults(task) == []
    assert is_request(task)
    assert is_open(task)
    assert (task["status"], task["intent"]) == ("requested", "order")
    assert task["authoredOn"] == "2025-03-10T09:05:00+01:00"
    assert task["restriction"]["period"]["end"] == "2025-03-11T09:05:00+01:00"
    assert task["encounter"] == {"reference": f"Encounter/{stay['id']}"}
    assert task["identifier"] == [{"system": "urn:faellesplan:source:hn:message", "value": "m1"}]
    assert task["requester"]["identifier"]["value"] == HOSPITAL
    assert task["owner"]["identifier"]["value"] == TEAM
    assert task["input"][0]["valueReference"]["identifier"]["value"] == HOSPITAL
    assert task["groupIdentifier"] == stay["episodeOfCare"][0]["identifier"]
    assert task["for"]["reference"].startswith("Patient/")
    assert "extension" not in stay


@pytest.mark.parametrize(
    "message",
    [
        notice(),
        asking(notice(), value=False),
        asking(notice("discharge-inpatient-home", status="finished", end=END)),
        asking(notice("start-leave-inpatient", status="onleave", leave=(LEFT, ""))),
        asking(notice(f"cancel-{STIN}", status="entered-in-error")),
        asking(notice(STIN, status="finished", end=END, deceased=True)),
    ],
)
def test_only_an_admission_that_asks_does(message: Json) -> None:
    assert folded(message)["Task"] == []


def test_told_twice_it_is_asked_once() -> None:
    """TEK_DUB: a duplicate must not raise a second report, nor one resent with a new header."""
    assert len(folded(asking(notice(header="m1")), asking(notice(header="m2")))["Task"]) == 1


def test_a_correction_asks_on() -> None:
    """The correction repeats the request, or leaves it out: it stands, due as it was at first."""
    for correction in (notice, lambda *given, **more: asking(notice(*given, **more))):
        revised = correction(
            f"revise-{STIN}", header="m2", earlier=(("m1", STIN),), start=LEFT, recorded="2025-03-17T08:00:00+01:00"
        )
        (task,) = folded(asking(notice(header="m1")), revised)["Task"]
        assert (task["status"], task["restriction"]["period"]["end"]) == ("requested", "2025-03-17T08:00:00+01:00")
        (task,) = folded(asking(revised))["Task"]
        assert task["status"] == "requested", "the admission itself was lost"


@pytest.mark.parametrize("goes_back_to", ["m1", "of-another-stay"])
def test_a_cancelled_admission_takes_the_request_back(goes_back_to: str) -> None:
    """AN_STIN_P: also when the removal points at another message."""
    cancelled = notice(
        f"cancel-{STIN}", header="m2", goes_back_to=goes_back_to, status="entered-in-error",
        recorded="2025-03-17T08:00:00+01:00",
    )  # fmt: skip
    made = folded(asking(notice(header="m1")), cancelled)
    assert [one["status"] for one in made["Task"]] == ["entered-in-error"]
    assert compose([*made["Encounter"], *made["Task"]], "c", utc(END))[0].get("activity") is None


def test_admitted_anew_it_is_asked_anew() -> None:
    cancelled = notice(
        f"cancel-{STIN}", header="m2", earlier=(("m1", STIN),), status="entered-in-error",
        recorded="2025-03-17T08:00:00+01:00",
    )  # fmt: skip
    anew = asking(notice(header="m3", start=LEFT, recorded="2025-03-18T08:00:00+01:00"))
    (task,) = folded(asking(notice(header="m1")), cancelled, anew)["Task"]
    assert (task["status"], task["identifier"][0]["value"]) == ("requested", "m3")


def test_who_has_left_needs_none() -> None:
    asked = asking(notice(header="m1"))
    left = notice(
        "discharge-inpatient-home", header="m2", earlier=(("m1", STIN),), status="finished", end=END,
        recorded="2025-03-17T08:00:00+01:00",
    )  # fmt: skip
    (task,) = folded(asked, left)["Task"]
    assert (task["status"], task["statusReason"]["text"]) == ("cancelled", "Opholdet er slut")
    assert not is_open(task)
    (sent,) = folded(asked, left, more=(answered(task, utc(BACK), TOWN, "letter-7"),))["Task"]
    assert sent["status"] == "completed"
    assert "statusReason" not in sent
    back = notice(
        "cancel-discharge-inpatient-home", header="m3", earlier=(("m1", STIN), ("m2", "discharge-inpatient-home")),
        recorded="2025-03-18T08:00:00+01:00",
    )  # fmt: skip
    assert folded(asked, left, back)["Task"][0]["status"] == "requested"


def test_an_acute_contact_that_becomes_an_admission_still_waits_for_its_report() -> None:
    acute = asking(notice(STAA, header="m1", recorded="2025-03-10T09:05:00+01:00"))
    chain = (("m1", STAA), ("m2", STIN))
    admitted = notice(STIN, header="m2", earlier=chain[:1], start=LEFT, recorded="2025-03-12T09:05:00+01:00")
    assert {one["status"] for one in folded(acute, admitted)["Encounter"]} == {"finished", "in-progress"}
    assert [one["status"] for one in folded(acute, admitted)["Task"]] == ["requested"]
    out = notice("discharge-inpatient-home", header="m3", earlier=chain, start=LEFT, status="finished", end=END)
    assert [one["status"] for one in folded(acute, admitted, out)["Task"]] == ["cancelled"]


def elsewhere(bundle: Json) -> Json:
    for number in resource(bundle, "Organization", 1)["identifier"]:
        if number["system"] == SOR:
            number["value"] = OTHER_HOSPITAL
    return bundle


def test_another_region_asks_for_its_own() -> None:
    """S.BR18; examples B1 and B2: one header id, one episode, two hospitals."""
    first, second = asking(notice(header="same")), elsewhere(asking(notice(header="same", start=BACK)))
    tasks = folded(first, second)["Task"]
    assert {one["requester"]["identifier"]["value"] for one in tasks} == {HOSPITAL, OTHER_HOSPITAL}
    done = answered(next(t for t in tasks if t["requester"]["identifier"]["value"] == HOSPITAL), utc(END), TOWN, "b1")
    statuses = {
        one["requester"]["identifier"]["value"]: one["status"] for one in folded(first, second, more=(done,))["Task"]
    }
    assert statuses == {HOSPITAL: "completed", OTHER_HOSPITAL: "requested"}


def test_the_answer_completes_it() -> None:
    asked = asking(notice(header="m1"))
    (task,) = folded(asked)["Task"]
    done = answered(task, utc(END), TOWN, "letter-7")
    made = folded(asked, more=(done,))
    (after,), (stay,) = made["Task"], made["Encounter"]
    assert faults(after) == []
    assert after["status"] == "completed"
    assert after["id"] == task["id"]
    assert after["output"][0]["valueIdentifier"] == {"value": "letter-7"}
    assert stay == folded(asked)["Encounter"][0], "an answer is no word about the stay"
    assert folded(more=(done,)) == {"Encounter": [], "Task": []}


def test_it_stands_on_the_plan_until_it_is_answered() -> None:
    asked = asking(notice(header="m1", recorded="2025-03-10T09:05:00+01:00"))
    made = folded(asked)
    plan, _ = compose([*made["Encounter"], *made["Task"]], "c", utc(END))
    (activity,) = plan["activity"]
    assert plan["status"] == "active"
    assert faults(plan) == []
    assert activity["detail"]["kind"] == "Task"
    assert activity["detail"]["status"] == "not-started"
    assert activity["detail"]["code"]["text"] == "Indlæggelsesrapport"
    assert activity["detail"]["scheduledPeriod"]["end"] == "2025-03-11T09:05:00+01:00"
    over = {"resourceType": "CarePlan", "id": "p", "status": "completed", "intent": "plan"}
    assert compose([over, *made["Task"]], "c", utc(END))[0]["status"] == "active"
    done = folded(asked, more=(answered(made["Task"][0], utc(END), TOWN, "letter-7"),))
    assert compose([over, *done["Task"]], "c", utc(END))[0]["status"] == "completed"
