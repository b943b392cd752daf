"""Identifiers of citizens and organisations: one spelling of each, and which of them can stand for a person.

The same number comes under several names of its system and with or without prefix, hyphen and capital letters.
`normal` makes one identifier of all of them: it is what citizens, organisations, senders and clients are known by. The
systems of the field are listed here, as nobody may switch them off; what a sender writes beside them is a row of
mappings/identifier-systems.csv (`learn`).

No check digit is ever enforced: CPR numbers without modulus 11 have been issued since 2007, and the official test
numbers fail it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

CPR = "urn:oid:1.2.208.176.1.2"
X_ECPR = "urn:oid:1.2.208.176.1.6.1.1"
D_ECPR = "urn:oid:1.2.208.176.1.6.1.3"
"""Replacement numbers of one region or hospital; below it one system for each region that has one of its own."""

SOR = "urn:oid:1.2.208.176.1.1"
CVR = "http://cvr.dk"
GLN = "http://www.gs1.org/gln"
FK_ORG = "https://kombit.dk/sts/organisation"
YDER = "urn:oid:1.2.208.176.1.4"
PRODUCTION_UNIT = "urn:oio:pnr"
PERSON_ID = "urn:oio:us:personid"
"""Number of a foreigner without CPR (Udlændingestyrelsen), seven digits."""

BORGER_ID = "urn:oio:udk:borgerid"
"""Number of a citizen without CPR at Udbetaling Danmark, twelve digits."""

_REGIONS = ("177", "179", "181", "183", "187")  # Sjælland, Nordjylland, Midtjylland, Syddanmark, Hovedstaden
_URN = "urn:ietf:rfc:3986"  # the system that FHIR gives a value which is a URN itself
_TEN_DIGITS = re.compile(r"\d{10}", re.ASCII)
_ECPR = re.compile(r"\d{7}[A-Z]{2}\d", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SPACES = re.compile(r"\s+")
_SPACES_AND_HYPHENS = re.compile(r"[\s\u2010-\u2015-]+")

# Ten digits that systems write when they have no number, or hide it; as keys they would merge strangers.
_NOBODY = frozenset({"0000000000", "1111111111", "9999999999"})


@dataclass(slots=True, order=True, unsafe_hash=True)
class Identifier:
    """One number in one system, in its normal spelling. Nobody changes one, so it may be a key of sets; it is not
    frozen since that takes twice as long to make, and every message makes several."""

    system: str
    value: str

    @property
    def key(self) -> str:
        """`system|value`, as FHIR token search writes it."""
        return f"{self.system}|{self.value}"


def _digits(value: str) -> str:
    return value if value.isdecimal() else _SPACES.sub("", value)


def _personal(value: str) -> str:
    return value if value.isdecimal() else _SPACES_AND_HYPHENS.sub("", value).upper()


def _company(value: str) -> str:
    return _digits(value).upper().removeprefix("DK")


def _unit(value: str) -> str:
    return value.lower().removeprefix("urn:uuid:")


def _clinic(value: str) -> str:
    """Six digits; a number type loses the first."""
    number = _digits(value)
    return number.zfill(6) if number.isdecimal() else number


# How the numbers of each system are spelled.
_FORMS: dict[str, Callable[[str], str]] = {
    CPR: _personal, X_ECPR: _personal, D_ECPR: _personal, **{f"{D_ECPR}.{one}": _personal for one in _REGIONS},
    PERSON_ID: _digits, BORGER_ID: _digits, SOR: _digits, GLN: _digits, PRODUCTION_UNIT: _digits,
    YDER: _clinic, CVR: _company, FK_ORG: _unit,
}  # fmt: skip

SYSTEMS = tuple(_FORMS)
"""The systems whose spellings are known."""

_FIELD = {
    "urn:oio:cpr-nr": CPR,
    "urn:oio:cvr-nr": CVR,
    "urn:oid:1.3.184": CVR,  # NamingSystem
    "urn:oid:1.3.198": CVR,  # the invariant of DK Core's organisation
    "https://www.gs1.org/gln": GLN,  # DK Core before 3.5.0, MedCom's examples
    "urn:oid:1.3.88": GLN,
    "https://www.kombit.dk/organisation": FK_ORG,  # FFB reporting
}


def _with_bare_oids(names: Mapping[str, str]) -> dict[str, str]:
    """Names of systems in small letters, OIDs without their prefix too."""
    small = {name.lower(): meant for name, meant in names.items()}
    return small | {name.removeprefix("urn:oid:"): meant for name, meant in small.items()}


_KNOWN = _with_bare_oids({one: one for one in SYSTEMS} | _FIELD)
NAMES = frozenset(_KNOWN)
"""Every name of a system that means what it means, in small letters."""

_learned: dict[str, str] = {}


def learn(names: Mapping[str, str]) -> None:
    """Read further names of systems from now on, of this process; called once at start. None of them can change what
    the field's own names mean, so that what was keyed by them stays what it is."""
    further = _with_bare_oids({name: meant for name, meant in names.items() if name.lower() not in _KNOWN})
    _learned.clear()
    _learned.update(further)


