"""Whose number, whose code: from HL7 v2 authorities and coding systems to FHIR system URIs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from gateway.domain.identifier import CPR, GLN, SOR, Identifier, names_a_person, normal
from gateway.domain.source import Source
from gateway.translate.hl7v2.parse import Component, Repetition
from gateway.translate.rules.reader import Env, Unfit

_LONG = 100  # characters; longer names are no real ones, and are not remembered
_OID = re.compile(r"[0-2](?:\.(?:0|[1-9]\d*))+", re.ASCII)
_TABLE = re.compile(r"HL7(\d{4})", re.ASCII)
# Registers of organisations: an HD that carries one of these OIDs holds the number in the register as its name.
_REGISTERS = frozenset({SOR, GLN, "urn:oid:1.3.88", "urn:oid:1.3.198", "urn:oid:1.2.208.176.1.4"})
_CPR = re.compile(r"\d{6}[- ]?\d{4}", re.ASCII)
_OWN = "urn:faellesplan:source:"
_NUMBER = re.compile(r"\d+[A-Z]?", re.ASCII)

# HL7 table 0396, as far as Danish hospitals and the guide's samples use it.
_SYSTEMS = {
    "SCT": "http://snomed.info/sct",
    "SNOMED": "http://snomed.info/sct",
    "SNOMED-CT": "http://snomed.info/sct",
    "LN": "http://loinc.org",
    "UCUM": "http://unitsofmeasure.org",
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "ICD10": "http://hl7.org/fhir/sid/icd-10",
    "ICD-10": "http://hl7.org/fhir/sid/icd-10",
    "I10C": "http://hl7.org/fhir/sid/icd-10-cm",
    "ICD10CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "ICD-10-CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "I9": "http://hl7.org/fhir/sid/icd-9-cm",
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
    "ICPC2": "urn:oid:1.2.208.176.2.31",
    "FSIII": "urn:oid:1.2.208.176.2.21",
    "FFB": "urn:oid:1.2.208.176.2.22",
    "ISO639": "urn:ietf:bcp:47",
    "ISO3166": "urn:iso:std:iso:3166",
    "ISO3166_1": "urn:iso:std:iso:3166",
}
_SKS = "urn:oid:1.2.208.176.2.4"
_SKS_NAMES = frozenset({"SKS", "SKS-D", "SKSD", _SKS, _SKS.removeprefix("urn:oid:")})
_SKS_DIAGNOSIS = "urn:oid:1.2.208.176.2.4.12"


def parts(node: Any, most: int = 23) -> list[str]:
    """The texts one level below a node: components of a repetition, sub-components of a component."""
    if isinstance(node, Repetition):
        return node.said()[:most]
    if isinstance(node, Component):
        return node.repetition.subcomponents(node.number)
    return [node] if node else []


def local(source: Source, name: str) -> str:
    """A system that belongs to this source alone, so that two sources' equal numbers are never taken for one."""
    return (
        _local(source.id, name) if len(name) < _LONG else f"urn:faellesplan:source:{source.id}:{quote(name, safe='')}"
    )


@lru_cache(maxsize=4096)
def _local(source: str, name: str) -> str:
    return f"urn:faellesplan:source:{source}:{quote(name, safe='')}"


def authority(source: Source, named: list[str]) -> str:
    """The identifier system of an assigning authority (HD: namespace, universal id, its type); `""` for none.

    The source file decides; then an OID, UUID or URI; a name alone belongs to the source.
    """
    namespace, universal, kind = (*named, "", "", "")[:3]
    known = source.authorities
    if known:
        for written in (universal, namespace):
            if written and written in known:
                return known[written]
    if universal:
        system = _universal(universal, kind)
        if system:
            return system
    name = namespace or universal
    return local(source, name) if name else ""


def _universal(text: str, kind: str) -> str:
    kind = kind.upper()
    if _OID.fullmatch(text):
        return f"urn:oid:{text}"
    if kind in ("UUID", "GUID"):
        return f"urn:uuid:{text.lower()}"
    if text.startswith(("http://", "https://", "urn:")) and not re.search(r"\s", text):
        return text
    return ""


