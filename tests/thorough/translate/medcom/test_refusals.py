"""Each rule of the notification, broken alone: which kind of refusal, and at which place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.errors import (
    GatewayError,
    MissingField,
    NoCitizen,
    RuleBroken,
    UnknownCode,
    UnknownEvent,
    UnknownSource,
    Unreadable,
    WrongType,
)  # fmt: skip
from gateway.translate.fhir import write_json
from gateway.translate.medcom.header import Dangling, NoReceiver
from tests.translate.medcom.notices import (
    CPR,
    END,
    HOSPITAL,
    LEFT,
    MEDCOM,
    STRANGER,
    TEMPLATE,
    notice,
    raw,
    resource,
)  # fmt: skip

HEADER, PATIENT, ENCOUNTER, PROVENANCE = (f"Bundle.entry[{n}].resource" for n in (0, 1, 2, 5))
EVENT, EPISODE = f"{HEADER}.eventCoding.code", f"{ENCOUNTER}.episodeOfCare"
TO_PATIENT = {"reference": "Patient/9a700000-0000-4f5a-8f6e-000000000001"}
Change = Callable[[dict[str, Any]], object]


def at(kind: str, **values: Any) -> Change:
    return lambda bundle: resource(bundle, kind).update(values)


def without(kind: str, name: str) -> Change:
    return lambda bundle: resource(bundle, kind).pop(name)


def again(kind: str) -> Change:
    return lambda bundle: bundle["entry"].append({"resource": dict(resource(bundle, kind), id="again")})


def numbers(*values: tuple[str, str]) -> Change:
    return at("Patient", identifier=[{"system": system, "value": value} for system, value in values])


def destination(**values: Any) -> Change:
    return lambda bundle: resource(bundle, "MessageHeader")["destination"][0].update(values)


def episode(**identifier: str) -> Change:
    return at("Encounter", episodeOfCare=[{"identifier": identifier}])


def activity(code: str) -> Change:
    return at("Provenance", activity={"coding": [{"code": code}]})


def no_receiver(bundle: dict[str, Any]) -> None:
    del resource(bundle, "MessageHeader")["destination"][0]["receiver"]


def timeless(bundle: dict[str, Any]) -> None:
    for name in ("recorded", "occurredDateTime"):
        del resource(bundle, "Provenance")[name]


@pytest.mark.parametrize(
    ("change", "error", "where"),
    [
        (lambda b: b.update(type="collection"), RuleBroken, "Bundle.type"),
        (lambda b: b["entry"].reverse(), RuleBroken, HEADER),
        (lambda b: b.pop("id"), MissingField, "Bundle.id"),
        (lambda b: b.pop("timestamp"), MissingField, "Bundle.timestamp"),
        (lambda b: b.update(timestamp="i går"), WrongType, "Bundle.timestamp"),
        (without("MessageHeader", "eventCoding"), MissingField, EVENT),
        (at("MessageHeader", eventCoding={"code": "care-communication-message"}), UnknownEvent, EVENT),
        (at("MessageHeader", eventCoding={"code": "acknowledgement-message"}), RuleBroken, "Bundle.entry"),
        (without("MessageHeader", "id"), MissingField, f"{HEADER}.id"),
        (without("MessageHeader", "sender"), MissingField, f"{HEADER}.sender"),
        (at("MessageHeader", sender={"reference": "Organization/nowhere"}), Dangling, f"{HEADER}.sender"),
        (at("MessageHeader", sender=TO_PATIENT), Dangling, f"{HEADER}.sender"),
        (without("MessageHeader", "source"), MissingField, f"{HEADER}.source.endpoint"),
        (without("MessageHeader", "destination"), RuleBroken, f"{HEADER}.destination"),
        (lambda b: resource(b, "MessageHeader")["destination"].append({}), RuleBroken, f"{HEADER}.destination"),
        (destination(extension=[]), RuleBroken, f"{HEADER}.destination[0].extension"),
        (destination(receiver={"reference": "Organization/x"}), Dangling, f"{HEADER}.destination[0].receiver"),
        (no_receiver, NoReceiver, f"{HEADER}.destination[0].receiver"),
        (without("MessageHeader", "focus"), MissingField, f"{HEADER}.focus"),
        (at("MessageHeader", focus=[{"reference": "Encounter/nowhere"}]), Dangling, f"{HEADER}.focus"),
        (at("MessageHeader", focus=[TO_PATIENT]), RuleBroken, f"{HEADER}.focus"),
        (lambda b: resource(b, "MessageHeader")["focus"].append({}), RuleBroken, f"{HEADER}.focus"),
        (lambda b: b["entry"].pop(1), NoCitizen, "Bundle.entry"),
        (again("Patient"), RuleBroken, "Bundle.entry[6].resource"),
        (numbers(), NoCitizen, f"{PATIENT}.identifier"),
        (numbers(("urn:oid:1.2.208.176.1.6.1.1", "0703921VJ5")), NoCitizen, f"{PATIENT}.identifier"),
        (numbers((CPR, "0000000000")), NoCitizen, f"{PATIENT}.identifier"),
        (numbers((CPR, "1111111111")), NoCitizen, f"{PATIENT}.identifier"),
        (numbers((CPR, "25094799")), WrongType, f"{PATIENT}.identifier"),
        (numbers((CPR, "2509479989"), (CPR, "2512489996")), RuleBroken, f"{PATIENT}.identifier"),
        (without("Encounter", "subject"), MissingField, f"{ENCOUNTER}.subject"),
        (at("Encounter", subject={"reference": "Patient/nowhere"}), Dangling, f"{ENCOUNTER}.subject"),
        (at("Encounter", subject={"identifier": {"value": "2512489996"}}), Dangling, f"{ENCOUNTER}.subject"),
        (without("Encounter", "status"), MissingField, f"{ENCOUNTER}.status"),
        (at("Encounter", status="planned"), UnknownCode, f"{ENCOUNTER}.status"),
        (without("Encounter", "class"), MissingField, f"{ENCOUNTER}.class"),
        (lambda b: resource(b, "Encounter")["class"].update(code="AMB"), UnknownCode, f"{ENCOUNTER}.class.code"),
        (without("Encounter", "period"), MissingField, f"{ENCOUNTER}.period.start"),
        (at("Encounter", period={"start": "2025-02-30T00:00:00Z"}), WrongType, f"{ENCOUNTER}.period.start"),
        (at("Encounter", period={"start": "2025-03-10T09:00:00"}), WrongType, f"{ENCOUNTER}.period.start"),
        (at("Encounter", period={"start": "2025-03"}), WrongType, f"{ENCOUNTER}.period.start"),
        (at("Encounter", period={"start": "9999-12-31T23:59:59-14:00"}), WrongType, f"{ENCOUNTER}.period.start"),
        (at("Encounter", period={"start": END, "end": LEFT}), RuleBroken, f"{ENCOUNTER}.period"),
        (without("Encounter", "episodeOfCare"), MissingField, EPISODE),
        (episode(system="urn:x"), MissingField, f"{EPISODE}[0].identifier.value"),
        (episode(value="1"), MissingField, f"{EPISODE}[0].identifier.system"),
        (without("Encounter", "serviceProvider"), MissingField, f"{ENCOUNTER}.serviceProvider"),
        (at("Encounter", serviceProvider={"reference": "Organization/x"}), Dangling, f"{ENCOUNTER}.serviceProvider"),
        (lambda b: b["entry"].pop(), RuleBroken, "Bundle.entry"),
        (at("Provenance", target=[{"reference": "MessageHeader/another"}]), RuleBroken, "Bundle.entry"),
        (activity("new-message"), UnknownCode, f"{PROVENANCE}.activity.coding[0].code"),
        (without("Provenance", "activity"), RuleBroken, f"{PROVENANCE}.activity.coding"),
        (timeless, MissingField, f"{PROVENANCE}.recorded"),
        (at("Encounter", episodeOfCare={"identifier": {}}), WrongType, EPISODE),
        (at("Patient", deceasedBoolean="true"), WrongType, f"{PATIENT}.deceasedBoolean"),
        (at("Patient", name=None), WrongType, f"{PATIENT}.name"),
        (lambda b: b["entry"].append(None), WrongType, "Bundle.entry[6]"),
        (lambda b: b["entry"][4].update(resource={"resourceType": "X", "identifier": 7}), Dangling, f"{HEADER}.sender"),
    ],
)  # fmt: skip
def test_one_rule_broken(change: Change, error: type[GatewayError], where: str) -> None:
    bundle = notice()
    change(bundle)
    with pytest.raises(error) as caught:
        MEDCOM.translate(raw(bundle))
    assert caught.value.where == where
    assert "2509479989" not in caught.value.told()
    assert "Havmand" not in caught.value.told()


@pytest.mark.parametrize(
    ("bundle", "error", "where"),
    [
        (notice("start-leave-inpatient", status="onleave"), RuleBroken, f"{ENCOUNTER}.extension"),
        (notice("start-leave-inpatient"), MissingField, f"{ENCOUNTER}.extension"),
        (notice("end-leave-inpatient", leave=(LEFT, "")), MissingField, f"{ENCOUNTER}.extension"),
        (notice("discharge-inpatient-home", status="finished"), MissingField, f"{ENCOUNTER}.period.end"),
        (notice(status="finished", deceased=True), MissingField, f"{ENCOUNTER}.period.end"),
        (
            notice("start-leave-inpatient", leave=(END, LEFT)),
            RuleBroken,
            f"{ENCOUNTER}.extension[0].valuePeriod",
        ),
        (notice(earlier=(("m", "new-message"),)), UnknownCode, f"{PROVENANCE}.activity.coding[0].code"),
    ],
)
def test_times_that_a_type_needs(bundle: dict[str, Any], error: type[GatewayError], where: str) -> None:
    with pytest.raises(error) as caught:
        MEDCOM.translate(raw(bundle))
    assert caught.value.where == where


def test_two_leaves_in_one_message() -> None:
    bundle = notice("start-leave-inpatient", status="onleave", leave=(LEFT, ""))
    encounter = resource(bundle, "Encounter")
    encounter["extension"] *= 2
    with pytest.raises(RuleBroken) as caught:
        MEDCOM.translate(raw(bundle))
    assert caught.value.where == f"{ENCOUNTER}.extension[1]"


def test_an_unknown_hospital() -> None:
    text = raw(notice()).replace(HOSPITAL.encode(), STRANGER.encode())
    with pytest.raises(UnknownSource) as caught:
        MEDCOM.translate(text)
    assert caught.value.where == f"{HEADER}.sender"
    assert STRANGER not in caught.value.told()


def test_a_sender_without_a_sor_number() -> None:
    bundle = notice()
    bundle["entry"][4]["resource"]["identifier"].pop()
    with pytest.raises(MissingField) as caught:
        MEDCOM.translate(raw(bundle))
    assert caught.value.where == "Bundle.entry[4].resource.identifier"


def test_no_bundle_at_all() -> None:
    with pytest.raises(Unreadable):
        MEDCOM.translate(write_json(TEMPLATE["entry"][1]["resource"]))


@pytest.mark.parametrize(
    "change",
    [
        at("Encounter", location=[{"location": {"display": "afsnit 4"}}], diagnosis=[{"condition": {"display": "x"}}]),
        at("Encounter", frob={"a": [1, None]}, modifierExtension=[{"url": "urn:x", "valueString": "y"}]),
        at("MessageHeader", definition="http://medcomfhir.dk/ig/messagedefinitions/MessageDefinition/Other|9.0"),
        at("MessageHeader", meta={"profile": ["http://medcomfhir.dk/fhir/hospitalnotification/StructureDefinition/x"]}),
        at("Patient", text={"status": "generated", "div": "<p>not even XHTML"}),
        lambda b: b["entry"].append({"resource": {"resourceType": "Frobnicate", "id": {"not": "an id"}}}),
        lambda b: b["entry"].append({"fullUrl": "urn:uuid:0c3201bd-1cbf-4d64-b04d-cd9187a4c6e0"}),
        lambda b: b["entry"][1]["resource"]["identifier"].insert(0, {"system": "urn:x", "value": "7"}),
    ],
)
def test_unknown_and_forbidden_content_is_ignored(change: Change) -> None:
    bundle = notice()
    change(bundle)
    assert MEDCOM.translate(raw(bundle)).statements[1].body == MEDCOM.translate(raw(notice())).statements[1].body
