"""The grants and payments in a document, each as it was registered at one time.

SF1490 carries them in `ImporterYdelseIndeksInput` (whole objects), `OpdaterYdelseIndeksInput` (what changed), the
`ImportInput` of each index, a `RegistreringBesked`, and in what a reader of the index gets (`FiltreretOejebliksbillede`
of Laes, List and Fremsoeg). A SOAP envelope around them is looked through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.errors import MissingField, UnknownMessage, WrongType
from gateway.translate.oio.case import unwrapped
from gateway.translate.oio.effect import in_effect, instant, lenient_span
from gateway.translate.oio.outside import ENVELOPES
from gateway.translate.oio.tree import Node, is_uuid
from gateway.translate.ydelse.shape import GRANT, PAYMENT, ROOT

_ENVELOPES = frozenset({"Envelope", "Body"})
_LISTS = ("AttributListe", "TilstandListe", "RelationListe")
_CHANGED = {"OpdaterBevillingIndeks": GRANT, "OpdaterOekonomiskEffektueringIndeks": PAYMENT}
_PICTURES = ("FiltreretOejebliksbillede", "BevillingFiltreretOejebliksbillede",
             "OekonomiskEffektueringFiltreretOejebliksbillede")  # fmt: skip
_REMOVING = frozenset({"FjernInput", "SletInput", "PassiverInput"})
_OF_PAYMENTS = frozenset({"OekonomiskYdelseEffektueringRelation", "OekonomiskEffektueringPart", "Aktoer"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One grant or payment of a document: `node` has the shape of the index's own object. `whole` is False when only
    what changed was sent."""

    event: str
    node: Node
    whole: bool = True

    @property
    def uuid(self) -> str:
        """Its UUID. Raises MissingField, WrongType."""
        place = f"{self.node.place}/UUIDIdentifikator"
        if not (found := self.node.said("UUIDIdentifikator")):
            raise MissingField(where=place)
        if not is_uuid(found):
            raise WrongType(where=place, hint="A UUID is expected.")
        return found


@dataclass(frozen=True, slots=True)
class Registered:
    """A grant or payment as one registration tells it: `root` is what rules read (shape.py), `index` the object with
    this registration alone, `moment` when the sender registered it, `recorded` when the index got it."""

    root: Node
    index: Node
    registration: Node
    moment: datetime
    recorded: datetime

    @property
    def relations(self) -> Node:
        """The registration's RelationListe; an empty one when there is none."""
        return self.registration.first("RelationListe") or Node("RelationListe", f"{self.registration.place}")


def find(document: Node) -> list[Entry]:
    """Every grant and payment. Raises UnknownMessage for another document, MissingField for one without any."""
    document = unwrapped(document, _ENVELOPES)
    if document.name in _REMOVING:
        raise UnknownMessage(
            "A removal names neither the citizen nor the authority",
            where=document.place,
            hint="Send the object again with an effect (Virkning) that has ended.",
        )
    found = list(_entries(document))
    if not found and document.name not in _READ:
        raise UnknownMessage("This is nothing of Ydelsesindeks.", where="line 1", hint=f"Read are {', '.join(_READ)}.")
    if not found:
        raise MissingField("The document holds neither a grant nor a payment.", where=document.place)
    return found


_READ = ("ImporterYdelseIndeksInput", "OpdaterYdelseIndeksInput", "ImportInput", "RegistreringBesked", "LaesOutput",
         "ListOutput", "FremsoegYdelseIndeksOutput", GRANT, PAYMENT)  # fmt: skip
_INNER = frozenset({*_READ, *_CHANGED, *_PICTURES})
READ: dict[str, Collection[str]] = ENVELOPES | dict.fromkeys(_PICTURES, ("ObjektType", "Registrering"))
READ |= {name: _INNER for name in _READ if name not in (GRANT, PAYMENT, "RegistreringBesked")}
"""What is read of each wrapper (translate/oio/outside.py)."""


