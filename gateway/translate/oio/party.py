"""The citizen of a case: Sagspart with the role Primær part, told by URN (SF1470 guide 1.7, table of party URNs)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from gateway.domain.identifier import CPR, CVR, FK_ORG, X_ECPR, Identifier, best_first, normal
from gateway.domain.source import Source
from gateway.errors import NoCitizen, WrongType
from gateway.translate.oio.tree import Inside, Node

PERSON_ID = "urn:oio:us:personid"
BORGER_ID = "urn:oio:udk:borgerid"

# The guide's table says udk, its example column us: both are the number of Udbetaling Danmark.
_PERSONS = {
    "cpr-nr": (CPR, re.compile(r"\d{6}[ -]?\d{4}", re.ASCII)),
    "us:personid": (PERSON_ID, re.compile(r"\d{7}", re.ASCII)),
    "udk:borgerid": (BORGER_ID, re.compile(r"\d{12}", re.ASCII)),
    "us:borgerid": (BORGER_ID, re.compile(r"\d{12}", re.ASCII)),
}
_COMPANIES = frozenset({"cvr-nr", "pnr"})
_CVR_DIGITS = 8
_LONGEST = 256  # characters of a number that is remembered: anybody may send longer ones
_UUID_REFERENCE, _URN_REFERENCE = "ReferenceID/UUIDIdentifikator", "ReferenceID/URNIdentifikator"
# A name may hold anything, and is percent-encoded as a URN asks for; numbers hold no colon.
_URN = re.compile(r"urn:oio:(.+?):((?<=:fuldtnavn:).*|[^:]*)", re.IGNORECASE | re.DOTALL)
_NAME = "fuldtnavn"
_X_ECPR = re.compile(r"\d{6}-?[17][A-Z]{2}\d", re.IGNORECASE | re.ASCII)


@dataclass(slots=True)
class Party:
    """The citizen. `name_only`: no number that can stand for a person, so the case's own is the key. `also` are other
    numbers that the same party has, so that both are one person's."""

    identifier: Identifier
    name: str
    name_only: bool
    told_by: Node
    also: tuple[Identifier, ...] = ()

    @property
    def numbers(self) -> tuple[Identifier, ...]:
        """All that is known to be theirs, best first."""
        return (self.identifier, *self.also)

    @property
    def place(self) -> str:
        """Where the message names them."""
        return self.told_by.place


def citizen(primary: Node, uuid: str, source: Source) -> Party:
    """Who a relation with the role Primær part names; `uuid` is the case's. Raises NoCitizen, WrongType with the
    place."""
    reference = _reference(primary)
    urn = primary.said("ReferenceID", "URNIdentifikator")
    name = beside(primary, "FuldtNavn")
    number = beside(primary, "CPR-nr")  # 1.2.STS-4 tells it beside the reference
    if not urn and not number:
        raise NoCitizen(where=reference.place, hint="A primary party is named by URN, never by UUID.")
    found, told = read_urn(urn or f"urn:oio:cpr-nr:{number}", reference)
    beside_it = None if found and found.system == CPR else _cpr(number)  # the reference says who it is
    numbers = (found, beside_it, replacement(beside(primary, "BrugervendtNoegle")))
    persons = best_first([one for one in numbers if one])
    if persons:
        return Party(persons[0], name, False, reference, persons[1:])
    own = Identifier(f"urn:faellesplan:source:{source.id}:case-party", uuid)
    return Party(own, name or told, True, reference)


def _cpr(number: str) -> Identifier | None:
    return normal(CPR, number) if _PERSONS["cpr-nr"][1].fullmatch(number) else None


def replacement(key: str) -> Identifier | None:
    """The national replacement number (X-eCPR) that has no URN and stands as the party's own key, as it is written here
    (write/party.py). A region's own (D-eCPR) does not tell which region gave it, so it names nobody."""
    return normal(X_ECPR, key) if _X_ECPR.fullmatch(key.strip()) else None


