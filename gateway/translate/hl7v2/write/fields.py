"""FHIR data types as fields of HL7 v2: what datatypes.py reads, written back so that it reads the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.domain.identifier import CPR
from gateway.translate.hl7v2.write.message import Field, Part

Json = Mapping[str, Any]

_OID = "urn:oid:"
_BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
_TABLE = re.compile(r"http://terminology\.hl7\.org/CodeSystem/v2-(\d{4})")
# Coding systems by their names in table 0396; others are named by their URI.
_NAMES = {
    "http://snomed.info/sct": "SCT",
    "http://loinc.org": "LN",
    "http://hl7.org/fhir/sid/icd-10": "I10",
    "urn:oid:1.2.208.176.2.4": "SKS",
    "urn:oid:1.2.208.176.2.4.12": "SKS",
    "urn:oid:1.2.208.176.2.21": "FSIII",
    "urn:oid:1.2.208.176.2.22": "FFB",
}
_MOMENT = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(\.\d{1,4})?\d*(Z|[+-]\d\d:\d\d)?)?)?)?")


def dtm(text: str | None) -> str:
    """A FHIR date, dateTime or instant as DTM, in its precision; nothing for what is none."""
    match = _MOMENT.fullmatch(text or "")
    if match is None:
        return ""
    *clock, fraction, zone = match.groups()
    offset = "+0000" if zone == "Z" else (zone or "").replace(":", "")
    return "".join(part for part in clock if part) + (fraction or "") + offset


def hd(system: str | None, kind: str = "") -> tuple[str, ...]:
    """An identifier system as HD: an OID, else a URI."""
    if not system:
        return ()
    return ("", system.removeprefix(_OID), "ISO") if system.startswith(_OID) else ("", system, kind or "URI")


def ei(identifier: Json | None) -> Part:
    """An Identifier as EI."""
    if not identifier or not identifier.get("value"):
        return ""
    return (str(identifier["value"]), *hd(identifier.get("system")))


def cx(identifier: Json) -> Part:
    """An Identifier as CX; a CPR number is of type NNDNK, one that nobody has given a type of PI."""
    system = identifier.get("system")
    told = next((str(one["code"]) for one in identifier.get("type", {}).get("coding", []) if one.get("code")), "")
    kind = "NNDNK" if system == CPR else told or "PI"
    return (str(identifier.get("value", "")), "", "", hd(system), kind)


def xcn(reference: Json | None) -> Part:
    """A Reference to a person as XCN. The whole display stands as the family name: nobody can tell its parts."""
    identifier = (reference or {}).get("identifier", {})
    shown = str((reference or {}).get("display", ""))
    if not identifier.get("value") and not shown:
        return ""
    return (str(identifier.get("value", "")), shown, "", "", "", "", "", "", hd(identifier.get("system")))


def xon(reference: Json | None) -> Part:
    """A Reference to an organisation as XON."""
    identifier = (reference or {}).get("identifier", {})
    shown = str((reference or {}).get("display", ""))
    if not identifier.get("value") and not shown:
        return ""
    return (shown, "", "", "", "", hd(identifier.get("system")), "", "", "", str(identifier.get("value", "")))


def xpn(name: Json) -> Part:
    """A HumanName as XPN."""
    given = [str(one) for one in name.get("given", [])]
    family = str(name.get("family", "")) or ("" if given else str(name.get("text", "")))
    use = {"official": "L", "usual": "D", "maiden": "M", "nickname": "N", "old": "BAD"}.get(name.get("use", ""), "")
    return (family, given[0] if given else "", " ".join(given[1:]), "", " ".join(name.get("prefix", [])), "", use)


def cwe(concept: Json | None) -> Part:
    """A CodeableConcept as CWE: two codings, and the text where it is not the display."""
    codings: Sequence[Json] = (concept or {}).get("coding", [])
    text = str((concept or {}).get("text", ""))
    if not codings:
        return ("", text) if text else ""
    first, second = codings[0], codings[1] if len(codings) > 1 else {}
    display = str(first.get("display", ""))
    rest = ("", "", "" if text == display else text)
    return (str(first.get("code", "")), display, name(first), str(second.get("code", "")),
            str(second.get("display", "")), name(second), *rest)  # fmt: skip


def name(coding: Json) -> str:
    """A coding system as table 0396 names it."""
    system = str(coding.get("system", ""))
    table = _TABLE.fullmatch(system)
    return f"HL7{table[1]}" if table else _NAMES.get(system, system)


def _birth_time(patient: Json) -> str:
    """When on the day of birth."""
    told = [one for one in patient.get("_birthDate", {}).get("extension", []) if one.get("url") == _BIRTH_TIME]
    times = [str(one.get("valueDateTime", "")) for one in told]
    day = str(patient.get("birthDate", ""))
    return next((one for one in times if len(day) == len("2000-01-01") and one.startswith(f"{day}T")), "")


def pid(patient: Json) -> Mapping[int, Field]:
    """A Patient as PID: numbers, names, birth and sex. The address stays here: it may be protected, and no message that
    is written here needs it."""
    sexes = {"male": "M", "female": "F", "other": "O", "unknown": "U"}
    return {
        3: [cx(one) for one in patient.get("identifier", []) if one.get("value")],
        5: [xpn(one) for one in patient.get("name", [])] or [("", "", "", "", "", "", "U")],
        7: dtm(_birth_time(patient) or patient.get("birthDate")),
        8: sexes.get(patient.get("gender", ""), ""),
    }
