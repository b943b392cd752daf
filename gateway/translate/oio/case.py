"""The cases in a document, each as it was registered at one time.

SF1470 carries a case as `Sag` or, in the index, `SagIndeks`; in `ImporterSagDokumentIndeksInput` (whole cases) and
`OpdaterSagDokumentIndeksInput` (only what changed). A SOAP envelope around them is looked through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.errors import MissingField, UnknownMessage, WrongType
from gateway.translate.oio.effect import in_effect, instant, lenient_span
from gateway.translate.oio.roles import Roles
from gateway.translate.oio.shape import REGISTERED
from gateway.translate.oio.tree import Node

_ENVELOPES = frozenset({"Envelope", "Body", "ImportInput"})
_WHOLE = {"ImporterSagDokumentIndeksInput": "SagIndeks"}
_CHANGED = {"OpdaterSagDokumentIndeksInput": "OpdaterSagIndeks"}
_BARE = frozenset({"Sag", "SagIndeks", "RegistreringBesked"})

# One of each at a time, and the case cannot be understood without it: when none is in force the nearest one counts.
_SINGLE = frozenset({"Egenskaber", "SagIndeksEgenskaber"})
_NEEDED = frozenset({"Ejer", "PrimaerPart", "PrimaerKlasse", "Handlingsklasse"})
_HISTORY = frozenset({"Fremdrift", "Sagsaktoer"})


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a document. `whole` is False when only what changed was sent; `sag` has the shape of a Sag."""

    event: str
    sag: Node
    whole: bool = True

    @property
    def uuid(self) -> str:
        """The case's UUID. Raises MissingField."""
        found = self.sag.said("UUIDIdentifikator")
        if not found:
            raise MissingField(where=f"{self.sag.place}/UUIDIdentifikator")
        return found


@dataclass(frozen=True, slots=True)
class Registered:
    """A case as one registration tells it: `sag` holds this registration alone, and of its properties and
    relations those in force at `moment` (when the sender registered it). `recorded` is when the index got it."""

    sag: Node
    registration: Node
    moment: datetime
    recorded: datetime
    whole: bool


def find(document: Node) -> list[Case]:
    """Every case in the document. Raises UnknownMessage for another document, MissingField for one without cases."""
    while document.name in _ENVELOPES and document.parts:
        document = document.parts[-1]
    if document.name in _BARE:
        return [Case("Sag", replace(document, name="Sag"))]
    if document.name in _WHOLE:
        name = _WHOLE[document.name]
        cases = [Case("Importer", replace(sag, name="Sag")) for sag in document.each(name)]
    elif document.name in _CHANGED:
        name = _CHANGED[document.name]
        cases = [Case("Opdater", _as_sag(change), whole=False) for change in document.each(name)]
    else:
        raise UnknownMessage(
            "This is no OIO case.", where="line 1", hint="Sag, SagIndeks, Importer and Opdater are read."
        )
    if not cases:
        raise MissingField("The document holds no case.", where=f"{document.place}/{name}")
    return cases


def left_out(document: Node) -> list[Node]:
    """What stands beside the cases and is not read: documents of the index."""
    return [node for node in document.walk() if node.name in {"DokumentIndeks", "OpdaterDokumentIndeks"}]


def registered(case: Case, roles: Roles, timezone: ZoneInfo) -> list[Registered]:
    """The case at each of its registrations, in the order of the document. Raises MissingField, WrongType."""
    found = case.sag.each("Registrering")
    if not found:
        raise MissingField(where=f"{case.sag.place}/Registrering")
    return [_at(case, registration, roles, timezone) for registration in found]


def _at(case: Case, registration: Node, roles: Roles, timezone: ZoneInfo) -> Registered:
    moment = _time(registration, "Tidspunkt", timezone)
    recorded = _time(registration, "StsTidspunkt", timezone) or moment
    moment = moment or recorded
    if moment is None or recorded is None:
        raise MissingField(where=f"{registration.place}/Tidspunkt")
    pruned = _pruned(registration, roles, moment, timezone)
    parts = [part for part in case.sag.parts if part.name != "Registrering"]
    return Registered(replace(case.sag, parts=[*parts, pruned]), registration, moment, recorded, case.whole)


def _time(registration: Node, name: str, timezone: ZoneInfo) -> datetime | None:
    text = registration.said(name)
    if not text:
        return None
    try:
        found = instant(text, timezone)
    except ValueError:
        found = None
    if found is None:
        raise WrongType(where=f"{registration.place}/{name}", hint="A date with a time is expected.")
    return found.at.astimezone(UTC)


def _as_sag(change: Node) -> Node:
    """An update has no Registrering around what was registered: put it where a Sag has it."""
    registration = Node("Registrering", change.place, parts=[p for p in change.parts if p.name != "UUIDIdentifikator"])
    return Node("Sag", change.place, parts=[*change.each("UUIDIdentifikator"), registration])


def _pruned(registration: Node, roles: Roles, moment: datetime, timezone: ZoneInfo) -> Node:
    """A copy of which each list keeps what is in force; states and actors keep their history."""

    def start(node: Node) -> datetime:
        begun = lenient_span(node, timezone).start
        return begun.at.astimezone(UTC) if begun else datetime.min.replace(tzinfo=UTC)

    def chosen(listed: Node) -> Node:
        alone: dict[str, list[Node]] = {}
        out: set[int] = set()
        for node in _spread(listed):
            if node.name in _SINGLE or roles.of(node) in _NEEDED:
                alone.setdefault(f"{node.name}|{roles.of(node)}", []).append(node)
            elif node.name not in _HISTORY and not in_effect([node], moment, timezone):
                out.add(id(node))
        for rivals in alone.values():
            best = max(in_effect(rivals, moment, timezone) or rivals, key=start)
            out.update(id(node) for node in rivals if node is not best)
        return _without(listed, out)

    parts = [chosen(part) if part.name in REGISTERED else part for part in registration.parts]
    return replace(registration, parts=parts)


def _spread(listed: Node) -> Iterator[Node]:
    """The items of a list, those of its extension (LokalUdvidelseListe) included."""
    for part in listed.parts:
        if part.name == "LokalUdvidelseListe":
            yield from part.parts
        else:
            yield part


def _without(listed: Node, out: set[int]) -> Node:
    parts = [
        _without(part, out) if part.name == "LokalUdvidelseListe" else part
        for part in listed.parts
        if id(part) not in out
    ]
    return replace(listed, parts=parts)