def means(system: str) -> str:
    """The one name of a system; its own where nobody knows another."""
    if system in _FORMS:
        return system
    name = system.strip()
    small = name.lower().rstrip("/")
    return _KNOWN.get(small) or _learned.get(small) or name


def normal(system: str, value: str) -> Identifier:
    """The one spelling of an identifier: known names of its system folded, hyphens, prefixes and small letters taken
    away.

    >>> normal("urn:oid:1.2.208.176.1.2", "251248-9996").value
    '2512489996'
    >>> normal("urn:ietf:rfc:3986", "urn:oio:cvr-nr:64942212")
    Identifier(system='http://cvr.dk', value='64942212')
    """
    meant, value = means(system), value.strip()
    if value[:4].lower() == "urn:":
        meant, value = _apart(meant, value)
    form = _FORMS.get(meant)
    return Identifier(meant, form(value) if form else value)


def spelled(key: str) -> str:
    """`system|value` in the one spelling of its identifier; what names no system as it is."""
    system, bar, value = key.partition("|")
    return normal(system, value).key if bar else key


def _apart(system: str, urn: str) -> tuple[str, str]:
    """A value that names its own system, told apart; as it is where the two contradict each other."""
    head, _, number = urn.rpartition(":")
    named = means(head)
    return (named, number) if named in _FORMS and system in (named, _URN, "") else (system, urn)


def bare(value: str) -> str:
    """A number without the system that may stand in front of it: `urn:oio:cvr-nr:64942212`, `urn:uuid:…`."""
    found = normal("", value)
    return found.value if found.system else _unit(value.strip()) if value[:9].lower() == "urn:uuid:" else value.strip()


def is_a_citizens(system: str) -> bool:
    """Whether the numbers of a system are those of citizens: whoever works with a case is not told by one."""
    return system in (CPR, X_ECPR, PERSON_ID, BORGER_ID) or system.startswith(D_ECPR)


def names_a_person(identifier: Identifier) -> bool:
    """Whether this number can be the key of a citizen: not empty, no dummy, and built as its system builds numbers: a
    word in the place of a number would make strangers one person."""
    system, value = identifier.system, identifier.value
    if not system or not value or value in _NOBODY or not value.strip("0"):
        return False
    if not (system.isprintable() and value.isprintable()) and (_CONTROL.search(system) or _CONTROL.search(value)):
        return False
    if system == CPR:
        return bool(_TEN_DIGITS.fullmatch(value)) and not value.endswith("0000")  # serial numbers begin at 0001
    if system == X_ECPR or system.startswith(D_ECPR):
        return bool(_ECPR.fullmatch(value))
    return True


def rank(identifier: Identifier) -> int:
    """How well a number stands for a person: CPR 0, X-eCPR 1, D-eCPR 2, any other 3."""
    if identifier.system == CPR:
        return 0
    if identifier.system == X_ECPR:
        return 1
    return 2 if identifier.system.startswith(D_ECPR) else 3


def best_first(identifiers: list[Identifier]) -> tuple[Identifier, ...]:
    """The usable ones, without repetition, the strongest first; ties in spelling order."""
    return ranked([i for i in identifiers if names_a_person(i)])


def ranked(identifiers: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """Usable ones as `best_first` orders them."""
    return tuple(sorted(set(identifiers), key=lambda i: (rank(i), i.system, i.value)))