def _reference(relation: Node) -> Node:
    if relation.filled and relation.has("ReferenceID"):
        return Inside(relation, "ReferenceID", "")
    return relation.first("ReferenceID") or relation


def beside(relation: Node, name: str) -> str:
    """A text that the index adds to a relation."""
    flat = relation.flat
    if flat is not None:
        own = f"LokalUdvidelseListe/{relation.name}LokalUdvidelse"
        text = flat.get(f"{own}/{name}")
        if text is not None:
            return text
        if own in flat or "LokalUdvidelseListe" not in flat:
            return ""
    return extension(relation).said(name)


def identity_text(relation: Node) -> str:
    """What tells one party or actor from another: its CVR number, else what its reference says."""
    number = cvr_number(relation)
    reference = relation.first("ReferenceID")
    said = "".join(part.text for part in reference.parts) if reference else ""
    return number.value if number else said.lower()


def extension(relation: Node) -> Node:
    """What the index adds to a relation (SagspartLokalUdvidelse, DokumentaktoerLokalUdvidelse, …); an empty node where
    it adds nothing."""
    listed = relation.first("LokalUdvidelseListe")
    found = next((part for part in listed.parts if part.name.endswith("LokalUdvidelse")), None) if listed else None
    return found or Node("LokalUdvidelse", up=relation)


def read_urn(urn: str, told_by: Node) -> tuple[Identifier | None, str]:
    """The number in a party's URN; without one, the name in it."""
    found = _URN.fullmatch(urn.strip())
    kind, value = (found[1].lower(), found[2].strip()) if found else ("", "")
    if kind in _COMPANIES:
        raise WrongType("The primary party is a company, not a citizen.", where=told_by.place)
    if kind == _NAME and value:
        return None, unquote(value)
    if kind not in _PERSONS:
        raise NoCitizen("The primary party's URN is of no known kind.", where=told_by.place)
    system, form = _PERSONS[kind]
    if not form.fullmatch(value):
        raise WrongType("The number in the primary party's URN has the wrong form.", where=told_by.place)
    return normal(system, value), ""


def organisation(reference: Node | None) -> Identifier | None:
    """An actor by UUID (FK Organisation) or URN, None when it has neither."""
    if reference is None:
        return None
    return _organisation(reference.said("UUIDIdentifikator"), reference.said("URNIdentifikator"))


def pointed_at(relation: Node) -> Identifier | None:
    """As `organisation`, of the reference of a relation."""
    flat = relation.flat
    if flat is None:
        return organisation(relation.first("ReferenceID"))
    return _organisation(flat.get(_UUID_REFERENCE, ""), flat.get(_URN_REFERENCE, ""))


def _organisation(uuid: str, urn: str) -> Identifier | None:
    return (_known if len(uuid) + len(urn) <= _LONGEST else _known.__wrapped__)(uuid, urn)


@lru_cache(4096)  # the same few units and people stand in thousands of cases
def _known(uuid: str, urn: str) -> Identifier | None:
    if uuid:
        return normal(FK_ORG, uuid)
    found = _URN.fullmatch(urn)
    if not found or not found[2].strip():
        return None
    kind, value = found[1].lower(), found[2].strip()
    if kind == "cvr-nr":
        return authority(value)
    if kind in _PERSONS:
        return None  # an employee who is named by the number of a citizen: that is nobody's business in a plan
    return normal(f"urn:oio:{kind}", unquote(value) if kind == _NAME else value)


def authority(cvr: str) -> Identifier | None:
    """An authority by its CVR number, None for what is no such number. It may be written `DK 64 94 22 12`."""
    number = cvr if len(cvr) == _CVR_DIGITS else normal(CVR, cvr).value
    return Identifier(CVR, number) if len(number) == _CVR_DIGITS and number.isascii() and number.isdigit() else None


def cvr_number(actor: Node) -> Identifier | None:
    """The CVR number of the authority that an actor is, or belongs to."""
    told = authority(beside(actor, "CVR-Nummer") or beside(actor, "CVR-Nr"))
    if told:
        return told
    named = pointed_at(actor)
    return named if named and named.system == CVR else None
