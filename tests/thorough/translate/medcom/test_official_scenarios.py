"""What the official test messages hold that breaks naive code, rebuilt: scenarios B to P.

The files of the public set beside the project are played in tests/acceptance; these are the ones that are not there.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from gateway.domain.encounter import LEAVE
from tests.translate.medcom.notices import (
    BACK,
    END,
    HOSPITAL,
    LEFT,
    MEDCOM,
    OTHER_HOSPITAL,
    START,
    notice,
    raw,
    resource,
)
from tests.translate.medcom.test_stays import OUT, SLOR, STAA, STIN, STOR, Course, elsewhere, encounter, encounters

Json = dict[str, Any]
LATER, EARLIER = "2025-03-10T13:00:00+01:00", "2025-03-10T08:00:00+01:00"


def sent_by(bundle: Json, sor: str) -> Json:
    """The sender is another organisation than the provider."""
    other = resource(bundle, "Organization", 1) | {"id": "other-sender", "name": "Et andet sygehus"}
    other["identifier"] = [{"system": "urn:oid:1.2.208.176.1.1", "value": sor}]
    bundle["entry"].append({"fullUrl": "Organization/other-sender", "resource": other})
    resource(bundle, "MessageHeader")["sender"] = {"reference": "Organization/other-sender"}
    return bundle


def told_of(message: Json) -> Any:
    return MEDCOM.translate(raw(message)).statements[1]


def test_b_the_episode_is_named_by_the_first_hospital_whoever_sends() -> None:
    """B2: sender 502701000016000, EpisodeOfCare.system …#id=265161000016000: one episode, two stays."""
    first, second = notice(header="same"), sent_by(elsewhere(notice(header="same", start=BACK)), OTHER_HOSPITAL)
    assert told_of(first).key == told_of(second).key
    assert [one["status"] for one in encounters([first, second])] == ["in-progress", "in-progress"]


def test_b_and_c_nobody_is_discharged_by_a_transfer() -> None:
    """S.BR18, S.BR19: discharged from the second hospital, the first stay ended where the second began."""
    second = Course().say(STIN, start=BACK).say(OUT, start=BACK, status="finished", end=END)
    stays = encounters([notice(header="x"), *map(elsewhere, second.messages)])
    ended = {one["serviceProvider"]["identifier"]["value"]: one for one in stays}
    assert ended[OTHER_HOSPITAL]["period"] == {"start": BACK, "end": END}
    assert ended[HOSPITAL]["period"] == {"start": START, "end": BACK}
    assert all("hospitalization" not in one for one in stays)


def test_f_a_bundles_time_orders_nothing() -> None:
    """STIN_F has Bundle.timestamp 2023-05-01, its STOR_F 2023-03-03."""
    course = Course().say(STIN).say(STOR, status="onleave", leave=(LEFT, ""))
    course.messages[0]["timestamp"], course.messages[1]["timestamp"] = "2025-05-01T12:00:00+02:00", LEFT
    assert encounter(course)["status"] == "onleave"


def test_encounter_and_patient_ids_name_nobody() -> None:
    """STIN a790f964 → STOR d56e9c54 → SLOR e07c4bd4; the same ids in unrelated episodes."""
    course = Course().say(STIN).say(STOR, status="onleave", leave=(LEFT, "")).say(SLOR, leave=(LEFT, BACK))
    other = notice(header="other", start=LEFT)
    resource(other, "Encounter")["episodeOfCare"][0]["identifier"]["value"] = "aaaa2c4e-5d6a-4b7c-8d9e-0a1b2c3d4e5f"
    for number, bundle in enumerate(course.messages):
        stay = resource(bundle, "Encounter")
        for entry in bundle["entry"]:
            entry["fullUrl"] = entry["fullUrl"].replace(stay["id"], f"e{number}")
        stay["id"] = f"e{number}"
        resource(bundle, "MessageHeader")["focus"] = [{"reference": f"Encounter/e{number}"}]
    assert [one["status"] for one in encounters(course.messages)] == ["in-progress"]
    assert len(encounters([*course.messages[:2], other])) == 2


def test_i_a_discharge_that_says_on_leave_is_a_discharge() -> None:
    """SLHJ_I: status onleave, discharge activity, period.end, and another period.start than its STIN."""
    course = Course().say(STIN).say(STOR, status="onleave", leave=(LEFT, ""))
    course.say(OUT, status="onleave", start=LATER, end=END, leave=(LEFT, ""))
    body = encounter(course)
    assert (body["status"], body["period"]) == ("finished", {"start": START, "end": END})
    assert any("status is not finished" in note for note in told_of(course.messages[2]).notes)


def test_j_a_death_that_says_in_progress_is_a_death() -> None:
    """MORS_J: in-progress, deceased, period.end."""
    course = Course().say(STIN).say(STIN, status="in-progress", end=END, deceased=True)
    assert (encounter(course)["status"], encounter(course)["period"]["end"]) == ("finished", END)


def test_k_a_death_under_another_class_and_another_start() -> None:
    """MORS_K is EMER though STIN_K was IMP, two hours earlier, and its chain knows only an acute contact."""
    death = notice(STAA, header="m2", earlier=(("unknown", STAA),), status="finished", start=EARLIER, end=END,
                   deceased=True, recorded="2025-03-21T08:00:00+01:00")  # fmt: skip
    (body,) = encounters([*Course().say(STIN).messages, death])
    assert (body["class"]["code"], body["status"], body["period"]) == ("IMP", "finished", {"start": START, "end": END})


