"""From notifications to the Encounter that comes of them: corrections and cancellations restore what was before,
in whatever order the messages come."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from gateway.domain.citizen import Person
from gateway.domain.fold import fold
from gateway.domain.resource import ids
from gateway.domain.statement import Statement
from tests.translate.medcom.notices import (
    BACK,
    CPR,
    END,
    LEFT,
    MEDCOM,
    OTHER_HOSPITAL,
    SOURCE,
    START,
    notice,
    raw,
    resource,
)  # fmt: skip

KEY = f"{CPR}|2509479989"
STIN, STAA, STOR, SLOR = "admit-inpatient", "admit-emergency", "start-leave-inpatient", "end-leave-inpatient"
OUT = "discharge-inpatient-home"


class Course:
    """Messages of one stay, each sent an hour after the one before, with the chain that MedCom asks for."""

    def __init__(self) -> None:
        self.chain: list[tuple[str, str]] = []
        self.messages: list[dict[str, Any]] = []

    def say(self, activity: str, **more: Any) -> Course:
        header = f"m{len(self.chain)}"
        recorded = f"2025-03-20T{10 + len(self.chain)}:00:00+01:00"
        self.messages.append(notice(activity, header=header, earlier=tuple(self.chain), recorded=recorded, **more))
        self.chain.append((header, activity))
        return self


def encounters(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The Encounters; the same for every order of arrival and for repetitions."""
    made = [list(MEDCOM.translate(raw(m)).statements) for m in messages]
    results = []
    for order in list(permutations(made))[:24]:
        said: list[Statement] = [s for statements in order for s in statements]
        resources = fold([*said, *said[:2]], Person(KEY, (KEY,)), ids(b"secret"), {SOURCE.id: SOURCE})
        results.append([r.body for r in resources if r.kind == "Encounter"])
    assert all(result == results[0] for result in results)
    return results[0]


def encounter(course: Course) -> dict[str, Any]:
    (only,) = encounters(course.messages)
    return only


def history(body: dict[str, Any]) -> list[str]:
    return [row["status"] for row in body["statusHistory"]]


def admitted() -> Course:
    return Course().say(STIN)


def on_leave() -> Course:
    return admitted().say(STOR, status="onleave", leave=(LEFT, ""))


def test_a_stay_with_a_leave() -> None:
    body = encounter(on_leave().say(SLOR, leave=(LEFT, BACK)).say(OUT, status="finished", end=END))
    assert body["status"] == "finished"
    assert history(body) == ["in-progress", "onleave", "in-progress", "finished"]
    assert body["period"] == {"start": START, "end": END}
    assert body["class"]["code"] == "IMP"
    assert body["episodeOfCare"][0]["identifier"]["value"] == "3f0b2c4e-5d6a-4b7c-8d9e-0a1b2c3d4e5f"


@pytest.mark.parametrize(
    ("course", "status", "what"),
    [
        (admitted().say(f"cancel-{STIN}", status="entered-in-error"), "entered-in-error", None),
        (on_leave().say(f"cancel-{STOR}"), "in-progress", ["in-progress"]),
        (
            on_leave().say(SLOR, leave=(LEFT, BACK)).say(f"cancel-{SLOR}", status="onleave", leave=(LEFT, "")),
            "onleave",
            ["in-progress", "onleave"],
        ),
        (admitted().say(OUT, status="finished", end=END).say(f"cancel-{OUT}"), "in-progress", ["in-progress"]),
        (
            admitted().say(STIN, status="finished", end=END, deceased=True).say(STIN, deceased=False),
            "in-progress",
            ["in-progress"],
        ),
        (
            on_leave()
            .say(STOR, status="finished", leave=(LEFT, ""), end=END, deceased=True)
            .say(STOR, status="onleave", leave=(LEFT, ""), deceased=False),
            "onleave",
            ["in-progress", "onleave"],
        ),
        (on_leave().say(STOR, status="onleave", leave=(LEFT, ""), end=END, deceased=True), "finished", None),
        (on_leave().say(OUT, status="finished", end=END), "finished", ["in-progress", "onleave", "finished"]),
    ],
)
def test_what_cancellations_restore(course: Course, status: str, what: list[str] | None) -> None:
    body = encounter(course)
    assert body["status"] == status
    assert what is None or history(body) == what


