"""The cases and documents in what was sent, each as it was registered at one time.

SF1470 carries a case as `Sag` or, in the index, `SagIndeks`, and a document as `DokumentIndeks`; in
`ImporterSagDokumentIndeksInput` (whole ones), `OpdaterSagDokumentIndeksInput` and `RetSagDokumentIndeksInput` (only
what changed) and `FremsoegSagDokumentIndeksOutput` (what the index answers with). `FjernSagDokumentIndeksInput`,
`FjernInput` and `SletInput` name what is taken out; operations.py has the rest. A SOAP envelope around them is looked
through.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.errors import MissingField, RuleBroken, UnknownMessage, WrongType
from gateway.translate.oio import operations
from gateway.translate.oio.effect import moment_of
from gateway.translate.oio.notes import Note
from gateway.translate.oio.outside import ENVELOPES
from gateway.translate.oio.roles import Roles
from gateway.translate.oio.tree import Node, is_uuid

SAG = "Sag"
DOKUMENT = "Dokument"

_ENVELOPES = frozenset({"Envelope", "Body", "ImportInput"})
_BARE = {"Sag": SAG, "SagIndeks": SAG, "DokumentIndeks": DOKUMENT, "Dokument": DOKUMENT}
# What stands in each wrapper, what it is, and whether it is told as a whole.
_WRAPPERS: dict[str, dict[str, tuple[str, bool]]] = {
    "ImporterSagDokumentIndeksInput": {"SagIndeks": (SAG, True), "DokumentIndeks": (DOKUMENT, True)},
    "OpdaterSagDokumentIndeksInput": {"OpdaterSagIndeks": (SAG, False), "OpdaterDokumentIndeks": (DOKUMENT, False)},
    "RetSagDokumentIndeksInput": {"RetSagIndeks": (SAG, False), "RetDokumentIndeks": (DOKUMENT, False)},
    "FremsoegSagDokumentIndeksOutput": {
        "SagFiltreretOejebliksbillede": (SAG, True), "DokumentFiltreretOejebliksbillede": (DOKUMENT, True),
    },
}  # fmt: skip
READ: dict[str, Collection[str]] = ENVELOPES | {name: tuple(inner) for name, inner in _WRAPPERS.items()}
READ |= dict.fromkeys(("FjernSagDokumentIndeksInput", "FjernInput", "SletInput"), ("SagUuid", "UUIDIdentifikator"))
READ |= dict.fromkeys(operations.ANSWERS, (operations.PICTURE,)) | {
    "ImportInput": ("Sag", "SagIndeks", "DokumentIndeks")
}
READ |= dict.fromkeys(
    (operations.PICTURE, *_WRAPPERS["FremsoegSagDokumentIndeksOutput"]), ("ObjektType", "Registrering")
)
"""What is read of each wrapper (outside.py)."""
_EVENTS = {name: name.partition("SagDokument")[0] for name in _WRAPPERS}
_REMOVALS = frozenset({"FjernSagDokumentIndeksInput", "FjernInput", "SletInput"})


@dataclass(slots=True)
class Case:
    """One case or document. `sag` has the shape of a Sag and the name `Sag` or `Dokument`. `whole` is False when only
    what changed was sent; `removed` says that it is taken out: then `sag` holds nothing but its UUID."""

    event: str
    sag: Node
    whole: bool = True
    removed: bool = False
    _uuid: str = ""

    @property
    def uuid(self) -> str:
        """Its UUID. Raises MissingField, WrongType."""
        if not self._uuid:
            found = self.sag.first("UUIDIdentifikator")
            if found is None or not found.text:
                raise MissingField(where=found.place if found else f"{self.sag.place}/UUIDIdentifikator")
            if not is_uuid(found.text):
                raise WrongType(where=found.place, hint="A UUID is expected.")
            self._uuid = found.text
        return self._uuid


@dataclass(slots=True)
class Registered:
    """A case or document as one registration tells it: `sag` holds this registration alone, `listed` what it tells
    (Roles.listed). `moment` is when the sender registered it, `recorded` when the index got it."""

    sag: Node
    registration: Node
    listed: Mapping[str, list[Node]]
    moment: datetime
    recorded: datetime
    whole: bool
    _notes: dict[str, Note] = field(default_factory=dict)

    @property
    def is_document(self) -> bool:
        """Whether it is a document, no case."""
        return self.sag.name == DOKUMENT

    def relations(self, *names: str, role: str = "") -> list[Node]:
        """Its relations of these kinds that say anything, in document order within a kind; of one role alone where it
        is told."""
        beside = f"[{role}]" if role else ""
        return [node for name in names for node in self.listed.get(f"Registrering/RelationListe/{name}{beside}", ())]

    @property
    def states(self) -> list[tuple[Node, str]]:
        """Its states, each with its code."""
        found = self.listed.get("Registrering/TilstandListe/Fremdrift", ())
        return [(node, node.said("FremdriftStatusKode")) for node in found]

    def note(self, text: str) -> Note:
        """The journal note in a text, which is read once. Raises Unfit."""
        if text not in self._notes:
            self._notes[text] = Note(text)
        return self._notes[text]


def unwrapped(document: Node, envelopes: frozenset[str]) -> Node:
    """What is in envelopes of these names. Raises RuleBroken for a SOAP body of several messages: one is answered."""
    while document.name in envelopes and document.parts:
        if document.name == "Body" and len(document.parts) > 1:
            raise RuleBroken(
                "A SOAP body holds one message.", where=document.parts[1].place, hint="Send the others in their own."
            )
        document = document.parts[-1]
    return document


def find(document: Node) -> list[Case]:
    """Every case and document. Raises UnknownMessage for another message, MissingField for one without any."""
    document = unwrapped(document, _ENVELOPES)
    if document.name in _BARE:
        for one in document.each("Registrering"):
            operations.refuse_old(document, one)
        return [Case(_BARE[document.name], document.renamed(_BARE[document.name]))]
    if document.name == "RegistreringBesked":
        return [Case("Sag", document.renamed(_told_kind(document)))]
    if document.name in _REMOVALS:
        return _removals(document)
    if document.name == operations.CREATES:
        return [Case("Opret", operations.created(document, _kind_of(document.each("RelationListe"))))]
    if document.name in operations.ANSWERS:
        return _answered(document)
    operations.refuse(document)
    if document.name not in _WRAPPERS:
        raise UnknownMessage(
            "This is no OIO case or document.",
            where="line 1",
            hint="Sag, SagIndeks, DokumentIndeks, Importer, Opdater, Opret and Fjern are read.",
        )
    cases = list(_wrapped(document))
    if not cases:
        names = " or ".join(_WRAPPERS[document.name])
        raise MissingField("The message holds no case and no document.", where=f"{document.place}/{names}")
    return cases


def _wrapped(document: Node) -> Iterator[Case]:
    event = _EVENTS[document.name]
    for part in document.parts:
        if part.name in _WRAPPERS[document.name]:
            name, whole = _WRAPPERS[document.name][part.name]
            if event == "Fremsoeg":
                yield Case("Importer", _of_picture(part, name))
            else:
                yield Case(event, part.renamed(name) if whole else _of_change(part, name), whole)


def _told_kind(document: Node) -> str:
    """Both indexes call this message by one name: they are told apart by the relations in it."""
    return _kind_of(document.each("Registrering", "RelationListe"))


def _kind_of(lists: Sequence[Node]) -> str:
    return DOKUMENT if any(part.name.startswith("Dokument") for one in lists for part in one.parts) else SAG


def _answered(document: Node) -> list[Case]:
    """What the index answered when somebody read there."""
    pictures = document.each(operations.PICTURE)
    if not pictures:
        raise MissingField("The answer holds no case and no document.", where=f"{document.place}/{operations.PICTURE}")
    return [Case("Importer", _of_picture(one, _told_kind(one))) for one in pictures]


def _of_picture(picture: Node, name: str) -> Node:
    uuid = picture.each("ObjektType", "UUIDIdentifikator")
    return Node(name, picture.place, parts=[*uuid, *picture.each("Registrering")], up=picture.up)


def _of_change(change: Node, name: str) -> Node:
    """An update has no Registrering around what was registered: put it where a Sag has it."""
    registration = Node("Registrering", change.place, parts=[p for p in change.parts if p.name != "UUIDIdentifikator"])
    return Node(name, change.place, parts=[*change.each("UUIDIdentifikator"), registration])


def _removals(document: Node) -> list[Case]:
    """What is named by number. Raises MissingField; UnknownMessage for a removal of whatever a search finds."""
    if document.first("SoegUdtryk"):
        raise UnknownMessage(
            "What a search finds cannot be removed here.",
            where=f"{document.place}/SoegUdtryk",
            hint="Name each case by its SagUuid.",
        )
    named = [*document.each("SagUuid"), *([document] if document.first("UUIDIdentifikator") else [])]
    if not named:
        raise MissingField("The message names no case.", where=f"{document.place}/SagUuid")
    return [Case("Fjern", Node(SAG, one.place, parts=one.each("UUIDIdentifikator")), removed=True) for one in named]


def registered(case: Case, roles: Roles, timezone: ZoneInfo) -> list[Registered]:
    """The case at each of its registrations, in the order of the document. Raises MissingField, WrongType."""
    found = case.sag.each("Registrering")
    if not found:
        raise MissingField(where=f"{case.sag.place}/Registrering")
    return [_at(case, registration, found, roles, timezone) for registration in found]


def _at(case: Case, registration: Node, among: Sequence[Node], roles: Roles, timezone: ZoneInfo) -> Registered:
    moment = _time(registration, "Tidspunkt", timezone)
    recorded = _time(registration, "StsTidspunkt", timezone) or moment
    moment = moment or recorded
    if moment is None or recorded is None:
        raise MissingField(where=f"{registration.place}/Tidspunkt")
    sag = case.sag
    if len(among) > 1:
        alone = [part for part in sag.parts if part is registration or part.name != "Registrering"]
        sag = sag.holding(alone)
    return Registered(sag, registration, roles.listed(sag), moment, recorded, case.whole)


def _time(registration: Node, name: str, timezone: ZoneInfo) -> datetime | None:
    text = registration.said(name)
    if not text:
        return None
    try:
        found = moment_of(text, timezone)
    except ValueError:
        found = None
    if found is None:
        raise WrongType(where=f"{registration.place}/{name}", hint="A date with a time is expected.")
    return found
