"""Elements of a provision that hold codes: alternatives, compared literally by system and code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.domain.security_label import label_of

NO, MAYBE, YES = 0b00, 0b01, 0b11
"""How well a provision's element matches. MAYBE: something in it is not understood (rule 11). Each holds the bits of
the weaker ones: what several come to together is `a & b`, without the call that `min` would be for every resource."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The understood alternatives of one element; `vague` when there are others that cannot be understood."""

    values: frozenset[str]
    vague: bool = False

    def grade(self, key: str) -> int:
        """How well one code matches."""
        if key in self.values:
            return YES
        return MAYBE if self.vague else NO

    def grade_any(self, keys: frozenset[str]) -> int:
        """How well any of several codes matches."""
        if not self.values.isdisjoint(keys):
            return YES
        return MAYBE if self.vague else NO


def codings(value: Any) -> Codes:
    """A list of Coding (securityLabel, purpose, class)."""
    if not isinstance(value, list) or not value:
        return Codes(frozenset(), True)
    known = [_key(item) for item in value]
    return Codes(frozenset(filter(None, known)), not all(known))


def concepts(value: Any) -> Codes:
    """A list of CodeableConcept (action, code): the codings of one say the same thing, so any of them matches."""
    if not isinstance(value, list) or not value:
        return Codes(frozenset(), True)
    found = [codings(item.get("coding")) if isinstance(item, dict) else Codes(frozenset(), True) for item in value]
    return Codes(frozenset().union(*(c.values for c in found)), not all(c.values for c in found))


def concept(value: Any) -> frozenset[str]:
    """The codings of one CodeableConcept, as far as they can be understood."""
    return codings(value.get("coding")).values if isinstance(value, dict) else frozenset()


def _key(coding: Any) -> str:
    if not isinstance(coding, dict):
        return ""
    system, code = coding.get("system"), coding.get("code")
    return label_of(coding) if isinstance(system, str) and isinstance(code, str) and system and code else ""
