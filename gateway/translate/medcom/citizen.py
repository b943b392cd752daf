"""Whom a notification is about: exactly one Patient, with a CPR number wherever it stands in the list."""

from __future__ import annotations

import re
from typing import Any

from gateway.domain.identifier import CPR, Identifier, best_first, normal
from gateway.errors import MissingField, NoCitizen, RuleBroken, WrongType
from gateway.translate.fhir.message import Message
from gateway.translate.medcom.header import Dangling

Json = dict[str, Any]

_CPR = re.compile(r"\d{10}", re.ASCII)


def patient_of(message: Message, encounter: Json) -> Json:
    """The Patient, which must be the one that the stay is about. Raises NoCitizen, RuleBroken, MissingField."""
    patients = message.roots.get("Patient", [])
    if not patients:
        raise NoCitizen("A message is about exactly one Patient.", where="Bundle.entry")
    if len(patients) > 1:
        raise RuleBroken("A message is about exactly one Patient.", where=message.place(patients[1]))
    subject = encounter.get("subject")
    if subject is None:
        raise MissingField(where=message.place(encounter, "subject"))
    if "reference" in subject:
        same = message.resolve(subject) is patients[0]
    else:
        same = number(subject.get("identifier", {})) in map(number, patients[0].get("identifier", ()))
    if not same:
        raise Dangling("The focus is not about the message's Patient.", where=message.place(encounter, "subject"))
    return patients[0]


def numbers_of(message: Message, patient: Json) -> tuple[Identifier, ...]:
    """Every number that can stand for the citizen, the CPR number first. Raises NoCitizen, RuleBroken, WrongType."""
    found = usable(message, patient)
    cprs = [one for one in found if one.system == CPR]
    if len(cprs) == 1:
        return found
    place = message.place(patient, "identifier")
    if cprs:
        raise RuleBroken("A citizen has one CPR number.", where=place)
    raise NoCitizen("Notifications are about citizens with a CPR number.", where=place)


def usable(message: Message, patient: Json) -> tuple[Identifier, ...]:
    """The numbers that can stand for the citizen, the strongest first. Raises WrongType for a CPR number without ten
    digits: left out as nobody's, it would not be told what is wrong."""
    told = [number(identifier) for identifier in patient.get("identifier", ())]
    if any(one.system == CPR and one.value and not _CPR.fullmatch(one.value) for one in told):
        raise WrongType("A CPR number has ten digits.", where=message.place(patient, "identifier"))
    return best_first(told)


def number(identifier: Json) -> Identifier:
    """A FHIR Identifier in its normal spelling."""
    return normal(identifier.get("system", ""), identifier.get("value", ""))
