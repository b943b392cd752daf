"""The public samples of SIU, REF and MDM come out right. Facts are compared, never bytes."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from gateway.translate.hl7v2.write.resources import messages
from tests.thorough.translate.hl7v2.test_examples import language, made
from tests.translate.hl7v2.ward import ROOT


def read(examples: Path, name: str) -> bytes:
    return (examples / "hl7v2" / name).read_bytes()


def test_microsoft_appointment(examples: Path) -> None:
    found = made(read(examples, "microsoft/SIU-S12-01.hl7"))
    (one,) = found["Appointment"]
    assert one["status"] == "booked"
    assert (one["start"], one["end"]) == ("2021-09-24T09:30:00+02:15", "2021-09-24T10:20:00+02:15")
    assert {i["type"]["coding"][0]["code"]: i["value"] for i in one["identifier"]} == {"PLAC": "12345", "FILL": "36996"}
    assert one["reasonCode"][0]["coding"][0]["code"] == "EMERGENCY"
    assert one["appointmentType"]["coding"][0]["code"] == "Normal"
    assert one["serviceType"][0]["coding"][0]["code"] == "76164006"
    assert one["comment"].startswith("Appointment booked for emergency procedure")
    assert one["minutesDuration"] == 1, "60 seconds"
    kinds = [p["actor"].get("type", "Patient") for p in one["participant"]]
    assert kinds == ["Patient", "Practitioner", "Location", "Device", "Practitioner"]
    assert one["participant"][1]["type"][0]["text"] == "Gastroenterologist"
    assert {p["status"] for p in one["participant"]} == {"accepted"}
    assert "Encounter" not in found, "an appointment is no stay"
    assert [c["code"]["coding"][0]["code"] for c in found["Condition"]] == ["64766004"]


def test_the_guides_appointment(examples: Path) -> None:
    (one,) = made(read(examples, "v2-to-fhir-ig/test-messages/SIU_S12.hl7"))["Appointment"]
    # Without an offset, so in MSH-7's.
    assert (one["status"], one["start"], one["minutesDuration"]) == ("booked", "2015-06-13T14:00:00+01:00", 15)
    assert one["participant"][1]["actor"]["display"] == "Jeri Pullen"
    assert one["participant"][1]["period"]["start"].startswith("2019-04-23")
    assert [b["identifier"]["value"] for b in one["basedOn"]] == ["12345", "52431"]


def test_microsoft_referral(examples: Path) -> None:
    found = made(read(examples, "microsoft/REF-I12-01.hl7"))
    (one,) = found["ServiceRequest"]
    assert (one["status"], one["intent"], one["priority"]) == ("active", "order", "routine")
    assert [i["value"] for i in one["identifier"]] == ["226839", "11001"]
    assert [c["coding"][0]["code"] for c in one["category"]] == ["Med", "O"]
    assert one["occurrencePeriod"] == {"start": "2022-01-25", "end": "2022-02-10"}
    assert one["authoredOn"] == "2022-01-25"
    assert one["reasonCode"][0]["coding"][0]["code"] == "O"
    assert one["requester"]["display"] == "DR ROBERT POWELL"
    assert one["performer"][0]["display"] == "DR PAUL McWILLIAMS"
    notes = [note["text"] for note in one["note"]]
    assert (notes[0], notes[1], notes[-1]) == ("Referral to Specialist", "Lab Test for Ulcer", "Lab test")
    assert [c["code"]["coding"][0]["code"] for c in found["Condition"]] == ["K63.3"]
    assert len(found["RelatedPerson"]) == 1


def test_microsoft_document(examples: Path) -> None:
    (one,) = made(read(examples, "microsoft/MDM-T02-01.hl7"))["DocumentReference"]
    assert one["masterIdentifier"]["value"] == "1.2.840.317.5947431.51.20080131160038"
    assert (one["status"], one["docStatus"]) == ("current", "final"), (
        "AU is authenticated; the expected bundle is wrong"
    )
    assert one["type"]["coding"][0]["code"] == "DI"
    assert one["context"]["period"]["start"] == "2008-01-31T15:55:00+02:15"
    assert one["date"] == "2008-01-31T16:00:00+02:15"
    assert one["relatesTo"][0]["code"] == "appends"
    assert "application/pdf" in [c["attachment"].get("contentType") for c in one["content"]]


def test_the_guides_document(examples: Path) -> None:
    (one,) = made(read(examples, "v2-to-fhir-ig/test-messages/MDM_T02.hl7"))["DocumentReference"]
    assert one["masterIdentifier"]["value"] == "3738931392"
    assert (one["description"], one["docStatus"]) == ("Discharge Summary", "final")
    assert [c["code"] for c in one["meta"]["security"]] == ["R"]
    text = base64.b64decode(one["content"][0]["attachment"]["data"]).decode()
    assert "Critical Values Entered On:" in text
    assert text.count("\n") > 20, r"\.br\ ends a line"


@pytest.mark.parametrize("event", ["S12", "S13", "S14", "S15", "S16", "S17", "S26"])
def test_every_appointment_event_on_the_public_message(examples: Path, event: str) -> None:
    raw = read(examples, "microsoft/SIU-S12-01.hl7").replace(b"SIU^S12", f"SIU^{event}".encode())
    (one,) = made(raw)["Appointment"]
    expected = {"S15": "cancelled", "S16": "cancelled", "S17": "entered-in-error", "S26": "noshow"}
    assert one["status"] == expected.get(event, "booked")


@pytest.mark.parametrize(
    ("event", "status"), [("I12", "active"), ("I13", "active"), ("I14", "revoked"), ("I15", "active")]
)
def test_every_referral_event_on_the_public_message(examples: Path, event: str, status: str) -> None:
    raw = read(examples, "microsoft/REF-I12-01.hl7").replace(b"REF^I12", f"REF^{event}".encode())
    assert made(raw)["ServiceRequest"][0]["status"] == status


@pytest.mark.parametrize("name", ["microsoft/MDM-T02-01.hl7", "v2-to-fhir-ig/test-messages/MDM_T02.hl7"])
def test_a_public_document_goes_out_and_comes_back_as_it_was(examples: Path, name: str) -> None:
    found = made(read(examples, name))
    (one,) = found["DocumentReference"]
    when = language().translate(read(examples, name)).statements[0].recorded
    (sent,) = messages([one, *found["Patient"]], when, ROOT / "mappings")
    (back,) = made(sent)["DocumentReference"]
    for element in (
        "masterIdentifier",
        "status",
        "docStatus",
        "type",
        "date",
        "author",
        "securityLabel",
        "description",
    ):
        assert back.get(element) == one.get(element), element
    assert [c["attachment"].get("data") for c in back["content"]] == [
        c["attachment"].get("data") for c in one["content"]
    ]