def assigner(env: Env, node: Repetition, component: int) -> str:
    """The identifier system of the authority in a component."""
    written = node.part(component)
    if not written:
        return ""
    memo = env.memo
    found: str | None = memo.get(written)
    if found is None:
        found = authority(env.source, node.subcomponents(component))
        if len(written) < _LONG:
            memo[written] = found
    return found


def number(env: Env, node: Repetition, fallback: str) -> Identifier | None:
    """CX as an identifier in its normal spelling; None when it holds no number.

    Without an authority that has a number of its own, type NNDNK (Danish national number) is a CPR number. Anything
    else is of the kind that the source file says for `""` if it is a citizen's, or else a number of the source's own,
    in the system `fallback`.
    """
    value, _, rest = node.raw.partition(node.marks.component)
    if not value.isalnum():  # blanks, escapes, sub-components, repetitions of nothing
        value = node.said()[0]
        if not value:
            return None
    memo, key = env.memo, (number, fallback, rest)
    system: str | None = memo.get(key)
    if system is None:
        system = assigner(env, node, 4)
        if not system:
            named = env.source.authorities.get("") if fallback == "patient" else ""
            system = CPR if node.value(5) == "NNDNK" else named or local(env.source, fallback)
        if len(rest) < _LONG:
            memo[key] = system
    if system.startswith(_OWN) and _CPR.fullmatch(value) and node.value(5) == "NNDNK":
        system = CPR  # a name alone (`CPR`, `SP`) of who gave it says less than that it is the national number
    return normal(system, value)


def is_national(env: Env, node: Repetition, system: str, kind: int) -> bool:
    """Whether the number of a person stands there as the Danish national number, by its type (the component `kind`) or
    by the name of who gave it, where the source file knows no such name."""
    told = node.value(kind) in ("NNDNK", "NNDN") or system == local(env.source, "CPR")
    return told and _CPR.fullmatch(node.said()[0]) is not None


def citizen_number(env: Env, node: Repetition) -> Identifier | None:
    """A citizen's number from PID-3 or MRG-1. Raises Unfit for dummies and for what cannot be such a number.

    A word in the place of a number (`UKENDT`) must not become a key: it would make strangers one person.
    """
    known: Identifier | None = env.message.numbers.get(node.raw)
    if known is not None:
        return known
    found = number(env, node, "patient")
    if found is None:
        return None
    if not names_a_person(found):
        raise Unfit("is a number that stands for nobody")
    env.message.numbers[node.raw] = found
    return found


def facility(source: Source, named: list[str]) -> dict[str, str] | None:
    """HD of a facility as an identifier of the organisation itself: a number of a register, an OID of its own, else
    the source's own code. A code where a register's number should stand is the source's own."""
    namespace, universal, kind = (*named, "", "", "")[:3]
    system = authority(source, [namespace, universal, kind])
    if not system or (system in _REGISTERS and not namespace):
        return None
    if system in _REGISTERS:
        found = normal(system, namespace)
        if _NUMBER.fullmatch(found.value):
            return {"system": found.system, "value": found.value}
    elif universal and system.startswith("urn:"):
        return {"system": "urn:ietf:rfc:3986", "value": system}
    return {"system": local(source, "facility"), "value": namespace or universal}


def coding_system(source: Source, name: str, code: str) -> str:
    """The URI of a coding system as HL7 v2 names it (table 0396); `""` for none.

    SKS diagnoses (`D…`) have a system of their own in DK Core. What nobody else knows belongs to the source.
    """
    if not name:
        return ""
    if name in _SKS_NAMES:
        return _SKS_DIAGNOSIS if code[:1] == "D" and code[1:2].isalpha() else _SKS
    known = source.authorities.get(name) or _SYSTEMS.get(name)
    if known:
        return known
    table = _TABLE.fullmatch(name)
    if table:
        return f"http://terminology.hl7.org/CodeSystem/v2-{table[1]}"
    return _universal(name, "") or local(source, name)
