"""Security labels: which code systems they come from, which of them count, and how confidentiality is ranked.

A label is written `system|code`. Systems: HL7 THO v3-Confidentiality and v3-ActCode (sensitivity), and our own data
classes (profiles/fsh/codes.fsh).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
DATA_CLASS = "https://faellesplan.dk/fhir/CodeSystem/data-class"
OBSERVATION_VALUE = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"

CONFIDENTIALITY_RANK = {code: rank for rank, code in enumerate("ULMNRV")}
"""v3-Confidentiality from unrestricted to very restricted."""

PROTECTED_ADDRESS = f"{DATA_CLASS}|protected-address"
"""Name and address protection (CPR-loven § 28)."""

UNREAD = f"{DATA_CLASS}|unread"
"""It holds something that nobody here could look into: what it tells of is not known."""

# A label without a system cannot be understood, so it counts: a permit cannot cover it.
_COUNTING = (f"{CONFIDENTIALITY}|", f"{ACT_CODE}|", f"{DATA_CLASS}|", "|")


def counts(label: str) -> bool:
    """Whether a label-scoped permit must cover this label; tags for tests and workflow do not count."""
    return label.startswith(_COUNTING)


@lru_cache(maxsize=1024)
def counting(labels: frozenset[str]) -> frozenset[str]:
    """The labels that count (rule 5 of domain/consent)."""
    return frozenset(filter(counts, labels))


def label_of(coding: dict[str, Any]) -> str:
    """`system|code` of a Coding, with empty parts where it has none."""
    return f"{coding.get('system') or ''}|{coding.get('code') or ''}"
