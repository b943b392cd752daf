"""What a message refers to is there: it is made of the same message, or was another one's to tell (MRG, TXA-13)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.translate.hl7v2.desk import mdm, ref, siu
from tests.translate.hl7v2.ward import adt, fold, language

DIAGNOSIS = "DG1|1||DF205^Skizofreni^SKS||20250314|A"
_REFERENCE = re.compile(r"'reference': '([A-Z]\w+/[0-9a-f]{32})'")


def dangling(*messages: bytes) -> set[str]:
    made: dict[str, list[dict[str, Any]]] = fold(*messages)
    there = {f"{kind}/{one['id']}" for kind, found in made.items() for one in found}
    return {named for found in made.values() for one in found for named in _REFERENCE.findall(str(one))} - there


@pytest.mark.parametrize("event", ["S12", "S13", "S14", "S15", "S16", "S17", "S26"])
def test_an_appointment_s_diagnosis_is_there(event: str) -> None:
    assert not dangling(siu(event, {}, DIAGNOSIS))


def test_a_deleted_appointment_deletes_no_diagnosis() -> None:
    made = fold(siu("S12", {}, DIAGNOSIS), siu("S17", {}, DIAGNOSIS, sent="20250315093015+0100"))
    assert (made["Appointment"][0]["status"], "verificationStatus" in made["Condition"][0]) == (
        "entered-in-error",
        False,
    )


@pytest.mark.parametrize("event", ["I12", "I13", "I14", "I15"])
def test_a_referral_s_diagnosis_is_there(event: str) -> None:
    assert not dangling(ref(event, {}, DIAGNOSIS))


@pytest.mark.parametrize(
    "event", [name for name, one in language().events.items() if one.message == "ADT" and one.visit]
)
def test_a_stay_s_diagnosis_is_there(event: str) -> None:
    assert not dangling(adt(event, DIAGNOSIS))


def test_a_document_refers_to_no_resource_but_what_it_replaces() -> None:
    (named,) = dangling(mdm("T06", {13: "D-0^HGH"}, DIAGNOSIS))
    assert named.startswith("DocumentReference/")
