"""What an assertion says of a person: organisation, name, level of assurance, and privileges with their constraints.

OIOSAML 3.0.3 and the earlier attribute names; privileges by OIO Basic Privilege Profile 1.2 (base64 of XML). A
constraint that is not understood closes its group: a right that someone limited is never taken for unlimited.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from gateway.domain.identifier import CVR
from gateway.domain.limits import ANY
from gateway.errors import GatewayError
from gateway.translate.saml.assertion import Assertion, BadAssertion
from gateway.translate.xml import local, parse

LEVELS = ("low", "substantial", "high")
"""NSIS, the weakest first."""
_PROFESSIONAL = "https://data.gov.dk/model/core/eid/professional"
_CVR = (f"{_PROFESSIONAL}/cvr", "dk:gov:saml:attribute:CvrNumberIdentifier")
_NAME = ("https://data.gov.dk/model/core/eid/fullName", "urn:oid:2.5.4.3")
_PERSON = (f"{_PROFESSIONAL}/uuid/persistent", f"{_PROFESSIONAL}/rid", "urn:oid:0.9.2342.19200300.100.1.1")
_LEVEL = ("https://data.gov.dk/concept/core/nsis/loa",)
_PRIVILEGES = (
    "https://data.gov.dk/model/core/eid/privilegesIntermediate",
    "dk:gov:saml:attribute:Privileges_intermediate",
)
_SCOPE = re.compile(r"urn:dk:gov:saml:cvrNumberIdentifier:([0-9]{8})")
_KLE = re.compile(r"https?://[^/]+/constraints/KLE(?:/[0-9]+)?", re.IGNORECASE)
_CLASS = re.compile(r"(\d\d(?:\.\d\d(?:\.\d\d)?)?)(?:\.?\*(?:\.\*)*)?|\*", re.ASCII)
_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Right:
    """One privilege, limited to KLE classes (beginnings of their numbers); with none, not limited."""

    role: str
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What an issuer says of a person. `level` is the NSIS level in lower case, "" when nothing is said."""

    organisation: str  # identifier key
    user: str
    user_name: str = ""
    level: str = ""
    rights: tuple[Right, ...] = ()


def said(assertion: Assertion) -> Said:
    """The attributes of an assertion. Raises BadAssertion."""
    given = assertion.attributes
    cvr = _first(given, _CVR)
    if not re.fullmatch(r"[0-9]{8}", cvr):
        raise BadAssertion("It names no organisation by CVR")
    return Said(
        organisation=f"{CVR}|{cvr}",
        user=_first(given, _PERSON) if given.keys() & set(_PERSON) else assertion.subject,
        user_name=_first(given, _NAME),
        level=_first(given, _LEVEL).lower(),
        rights=rights(_first(given, _PRIVILEGES), cvr),
    )


def rights(told: str, cvr: str) -> tuple[Right, ...]:
    """The privileges of one organisation in a PrivilegeList. Raises BadAssertion."""
    if not told:
        return ()
    try:
        raw = base64.b64decode("".join(told.split()), validate=True)
        root = parse(raw, limit=_MOST_BYTES)
    except (binascii.Error, ValueError, GatewayError):
        raise BadAssertion("Its privileges cannot be read") from None
    if local(root.tag) != "PrivilegeList":
        raise BadAssertion("Its privileges are no PrivilegeList")
    return tuple(right for group in root if local(group.tag) == "PrivilegeGroup" for right in _group(group, cvr))


def _group(group: etree._Element, cvr: str) -> list[Right]:
    match = _SCOPE.fullmatch(group.get("Scope", ""))
    if match is None or match[1] != cvr:
        return []
    classes: list[str] = []
    for constraint in (one for one in group if local(one.tag) == "Constraint"):
        found = _classes((constraint.text or "").split(",")) if _KLE.fullmatch(constraint.get("Name", "")) else None
        if not found:
            return []
        classes += found
    roles = [(one.text or "").strip() for one in group if local(one.tag) == "Privilege"]
    return [Right(role, tuple(dict.fromkeys(classes))) for role in roles if role]


def _classes(values: Sequence[str]) -> list[str] | None:
    """KLE numbers without their wildcards; None when one of them is none."""
    matches = [_CLASS.fullmatch(value.strip()) for value in values]
    return [match[1] or ANY for match in matches if match] if all(matches) else None


def _first(given: Mapping[str, tuple[str, ...]], names: Sequence[str]) -> str:
    """The one value of the first attribute that is there. Raises BadAssertion for several: which one counts?"""
    for name in names:
        values = given.get(name)
        if values is None:
            continue
        if len(values) > 1:
            raise BadAssertion("An attribute that has one value has several")
        return values[0] if values else ""
    return ""
