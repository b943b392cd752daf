"""An Emessage with its letter: who, to whom, about whom, when, checked as far as every letter needs it.

What MedCom's schemas ask beyond this (lengths, the order of elements) is not asked: a letter that can be understood is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from lxml import etree

from gateway.domain.identifier import CPR, D_ECPR, X_ECPR, Identifier, best_first, normal
from gateway.errors import MissingField, NoCitizen, RuleBroken, UnknownMessage, WrongType
from gateway.translate.oioxml import tree

ROOT = "Emessage"
RECEIPTS = frozenset({"NegativeVansReceipt", "NegativeVANSReceipt", "NegativeReceipt", "PositiveReceipt"})
_ONCE = ("Letter", "Sender", "Receiver", "Patient")
_MOST = {"ClinicalInformation": 10, "Reference": 10, "BinaryObject": 10}
_CPR = re.compile(r"\d{10}", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?", re.ASCII)  # xs:date may have a zone; the time has none
_ECPR = re.compile(r"\d{6}([01567])[A-Z]{2}\d", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class Letter:
    """One letter: `kind` is its element's name, `number` Letter/Identifier, `status` Letter/StatusCode."""

    node: etree._Element
    kind: str
    number: str
    ean: str
    status: str

    @property
    def id(self) -> str:
        """`<sender's EAN>#<Letter/Identifier>`."""
        return f"{self.ean}#{self.number}"

    @property
    def receipt(self) -> bool:
        """Whether it answers another letter."""
        return self.kind in RECEIPTS


@dataclass(frozen=True, slots=True, eq=False)
class Emessage:
    """An envelope and its letter."""

    root: etree._Element
    number: str
    letter: Letter

    def sent(self, zone: tzinfo) -> datetime | None:
        """When the envelope was sent."""
        node = tree.part(self.root, "Envelope", "Sent")
        return moment(node, zone) if node is not None else None


def emessage(root: etree._Element) -> Emessage:
    """The letter in a letter tree. Of several each is read by itself (several.py).

    Raises UnknownMessage, MissingField, RuleBroken.
    """
    if tree.name(root) != ROOT:
        raise UnknownMessage("This is no Emessage.", where=tree.name(root))
    envelope = tree.part(root, "Envelope")
    if envelope is None:
        raise MissingField(where=f"{ROOT}/Envelope")
    nodes = [node for node in root if tree.name(node) not in ("Envelope", "Local_Elements")]
    if not nodes:
        raise MissingField("There is no letter in it.", where=ROOT)
    if len(nodes) > 1:
        where = tree.place(nodes[1])
        raise RuleBroken(f"The message holds {len(nodes)} letters.", where=where, hint="They are read one by one.")
    return Emessage(root, _needed(envelope, "Identifier"), _letter(nodes[0]))


def _letter(node: etree._Element) -> Letter:
    for name in _ONCE:
        if len(tree.parts(node, name)) > 1:
            raise RuleBroken(f"A letter has one {name}.", where=f"{tree.place(node)}/{name}[2]")
    for name, most in _MOST.items():
        if len(tree.parts(node, name)) > most:
            raise RuleBroken(f"A letter has at most {most} of these.", where=f"{tree.place(node)}/{name}[{most + 1}]")
    return Letter(
        node=node,
        kind=tree.name(node),
        number=_needed(node, "Letter", "Identifier"),
        ean=_needed(node, "Sender", "EANIdentifier"),
        status=tree.said(node, "Letter", "StatusCode"),
    )


def senders(letter: Letter) -> tuple[str, ...]:
    """How sources are named, the surest first: municipality number, SOR number, EAN, department number.

    One EAN serves several municipalities, so their number goes before it.
    """
    code, number = tree.said(letter.node, "Sender", "IdentifierCode"), tree.said(letter.node, "Sender", "Identifier")
    if code == "kommunenummer":
        return tuple(filter(None, (municipality(number), letter.ean)))
    if code == "sorkode":
        return (number, letter.ean)
    return tuple(filter(None, (letter.ean, number)))


def municipality(number: str) -> str:
    """A municipality's number with its four digits; "" for what is none (an EAN in its place).

    >>> municipality("101")
    '0101'
    """
    return number.zfill(4) if re.fullmatch(r"0?\d{3}", number, re.ASCII) else ""


def citizen(letter: Letter, own: str) -> tuple[Identifier, ...]:
    """Whom the letter is about. `own` is the identifier system of a number that only the sender knows.

    Raises NoCitizen, WrongType, RuleBroken.
    """
    patient = tree.part(letter.node, "Patient")
    if patient is None:
        raise NoCitizen(where=f"{tree.place(letter.node)}/Patient")
    cpr, other = tree.said(patient, "CivilRegistrationNumber"), tree.said(patient, "AlternativeIdentifier")
    if cpr and other:
        raise RuleBroken("A citizen is named by one number.", where=f"{tree.place(patient)}/AlternativeIdentifier")
    if replacement(cpr):
        cpr, other = "", cpr  # a replacement number in the place of the real one
    if cpr and not _CPR.fullmatch(cpr.replace("-", "")):
        raise WrongType("A CPR number has ten digits.", where=f"{tree.place(patient)}/CivilRegistrationNumber")
    found = best_first([normal(CPR, cpr) if cpr else normal(replacement(other) or own, other)])
    if not found:
        raise NoCitizen(where=tree.place(patient))
    return found


def replacement(number: str) -> str:
    """The system of a replacement CPR number, by how it is built; "" for a number that is built otherwise.

    >>> replacement("0703921VJ5")
    'urn:oid:1.2.208.176.1.6.1.1'
    """
    found = _ECPR.fullmatch(number.upper())
    if not found:
        return ""
    return X_ECPR if found[1] in "17" else D_ECPR


def moment(node: etree._Element, zone: tzinfo) -> datetime:
    """A Date with its Time or TimeWithSec, in UTC; without a time the start of that day. Raises WrongType."""
    day, clock = tree.said(node, "Date"), tree.said(node, "TimeWithSec") or tree.said(node, "Time") or "00:00"
    found = _DAY.fullmatch(day)
    if found and _CLOCK.fullmatch(clock):
        try:
            return datetime.fromisoformat(f"{found[1]}T{clock}").replace(tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise WrongType("This is no date and time.", where=tree.place(node))


def _needed(node: etree._Element, *path: str) -> str:
    text = tree.said(node, *path)
    if not text:
        raise MissingField(where="/".join((tree.place(node), *path)))
    return text