def _entries(document: Node) -> Iterator[Entry]:
    if document.name in (GRANT, PAYMENT):
        inner = document.each(document.name)  # ImportInputType holds an element of its own name
        yield from (Entry("Importer", one) for one in inner or [document])
    elif document.name == "RegistreringBesked":
        yield Entry("Registrering", document.renamed(_kind(document)))
    elif document.name in _CHANGED:
        yield Entry("Opdater", _as_index(document, _CHANGED[document.name]), whole=False)
    elif document.name in _PICTURES:
        yield Entry("Laes", _of_picture(document))
    elif document.name in _READ:
        for part in document.parts:
            yield from _entries(part)


def _kind(document: Node) -> str:
    """Both indexes call this message by one name: they are told apart by what stands in it."""
    return PAYMENT if any(node.name in _OF_PAYMENTS for node in document.walk()) else GRANT


def _as_index(change: Node, name: str) -> Node:
    """An update has no Registrering around what was registered: put it where the index's object has it."""
    parts = [part for part in change.parts if part.name != "UUIDIdentifikator"]
    return Node(
        name, change.place, parts=[*change.each("UUIDIdentifikator"), Node("Registrering", change.place, parts=parts)]
    )


def _of_picture(picture: Node) -> Node:
    return Node(
        _kind(picture),
        picture.place,
        parts=[*picture.each("ObjektType", "UUIDIdentifikator"), *picture.each("Registrering")],
    )


def check(one: Entry) -> None:
    """An update may tell only what changed; what it does not repeat would be lost, so it must repeat everything.
    Raises MissingField."""
    for name in _LISTS if not one.whole else ():
        if one.node.first("Registrering", name) is None:
            raise MissingField(
                "The update does not tell the whole object.",
                where=f"{one.node.place}/{name}",
                hint="Repeat what did not change, or send the object with Importer.",
            )


def registered(one: Entry, key_of: Callable[[Node], str], zone: ZoneInfo) -> list[Registered]:
    """The object at each of its registrations. `key_of` tells which benefit a BevilgetYdelse is. Raises MissingField,
    WrongType."""
    found = one.node.each("Registrering")
    if not found:
        raise MissingField(where=f"{one.node.place}/Registrering")
    return [_at(one, registration, key_of, zone) for registration in found]


def _at(one: Entry, registration: Node, key_of: Callable[[Node], str], zone: ZoneInfo) -> Registered:
    moment = _time(registration, "Tidspunkt", zone)
    recorded = _time(registration, "StsTidspunkt", zone) or moment
    moment = moment or recorded
    if moment is None or recorded is None:
        raise MissingField(where=f"{registration.place}/Tidspunkt")
    settled = _settled(registration, moment, key_of, zone)
    parts = [part for part in one.node.parts if part.name != "Registrering"]
    index = one.node.holding([*parts, settled])
    return Registered(Node(ROOT, index.place, parts=[index]), index, settled, moment, recorded)


def _time(registration: Node, name: str, zone: ZoneInfo) -> datetime | None:
    text = registration.said(name)
    if not text:
        return None
    try:
        found = instant(text, zone)
    except ValueError:
        found = None
    if found is None:
        raise WrongType(where=f"{registration.place}/{name}", hint="A date with a time is expected.")
    return found.at.astimezone(UTC)


def _settled(registration: Node, moment: datetime, key_of: Callable[[Node], str], zone: ZoneInfo) -> Node:
    """A copy with the properties in force alone, and of each benefit the entry in force behind the others: the fold
    takes the last one that was told (domain/benefit.py)."""

    def start(node: Node) -> datetime:
        begun = lenient_span(node, zone).start
        return begun.at.astimezone(UTC) if begun else datetime.min.replace(tzinfo=UTC)

    def best(rivals: list[Node]) -> Node:
        return max(in_effect(rivals, moment, zone) or rivals, key=start)

    def chosen(listed: Node) -> Node:
        properties = listed.each("Egenskaber")
        benefits: dict[str, list[Node]] = {}
        for node in listed.each("BevilgetYdelse"):
            benefits.setdefault(key_of(node), []).append(node)
        told = [best(properties)] if properties else []
        for rivals in benefits.values():
            last = best(rivals)
            told += [*sorted((one for one in rivals if one is not last), key=start), last]
        others = [one for one in listed.parts if one.name not in ("Egenskaber", "BevilgetYdelse")]
        return listed.holding([*told, *others])

    parts = [chosen(part) if part.name == "AttributListe" else part for part in registration.parts]
    return registration.holding(parts)