def test_n_a_cancellation_with_another_start() -> None:
    """AN_STIN_N says 13:00, STIN_N 12:00."""
    course = Course().say(STIN).say(f"cancel-{STIN}", status="entered-in-error", start=LATER)
    assert encounter(course)["status"] == "entered-in-error"


@pytest.mark.parametrize("revised", ["m1", "of-scenario-o"])
def test_p_a_correction_by_another_sender_and_a_cancellation_that_points_elsewhere(revised: str) -> None:
    """RE_STIN-P is sent by another SOR than STIN_P; AN_STIN_P by the first again, with a period.end and a removal of
    RE_STIN_O's id, which is a message of another stay."""
    course = Course().say(STIN)
    course.say(f"revise-{STIN}", start=EARLIER)
    course.messages[1] = sent_by(course.messages[1], OTHER_HOSPITAL)
    assert encounter(course)["period"]["start"] == EARLIER
    course.say(f"cancel-{STIN}", status="entered-in-error", start=EARLIER, end=END, goes_back_to=revised)
    body = encounter(course)
    assert body["status"] == "entered-in-error"
    assert any("has an end" in note for note in told_of(course.messages[2]).notes)


def test_old_profiles_and_narratives_say_nothing() -> None:
    """RE_STIN-P claims http://medcomfhir.dk/fhir/…; STIN_A's narrative tells another day than its data."""
    bundle = notice()
    for entry in bundle["entry"]:
        entry["resource"]["meta"] = {
            "profile": ["http://medcomfhir.dk/fhir/hospitalnotification/StructureDefinition/x"]
        }
        entry["resource"]["text"] = {"status": "generated", "div": "<div><p>period: 2022-12-07 12:00:00+0200</p></div>"}
    assert MEDCOM.translate(raw(bundle)).statements == MEDCOM.translate(raw(notice())).statements


def test_several_numbers_of_one_episode_tie_its_messages() -> None:
    """The first tells the local number, the next both, the last LPR3's alone, without hyphens."""
    local, national = "3f0b2c4e-5d6a-4b7c-8d9e-0a1b2c3d4e5f", "5c3f0b2c-4e5d-5a4b-8c8d-9e0a1b2c3d4e"
    lpr3 = "https://www.esundhed.dk/Registre/Landspatientregisteret"
    numbers = [
        [("urn:x", local)],
        [(lpr3, f"urn:uuid:{national}"), ("urn:x", local.upper())],
        [(lpr3.replace("patientregisteret", "patientsregisteret"), national.replace("-", ""))],
    ]
    course = Course().say(STIN).say(STOR, status="onleave", leave=(LEFT, "")).say(SLOR, leave=(LEFT, BACK))
    for bundle, told in zip(course.messages, numbers, strict=True):
        resource(bundle, "Encounter")["episodeOfCare"] = [{"identifier": {"system": s, "value": v}} for s, v in told]
    body = encounter(course)
    assert body["status"] == "in-progress"
    assert {one["identifier"]["system"] for one in body["episodeOfCare"]} == {"urn:x", lpr3}
    assert [one["url"] for one in body["extension"]] == [LEAVE]


@pytest.mark.parametrize(
    "clocks",
    [
        ("10:00", "10:00", "10:00"),
        ("10:00", "10:30", "10:20"),
        ("10:30", "10:20", "10:10"),
        ("10:00", "10:10", "10:20"),
    ],
)
def test_the_chain_orders_corrections_whatever_the_clocks_say(clocks: tuple[str, ...]) -> None:
    """Of two corrections the later in the chain counts: it names the other. Header ids tell no order either."""
    names = ("z", "y", "x")
    said = [notice(header="z"), notice(f"revise-{STIN}", header="y", earlier=(("z", STIN),), start=EARLIER)]
    chain = (("z", STIN), ("y", f"revise-{STIN}"))
    said.append(notice(f"revise-{STIN}", header="x", earlier=chain, start=LATER))
    for bundle, clock, name in zip(said, clocks, names, strict=True):
        own = next(one for one in (entry["resource"] for entry in bundle["entry"])
                   if one.get("target", [{}])[0].get("reference") == f"MessageHeader/{name}")  # fmt: skip
        own["recorded"] = f"2025-03-20T{clock}:00+01:00"
    (body,) = encounters(said)
    assert body["period"]["start"] == LATER
    cancelled = notice(
        f"cancel-{STIN}", header="w", earlier=(*chain, ("x", f"revise-{STIN}")), status="entered-in-error",
        recorded="2025-03-20T09:00:00+01:00",
    )  # fmt: skip
    (body,) = encounters([*said, cancelled])
    assert body["status"] == "entered-in-error"


def test_a_chain_in_any_order_of_its_provenances() -> None:
    course = Course().say(STIN).say(STOR, status="onleave", leave=(LEFT, "")).say(f"cancel-{STOR}")
    for bundle in course.messages:
        bundle["entry"][1:] = bundle["entry"][:0:-1]
    assert encounter(course)["status"] == "in-progress"
    assert all(first != second for first, second in pairwise(map(raw, course.messages)))