def test_corrections_replace_the_time() -> None:
    earlier, later = "2025-03-09T20:00:00+01:00", "2025-03-15T11:30:00+01:00"
    body = encounter(admitted().say(f"revise-{STIN}", start=earlier))
    assert body["period"]["start"] == earlier
    course = admitted().say(OUT, status="finished", end=END).say(f"revise-{OUT}", status="finished", end=later)
    assert encounter(course)["period"]["end"] == later
    dead = admitted().say(STIN, status="finished", end=END, deceased=True)
    dead.say(STIN, status="finished", end=BACK, deceased=True)
    assert encounter(dead)["period"]["end"] == BACK


def test_a_cancellation_whose_original_never_came() -> None:
    """It tells how the stay is without it."""
    for activity, more, status in [
        (f"cancel-{STOR}", {}, "in-progress"),
        (f"cancel-{SLOR}", {"status": "onleave", "leave": (LEFT, "")}, "onleave"),
        (f"cancel-{OUT}", {}, "in-progress"),
        (f"cancel-{STIN}", {"status": "entered-in-error"}, "entered-in-error"),
    ]:
        course = Course()
        course.chain = [("never-came", activity.removeprefix("cancel-"))]
        body = encounter(course.say(activity, **more))
        assert body["status"] == status, activity
        assert body["period"]["start"] == START or status == "entered-in-error"


def elsewhere(bundle: dict[str, Any]) -> dict[str, Any]:
    """The same from the next hospital of a transfer: it repeats the episode's number, and even the header's id."""
    for number in resource(bundle, "Organization", 1)["identifier"]:
        if number["system"] == "urn:oid:1.2.208.176.1.1":
            number["value"] = OTHER_HOSPITAL
    return bundle


def test_a_transfer_is_a_second_stay_of_one_episode() -> None:
    """Examples B1 and B2: one MessageHeader.id, one episode, two hospitals; neither is lost, neither discharges."""
    first = notice(header="same")
    second = elsewhere(notice(header="same", start=BACK))
    stays = encounters([first, second])
    assert [stay["status"] for stay in stays] == ["in-progress", "in-progress"]
    assert {stay["serviceProvider"]["identifier"]["value"] for stay in stays} == {"265161000016000", OTHER_HOSPITAL}
    assert len({stay["id"] for stay in stays}) == 2


def test_acute_then_admitted_under_one_episode() -> None:
    acute = notice(STAA, header="acute")
    inpatient = notice(STIN, header="in", start=LEFT, earlier=(("acute", STAA),))
    stays = {stay["class"]["code"]: stay for stay in encounters([acute, inpatient])}
    assert stays["IMP"]["status"] == "in-progress"
    assert stays["EMER"]["period"] == {"start": START, "end": LEFT}


def test_two_overlapping_stays() -> None:
    """Psychiatric and somatic at once is a normal state."""
    somatic = elsewhere(notice(header="somatic", start=LEFT))
    resource(somatic, "Encounter")["episodeOfCare"][0]["identifier"]["value"] = "aaaa2c4e-5d6a-4b7c-8d9e-0a1b2c3d4e5f"
    stays = encounters([notice(header="psychiatric"), somatic])
    assert [stay["status"] for stay in stays] == ["in-progress", "in-progress"]


def test_a_late_admission_does_not_reopen() -> None:
    course = admitted().say(OUT, status="finished", end=END)
    assert encounter(course)["status"] == "finished"


def test_a_correction_from_another_hospital_that_points_nowhere() -> None:
    """AN_STIN_P: the removal names a message of another stay; the episode tells what is meant."""
    course = admitted()
    cancelled = notice(f"cancel-{STIN}", header="an", goes_back_to="another-stay", status="entered-in-error", end=END)
    (body,) = encounters([*course.messages, cancelled])
    assert body["status"] == "entered-in-error"


@pytest.mark.parametrize(
    ("told", "cancelled", "status"),
    [
        ((STOR, {"status": "onleave", "leave": (LEFT, "")}), "cancel-start-leave-inpatient", "in-progress"),
        ((SLOR, {"leave": (LEFT, BACK)}), "cancel-end-leave-inpatient", "onleave"),
        ((OUT, {"status": "finished", "end": END}), "cancel-discharge-inpatient-home", "in-progress"),
    ],
)
def test_a_cancellation_of_the_first_that_was_heard_of_a_stay_tells_how_it_is(
    told: tuple[str, dict[str, Any]], cancelled: str, status: str
) -> None:
    """AN_STOR, AN_SLOR and AN_SLHJ where the STIN came before this gateway listened: the stay was `unknown`."""
    course = Course().say(told[0], **told[1]).say(cancelled, status=status, leave=told[1].get("leave", ("", "")))
    (made,) = encounters(course.messages)
    assert (made["status"], made["period"]) == (status, {"start": START})
    assert "serviceProvider" in made
