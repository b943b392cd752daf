"""Sender, receiver and patient of a letter that goes out, from FHIR references and a Patient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from gateway.domain.identifier import CPR, GLN, SOR, YDER, Identifier, best_first, normal
from gateway.errors import MissingField, NoCitizen
from gateway.translate.oioxml.persons import DEPARTMENT, MUNICIPALITY
from gateway.translate.oioxml.writing import add, clean, cut
from gateway.translate.rules.codes import CodeTable

Json = dict[str, Any]

NO_PHONE = "0000 0000"
"""What MedCom's conversion service writes where no telephone number is known."""

# How a letter names a party, the surest first.
_CODES = (
    (MUNICIPALITY, "kommunenummer"), (SOR, "sorkode"), (YDER, "ydernummer"), (DEPARTMENT, "sygehusafdelingsnummer"),
    (GLN, "lokationsnummer"),
)  # fmt: skip
_NAMES = ("OrganisationName", "DepartmentName", "UnitName")


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a letter. `names` are organisation, department and unit, as far as they are told."""

    ean: str
    number: str
    code: str
    names: tuple[str, ...]
    phone: str = ""


def party(
    reference: Json, contained: Iterable[Json], locations: CodeTable, where: str, known: Iterable[Identifier] = ()
) -> Party:
    """Who a logical reference means, with every number that is known of it.

    The EAN is its own, that of the contained Organization it points at, or that of mappings/codes/locations.csv.
    Raises MissingField without one: no network would carry the letter.
    """
    inside = next((one for one in contained if f"#{one.get('id')}" == reference.get("reference")), {})
    said = [reference.get("identifier", {}), *inside.get("identifier", ())]
    numbers = [normal(one["system"], one["value"]) for one in said if one.get("system") and one.get("value")]
    numbers += list(known)
    rows = [row for one in numbers if (row := locations.find(one.system, one.value)) is not None]
    numbers += [Identifier(GLN, row.target_code) for row in rows if row.target_code]
    ean = next((one.value for one in numbers if one.system == GLN), "")
    if not ean:
        raise MissingField("No location number (EAN) is known.", where=where, hint="See mappings/codes/locations.csv.")
    number, code = next((one.value, code) for system, code in _CODES for one in numbers if one.system == system)
    name = reference.get("display") or inside.get("name") or next((row.display for row in rows if row.display), ean)
    phones = [one.get("value", "") for one in inside.get("telecom", ()) if one.get("system") == "phone"]
    return Party(ean, number, code, tuple(clean(name).split(", ", 2)), clean(next(iter(phones), "")))


def add_party(letter: etree._Element, name: str, who: Party, *, speciality: str = "", phone: bool = False) -> None:
    """A Sender or Receiver element, as every schema begins it."""
    made = add(letter, name)
    number = who.number.lstrip("0") if who.code == "kommunenummer" else who.number
    for tag, text in (
        ("EANIdentifier", cut(who.ean, 17)),
        ("Identifier", cut(number, 17)),
        ("IdentifierCode", who.code),
    ):
        add(made, tag, text)
    for tag, text in zip(_NAMES, (cut(who.names[0], 35) or who.ean, *who.names[1:]), strict=False):
        if cut(text, 35):
            add(made, tag, cut(text, 35))
    if phone:
        add(made, "TelephoneSubscriberIdentifier", cut(who.phone, 25) or NO_PHONE)
    if speciality:
        add(made, "MedicalSpecialityCode", speciality)


def numbers_of(patient: Json) -> tuple[Identifier, ...]:
    """The citizen's numbers, the CPR number first, X-eCPR before D-eCPR. Raises NoCitizen."""
    said = [one for one in patient.get("identifier", ()) if one.get("system") and one.get("value")]
    found = best_first([normal(one["system"], one["value"]) for one in said])
    if not found:
        raise NoCitizen(where="Patient.identifier")
    return found


def add_number(patient: etree._Element, number: Identifier) -> None:
    """CivilRegistrationNumber, else AlternativeIdentifier, which has ten characters. Raises NoCitizen."""
    if number.system == CPR:
        add(patient, "CivilRegistrationNumber", number.value)
    elif len(number.value) == 10:
        add(patient, "AlternativeIdentifier", number.value)
    else:
        raise NoCitizen("The citizen's number has no place in a letter: ten characters.", where="Patient.identifier")


def add_name(element: etree._Element, patient: Json) -> None:
    """Surname and given names; a citizen without a name is told as such, as the surname is required."""
    names: list[Mapping[str, Any]] = patient.get("name") or [{}]
    name = next((one for one in names if one.get("use") == "official"), names[0])
    given = cut(" ".join(name.get("given", ())), 70)
    add(element, "PersonSurnameName", cut(name.get("family") or name.get("text", ""), 70) or "Ukendt")
    if given:
        add(element, "PersonGivenName", given)


def add_address(element: etree._Element, patient: Json) -> None:
    """The first address, unless name and address are protected (CPR-loven § 28)."""
    hidden = any(one.get("code") in ("R", "V") for one in patient.get("meta", {}).get("security", ()))
    address = next(iter(patient.get("address", ())), None)
    if hidden or address is None:
        return
    parts = (
        ("StreetName", ", ".join(address.get("line", ()))),
        ("SuburbName", address.get("district", "")),
        ("DistrictName", address.get("city", "")),
        ("PostCodeIdentifier", address.get("postalCode", "")),
    )
    for tag, text in parts:
        if short := cut(text, 9 if tag == "PostCodeIdentifier" else 35):
            add(element, tag, short)
