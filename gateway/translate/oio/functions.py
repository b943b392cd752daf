"""The named functions of OIO rule files, beside the shared ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.identifier import Identifier
from gateway.domain.limits import KLE, SENSITIVITY
from gateway.translate.oio import notes
from gateway.translate.oio.case import Registered
from gateway.translate.oio.effect import UNREADABLE, Instant, edges, instant, of_itself
from gateway.translate.oio.party import Party, beside, cvr_number, pointed_at
from gateway.translate.oio.roles import Roles, reference_of
from gateway.translate.oio.tree import Node
from gateway.translate.rules.reader import Env, Function, Unfit

_KLE = re.compile(r"\d\d\.\d\d\.\d\d|[A-ZÆØÅ]\d\d", re.ASCII)


@dataclass(slots=True)
class Context:
    """What the functions know of the case they are asked about; `Env.message`. `owner` and `subject` are the relations
    to its owner and its KLE subject that count when it was registered. With names that begin with `silent` no rule
    documents are run."""

    registered: Registered
    party: Party | None
    owner: Node | None = None
    subject: Node | None = None
    silent: str = ""
    _owner_told: dict[str, Any] | None = None

    @property
    def owner_told(self) -> dict[str, Any] | None:
        """The owner as a Reference: asked for each property and note."""
        if self._owner_told is None and self.owner is not None:
            self._owner_told = _reference("Organization", cvr_number(self.owner), beside(self.owner, "FuldtNavn"))
        return self._owner_told


def moment(env: Env, text: str) -> datetime:
    """A point in time in UTC; hides the shared one, as the guide's own examples are no valid xs:dateTime."""
    return _instant(env, text).utc


def date_time(env: Env, text: str) -> str:
    """A FHIR dateTime as fine as it was written."""
    return _instant(env, text).fhir()


def _instant(env: Env, text: str) -> Instant:
    try:
        found = instant(text, env.timezone)
    except ValueError:
        found = None
    if found is None:
        raise Unfit("is not a point in time")
    return found


def period(env: Env, effect: Node) -> dict[str, str]:
    """A Virkning as FHIR Period: the end, exclusive there, inclusive here."""
    found = of_itself(effect, env.timezone)
    if found.fault == UNREADABLE:
        raise Unfit("is not a Virkning")
    return found.period.copy()


def kle(env: Env, text: str) -> str:
    """A KLE number: subject `27.57.16` or action facet `G01`. Retired numbers are numbers."""
    if not _KLE.fullmatch(text):
        raise Unfit("is no KLE number")
    return text


def kle_subject(env: Env, text: str) -> str:
    """The KLE number of a subject: what a case is about, and who may see it, is told by it and never by an action."""
    if text[:1].isalpha():
        raise Unfit("is no KLE subject")
    return kle(env, text)


def stamp(env: Env, effect: Node) -> str:
    """When a Virkning begins as FHIR instant: a mere day is its midnight."""
    try:
        start, _ = edges(effect)
        found = instant(start, env.timezone) if start else None
    except ValueError:
        raise Unfit("has a time that cannot be read") from None
    return found.at.isoformat(timespec="seconds") if found else ""


def strictest(env: Env, levels: list[Node]) -> str:
    """Of several the level that fewest may read; a word that is none of the four is given back, so that the code table
    judges it."""
    said = [level.text for level in levels]
    if len(said) == 1:
        return said[0]
    return next((word for word in said if word not in SENSITIVITY), "") or max(said, key=SENSITIVITY.index, default="")


def party(env: Env, relation: Node) -> list[dict[str, str]]:
    """The citizen's Identifiers, best first; a citizen known by name alone gets the case's own."""
    found: Party | None = env.message.party
    return [{"system": one.system, "value": one.value} for one in (found.numbers if found else ())]


def party_key(env: Env, relation: Node) -> str:
    """The citizen's key."""
    return str(env.message.party.identifier.key) if env.message.party else ""


def party_name(env: Env, relation: Node) -> str:
    """The citizen's name as the case has it."""
    return str(env.message.party.name) if env.message.party else ""


def party_member(env: Env, relation: Node) -> dict[str, Any] | None:
    """Another party than the citizen: a company by its number, a person by name alone. Their CPR numbers are nobody's
    business in this citizen's plan."""
    number = pointed_at(relation)
    name = beside(relation, "FuldtNavn")
    if number and number.system.lower() in _COMPANIES:
        return _reference("Organization", number, name)
    if number and number.system == "urn:oio:fuldtnavn":
        name = name or number.value
    return {"type": "RelatedPerson", "display": name or "Navn ikke oplyst"}


def class_number(env: Env, relation: Node) -> str:
    """The class that a Sagsklasse leads to, as a URI."""
    number = reference_of(relation)
    return number if ":" in number else f"urn:uuid:{number}"


def case_subject(env: Env, post: Node) -> dict[str, Any] | None:
    """The KLE subject of the case as CodeableConcept: what lies on a case is about what the case is about."""
    subject: Node | None = env.message.subject
    code = beside(subject, "BrugervendtNoegle") if subject else ""
    if subject is None or not _KLE.fullmatch(code):
        return None
    title = beside(subject, "Klassetitel")
    return {"coding": [{"system": KLE, "code": code} | ({"display": title} if title else {})]}


