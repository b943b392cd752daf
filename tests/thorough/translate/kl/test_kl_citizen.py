"""Whom an order is about, and what is refused with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.domain.citizen import people
from gateway.domain.identifier import CPR, Identifier
from gateway.errors import (
    Contradiction,
    GatewayError,
    MissingField,
    NoCitizen,
    RuleBroken,
    UnknownCode,
    UnknownEvent,
    UnknownSource,
    WrongType,
)
from gateway.translate.kl import Kl
from tests.translate.kl.orders import Json, order, raw, resources, said

FFB = "urn:oid:1.2.208.176.2.22"
HEAD = "Bundle.entry[0].resource"
GOAL = "Bundle.entry[19].resource"


# --- the citizen


@pytest.mark.parametrize("numbers", [[{"system": CPR, "value": "1111111111"}], [], [{"value": "rasmus"}]])
def test_without_a_usable_number_the_senders_own_id_stands_for_the_citizen(kl: Kl, numbers: list[Json]) -> None:
    bundle = order()
    patient = resources(bundle, "Patient")[0]
    patient["identifier"] = numbers
    if not numbers:
        patient.pop("identifier")
    found = kl.translate(raw(bundle))
    own = Identifier("urn:faellesplan:source:koebenhavn-ffb:patient", patient["id"])
    assert found.citizen == (own,)
    body = said(found, "Patient")[0].body
    assert body["identifier"] == [{"system": own.system, "value": own.value}]
    assert "1111111111" not in str(found.statements) + str(found.findings)


@pytest.mark.parametrize(
    ("system", "value", "normal"),
    [
        (CPR, "150282-4933", "1502824933"),
        (CPR, "2512489996", "2512489996"),  # fails modulus 11
        ("urn:oid:1.2.208.176.1.6.1.1", "0703921vj5", "0703921VJ5"),
        ("urn:oid:1.2.208.176.1.6.1.3.187", "1206550VK9", "1206550VK9"),
        ("http://rn.dk", "0706830VJ9", "0706830VJ9"),
    ],
)
def test_citizens_with_and_without_cpr(kl: Kl, system: str, value: str, normal: str) -> None:
    bundle = order()
    resources(bundle, "Patient")[0]["identifier"] = [{"system": system, "value": value}]
    found = kl.translate(raw(bundle))
    own = Identifier("urn:faellesplan:source:koebenhavn-ffb:patient", resources(bundle, "Patient")[0]["id"])
    assert found.citizen == (Identifier(system, normal), own)
    assert said(found, "Patient")[0].key == f"{system}|{normal}"
    assert [one["value"] for one in said(found, "Patient")[0].body["identifier"]] == [normal], "our word, not theirs"


@pytest.mark.parametrize(
    ("own", "joins"),
    [
        ("9be7302d-55d4-5cf2-aae0-dc063dd8c50d", True), ("p1", False), ("12345", False),
        ("00000000-0000-0000-0000-000000000000", False),
    ],
)  # fmt: skip
def test_who_gets_a_number_later_is_the_same_citizen_by_the_senders_id(kl: Kl, own: str, joins: bool) -> None:
    """Where it is a UUID: any other may stand for somebody else in the next message."""
    evidence = {}
    for numbers in ([], [{"system": CPR, "value": "2512489996"}]):
        text = json.dumps(order()).replace("9be7302d-55d4-5cf2-aae0-dc063dd8c50d", own)
        bundle = json.loads(text)
        patient = resources(bundle, "Patient")[0]
        patient["identifier"] = numbers
        if not numbers:
            patient.pop("identifier")
        keys = [one.key for one in kl.translate(raw(bundle)).citizen]
        evidence[keys[0]] = keys
    assert len({person.survivor for person in people(evidence, []).values()}) == (1 if joins else 2)


def test_a_protected_address_keeps_its_label(kl: Kl) -> None:
    bundle = order()
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    resources(bundle, "Patient")[0]["meta"]["security"] = [label]
    assert said(kl.translate(raw(bundle)), "Patient")[0].body["meta"] == {"security": [label]}


# --- refused


def change(make: Any) -> bytes:
    bundle = order()
    make(bundle)
    return raw(bundle)


def second_citizen(bundle: Json) -> None:
    bundle["entry"].append({"resource": resources(bundle, "Patient")[0] | {"id": "another"}})


def stranger(bundle: Json) -> None:
    resources(bundle, "Goal")[0]["subject"] = {"reference": "Patient/another"}


def twice(bundle: Json) -> None:
    bundle["entry"].append({"resource": resources(bundle, "Goal")[0] | {"priority": {"text": "anden"}}})


def header(**changes: Any) -> Any:
    return lambda bundle: bundle["entry"][0]["resource"].update(changes)


def event(**changes: Any) -> Any:
    return lambda bundle: bundle["entry"][0]["resource"]["eventCoding"].update(changes)


def goal(**changes: Any) -> Any:
    return lambda bundle: resources(bundle, "Goal")[0].update(changes)


@pytest.mark.parametrize(
    ("make", "error", "where"),
    [
        (lambda b: b.pop("timestamp"), MissingField, "Bundle.timestamp"),
        (lambda b: b.update(timestamp="i går"), WrongType, "Bundle.timestamp"),
        (lambda b: b.update(type="collection"), RuleBroken, "Bundle.type"),
        (lambda b: b["entry"].pop(0), RuleBroken, HEAD),
        (event(code="ffb-cancel"), UnknownEvent, f"{HEAD}.eventCoding"),
        (event(system="http://x"), UnknownEvent, f"{HEAD}.eventCoding"),
        (lambda b: b["entry"][0]["resource"].pop("focus"), MissingField, f"{HEAD}.focus"),
        (header(focus=[{"reference": "CarePlan/nowhere"}]), RuleBroken, f"{HEAD}.focus[0]"),
        (header(source={"endpoint": "https://fremmed.example"}), UnknownSource, f"{HEAD}.source.endpoint"),
        (lambda b: b["entry"].pop(1), NoCitizen, "Bundle.entry"),
        (second_citizen, RuleBroken, "Bundle.entry[44].resource"),
        (stranger, RuleBroken, f"{GOAL}.subject"),
        (twice, Contradiction, "Bundle.entry[44].resource.id"),
        (lambda b: b["entry"][5].pop("resource"), MissingField, "Bundle.entry[5].resource"),
        (lambda b: resources(b, "Goal")[0].pop("description"), MissingField, f"{GOAL}.description"),
        (goal(lifecycleStatus="igang"), UnknownCode, f"{GOAL}.lifecycleStatus"),
        (goal(target={}), WrongType, f"{GOAL}.target"),
    ],
)
def test_what_is_refused_and_where(kl: Kl, make: Any, error: type[GatewayError], where: str) -> None:
    with pytest.raises(error) as caught:
        kl.translate(change(make))
    assert caught.value.where == where
    assert "Tangmose" not in caught.value.told()
