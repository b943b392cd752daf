"""A CarePlan that is a municipality's case → SagIndeks: attributes, states and relations with their Virkning.

What is mandatory is there or the case is refused: the owner with CVR number and name, the responsible unit, the citizen
by URN, the KLE subject by number and UUID, the action facet, every state from Opstaaet on, Foelsomhed. The confidential
title is not known here and is never written; that the case is exempt from disclosure is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lxml import etree

from gateway.domain.case import SYSTEM
from gateway.domain.statement import Body
from gateway.domain.when import DANISH
from gateway.errors import MissingField
from gateway.translate.oio.write import sensitivity
from gateway.translate.oio.write.case_relations import Around, Relations
from gateway.translate.oio.write.elements import (
    CASE_INDEX,
    DEFINITIONS,
    INDEX,
    SAG,
    SAGDOK,
    add,
    effect,
    exempt,
    is_uuid,
    moment,
    told,
)
from gateway.translate.oio.write.states import State, begin_of, states
from gateway.translate.oio.write.tables import Tables

_BASE = "https://faellesplan.dk/fhir/StructureDefinition"
EXEMPT, ATTRIBUTE = f"{_BASE}/oio-exempt", f"{_BASE}/oio-attribute"
_CASE_NUMBER = "MunicipalityCaseNumber"


def put(index: etree._Element, plan: Body, around: Around, patient: Body, tables: Tables, at: datetime) -> None:
    """The case as the last element of an ImporterSagDokumentIndeksInput, as registered at `at`.

    Raises MissingField naming what is missing, NoCitizen, RuleBroken, UnknownCode.
    """
    uuid = uuid_of(plan)
    if not uuid:
        hint = "MunicipalityCaseNumber, official, holds the UUID of its OIO case."
        raise MissingField("The plan names no case.", where="CarePlan.identifier", hint=hint)
    found = states(plan, at)
    begin = begin_of(found, at)
    case = add(index, INDEX, "SagIndeks")
    add(case, SAGDOK, "UUIDIdentifikator", uuid)
    registered = add(case, SAG, "Registrering")
    add(registered, SAGDOK, "Tidspunkt", at.astimezone(DANISH).isoformat(timespec="seconds"))
    add(registered, SAGDOK, "LivscyklusKode", "Importeret")
    _attributes(add(registered, SAG, "AttributListe"), plan, found, begin, tables)
    listed = add(registered, SAG, "TilstandListe")
    for state in found:
        one = add(listed, SAG, "Fremdrift")
        effect(one, SAG, state.period, begin)
        add(one, SAG, "FremdriftStatusKode", state.code)
    Relations(plan, around, patient, tables, begin).put(add(registered, SAG, "RelationListe"))


def uuid_of(resource: Body) -> str:
    """The UUID of the OIO case or document that a resource is, "" for none."""
    return next((number["value"] for number in numbers_of(resource) if _is_official(number)), "").lower()


def numbers_of(resource: Body) -> list[Body]:
    """The identifiers of a plan, those of KL's MunicipalityCaseNumber included."""
    beside = (
        inner["valueIdentifier"]
        for one in resource.get("extension", [])
        if str(one.get("url", "")).lower().endswith(_CASE_NUMBER.lower())
        for inner in one.get("extension", [])
        if "valueIdentifier" in inner
    )
    return [one for one in [*resource.get("identifier", []), *beside] if one.get("value")]


def _is_official(number: Body) -> bool:
    return number.get("system") == SYSTEM and is_uuid(str(number["value"]).lower().removeprefix("urn:uuid:"))


def _attributes(parent: etree._Element, plan: Body, found: Sequence[State], begin: str, tables: Tables) -> None:
    usual = next((one["value"] for one in numbers_of(plan) if one.get("use") == "usual"), "")
    key = next((one["value"] for one in numbers_of(plan) if one.get("use") == "secondary"), "")
    law = next((one.get("valueString", "") for one in plan.get("extension", []) if one.get("url") == EXEMPT), "")
    made = add(parent, SAG, "Egenskaber")
    effect(made, SAG, {}, begin)
    told(made, SAG, "BrugervendtNoegle", key, 50)
    told(made, SAG, "Beskrivelse", plan.get("description", ""), 4096)
    told(made, SAG, "HjemmelSpecifikation", _attribute(plan, "HjemmelSpecifikation"), 1024)
    if law:
        exempt(made, SAG, plan.get("title", ""), law)
    told(made, SAG, "Sagsnummer", usual, 50)
    told(made, SAG, "Titel", plan.get("title", ""))
    beside = add(add(parent, DEFINITIONS, "LokalUdvidelseListe"), CASE_INDEX, "SagIndeksEgenskaber")
    effect(beside, DEFINITIONS, {}, begin)
    finer = next((one.word for one in reversed(found) if one.word != one.code), "")
    told(beside, CASE_INDEX, "Sagsstatus", _attribute(plan, "Sagsstatus") or finer)
    add(beside, CASE_INDEX, "Foelsomhed", sensitivity.of(plan, tables))
    if "created" in plan:
        add(beside, CASE_INDEX, "OprettetTidspunkt", moment(plan["created"]))


def _attribute(plan: Body, name: str) -> str:
    """The note that holds this attribute of a case."""
    for one in plan.get("note", []):
        if any(e.get("url") == ATTRIBUTE and e.get("valueCode") == name for e in one.get("extension", [])):
            return str(one.get("text", ""))
    return ""