def case_owner(env: Env, post: Node) -> dict[str, Any] | None:
    """The owner of the case."""
    found: Context = env.message
    return found.owner_told


def document_key(env: Env, post: Node) -> str:
    """The key of what a Journalpost leads to: a document by its UUID; a note has none (`URN:Empty`), so it is named by
    its case and its number there."""
    found: Registered = env.message.registered
    return f"{env.source.id}|DocumentReference|{notes.number(post, found.sag.said('UUIDIdentifikator'))}"


def note(env: Env, text: str) -> str:
    """The note in base64 without blanks; nothing where it was too large to come along."""
    found = env.message.registered.note(text)
    return "" if found.cut_off else str(found.written)


def note_type(env: Env, text: str) -> str:
    """What the note is by its first bytes; nothing where it did not come along or cannot be told."""
    return str(env.message.registered.note(text).media_type)


def cvr(env: Env, relation: Node) -> str:
    """The CVR number of a Sagsaktoer, "" when it has none."""
    number = cvr_number(relation)
    return number.value if number else ""


def system(env: Env, relation: Node) -> dict[str, Any] | None:
    """An IT system as a Reference by identifier and name."""
    return _reference("Device", pointed_at(relation), relation.said("SystemNavn"))


_COMPANIES = frozenset({"http://cvr.dk", "urn:oio:pnr", "urn:oio:se-nr"})


def _reference(kind: str, found: Identifier | None, display: str) -> dict[str, Any] | None:
    if not found and not display:
        return None
    made: dict[str, Any] = {"type": kind}
    if found:
        made["identifier"] = {"system": found.system, "value": found.value}
    if display:
        made["display"] = display
    return made


def with_roles(roles: Roles) -> Mapping[str, Function]:
    """The functions of a case, for a table of roles."""

    def actor(env: Env, relation: Node) -> dict[str, Any] | None:
        """A Sagsaktoer as a Reference by identifier: an authority by CVR, as both sectors know it; units and people
        by UUID."""
        kind = roles.type_of(relation)
        whole = kind == "Organisation" or roles.of(relation) in ("Ejer", "Bopaelskommune")
        number = pointed_at(relation)
        found = (cvr_number(relation) or number) if whole else (number or cvr_number(relation))
        display = beside(relation, "FuldtNavn") or beside(relation, "BrugervendtNoegle")
        return _reference("Practitioner" if kind == "Bruger" else "Organization", found, display)

    def employer(env: Env, relation: Node) -> dict[str, Any] | None:
        """The authority that a person acts for (R4 ctm-1: only people act on behalf of somebody), with the name that
        the case's owner has where it is that one."""
        number = cvr_number(relation) if roles.type_of(relation) == "Bruger" else None
        if number is None:
            return None
        owner: Node | None = env.message.owner
        same = owner is not None and cvr_number(owner) == number
        return _reference("Organization", number, beside(owner, "FuldtNavn") if owner and same else "")

    def role(env: Env, relation: Node) -> str:
        """The role as the table names it; the bare UUID when the table does not know it."""
        return roles.display(relation) or reference_of(relation, "Rolle")

    def relation_(env: Env, relation: Node) -> str:
        """The role in the word of the table, `Anden` for one that it does not know."""
        return roles.of(relation)

    def journal_role(env: Env, post: Node) -> str:
        """How a document lies on its case, or that it is a note of the case."""
        is_note = post.has("JournalpostEgenskaber", "JournalnotatEgenskaber")
        return roles.display(post) or ("Journalnotat" if is_note else "")

    alone: dict[str, tuple[Callable[..., Any], str]] = {
        "cvr": (cvr, "string"),
        "system": (system, "Reference"),
        "role": (role, "string"),
        "relation": (relation_, "string"),
        "journal_role": (journal_role, "string"),
        "party_member": (party_member, "Reference"),
        "class": (class_number, "code"),
        "actor": (actor, "Reference"),
    }
    by_node: dict[str, tuple[Callable[..., Any], str]] = {
        "period": (period, "Period"),
        "party": (party, "Identifier*"),
        "party_key": (party_key, "key"),
        "party_name": (party_name, "string"),
        "employer": (employer, "Reference"),
        "document_key": (document_key, "key"),
        "stamp": (stamp, "instant"),
        "case_subject": (case_subject, "CodeableConcept"),
        "case_owner": (case_owner, "Reference"),
    }
    return {
        "moment": Function(moment, gives="moment"),
        "datetime": Function(date_time, gives="dateTime"),
        "kle": Function(kle, gives="code"),
        "kle_subject": Function(kle_subject, gives="code"),
        "strictest": Function(strictest, takes="nodes", gives="string"),
        "note": Function(note, gives="base64Binary"),
        "note_type": Function(note_type, gives="code"),
        "note_format": Function(notes.format_code, gives="code"),
        "note_format_system": Function(notes.format_system, gives="uri"),
        **{name: Function(call, takes="node", gives=gives) for name, (call, gives) in by_node.items()},
        **{name: Function(call, takes="node", gives=gives, alone=True) for name, (call, gives) in alone.items()},
    }
