"""Which resources become OIO: a citizen's cases, what lies on them, and what a hospital tells of the citizen.

One ImporterSagDokumentIndeksInput for each citizen and owner: SF1470 takes whole cases, with all of their states.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gateway.domain.plan import in_error
from gateway.domain.statement import Body
from gateway.errors import BadRequest
from gateway.translate.fhir.settled import settled, with_files
from gateway.translate.oio.write import case, document, sensitivity
from gateway.translate.oio.write.case import uuid_of
from gateway.translate.oio.write.case_relations import Around
from gateway.translate.oio.write.document import Document
from gateway.translate.oio.write.elements import INDEX, root, written
from gateway.translate.oio.write.note import of_document, of_entry
from gateway.translate.oio.write.tables import Tables
from gateway.translate.telling.entry import Texts
from gateway.translate.telling.of_resources import Entry, cases, entries, is_told, texts_in

_STATE = "/oio-state"


@dataclass(slots=True)
class _Case:
    """A case on its way out, with what belongs to it, and the documents that are told beside it."""

    plan: Body
    around: Around
    documents: list[Document] = field(default_factory=list)

    def has(self, identity: str) -> bool:
        """Whether a note or document of this number lies on the case."""
        return identity in [*(note.index for note in self.around.notes), *(one[0] for one in self.around.documents)]

    def add(self, document: Document) -> None:
        self.documents.append(document)
        self.around.documents.append((document.uuid, document.title, document.begin))


def messages(resources: Sequence[Body], now: datetime, mappings: Path) -> list[bytes]:
    """The messages; `now` is the time of registration.

    Raises BadRequest when nothing becomes one, MissingField and others naming what a case cannot be written without.
    """
    return write(with_files(settled(resources)), now, Tables.read(mappings), texts_in(mappings))


def write(resources: Sequence[Body], now: datetime, tables: Tables, texts: Texts) -> list[bytes]:
    """As `messages`, by tables that were read before."""
    made: list[bytes] = []
    for citizen in resources:
        if citizen.get("resourceType") == "Patient" and citizen.get("active") is not False:
            by_owner: dict[str, list[_Case]] = defaultdict(list)
            for one in _cases(resources, citizen, now, tables, texts):
                number = one.plan.get("author", {}).get("identifier", {})
                by_owner[str(number.get("value", ""))].append(one)
            made += [_message(found, citizen, tables, now) for _, found in sorted(by_owner.items())]
    if made:
        return made
    if not any(one.get("resourceType") == "Patient" for one in resources):
        raise BadRequest("Nobody says whom this is about", hint="Give a Bundle that holds the Patient as well.")
    hint = "A CarePlan with a case number or a KLE subject does."
    raise BadRequest("Nothing here becomes an OIO case", hint=hint)


def _message(found: Sequence[_Case], citizen: Body, tables: Tables, now: datetime) -> bytes:
    index = root(INDEX, "ImporterSagDokumentIndeksInput")
    for one in found:
        for each in one.documents:
            document.put(index, each, citizen, tables, now)
        case.put(index, one.plan, one.around, citizen, tables, now)
    return written(index)


def _cases(resources: Sequence[Body], citizen: Body, now: datetime, tables: Tables, texts: Texts) -> Iterator[_Case]:
    """The citizen's cases with all that is filed on them. Of two plans with one number (a case, and the KL plan that is
    documented in it) the case itself is written. What a hospital tells waits for a case: without one it is refused."""
    plans: dict[str, Body] = {}
    standing = [one for one in cases(resources, citizen) if not in_error(one)]
    for plan in standing or cases(resources, citizen):
        key = uuid_of(plan) or str(plan.get("id"))
        if key not in plans or _is_case(plan):
            plans[key] = plan
    told = list(entries(resources, citizen, now, texts))
    known = {f"CarePlan/{one['id']}": uuid_of(one) for one in plans.values() if uuid_of(one)}
    for plan in plans.values():
        made = _Case(plan, Around(_named(resources, "CareTeam", plan.get("careTeam", [])), known))
        for letter in resources:
            if letter.get("resourceType") != "DocumentReference" or in_error(letter) or is_told(letter):
                continue
            if _lies_on(letter, plan):
                _file(letter, made, tables)
        for one in told:
            if one.case["id"] == plan["id"]:
                _tell(one, made, tables)
        yield made


def _file(letter: Body, made: _Case, tables: Tables) -> None:
    """A document by its UUID, with what it told itself; a note of the case itself in it."""
    if uuid_of(letter) and "docStatus" in letter:
        made.add(document.of_reference(letter, made.plan, "", tables))
    elif uuid := uuid_of(letter):
        made.around.documents.append((uuid, document.title_of(letter), letter.get("date", "")))
    else:
        made.around.notes.append(of_document(letter))


def _tell(one: Entry, made: _Case, tables: Tables) -> None:
    """A stay that has ended as a note, a goal as a document with its text, a letter as a document. A note is as open as
    its case: in one that is milder than what is told it would be read by too many, so there it is a document."""
    kind = one.resource["resourceType"]
    if made.has(one.entry.id):  # it was told before, and the case came back with it
        return
    if kind == "Encounter" and not sensitivity.is_milder(sensitivity.of(made.plan, tables), one.entry.sensitivity):
        made.around.notes.append(of_entry(one.entry, one.resource["period"]["end"]))
    elif kind == "Encounter":
        made.add(document.of_entry(one.entry, made.plan, "Eksternt Notat"))
    elif kind == "Goal":
        made.add(document.of_entry(one.entry, made.plan, "Plan"))
    else:
        made.add(document.of_reference(one.resource, made.plan, one.entry.id, tables))


def _is_case(plan: Body) -> bool:
    return any(str(one.get("url", "")).endswith(_STATE) for one in plan.get("extension", []))


def _lies_on(letter: Body, plan: Body) -> bool:
    here, there = f"CarePlan/{plan['id']}", f"DocumentReference/{letter['id']}"
    up = [one.get("reference") for one in letter.get("context", {}).get("related", [])]
    down = [one.get("reference") for one in plan.get("supportingInfo", [])]
    return here in up or there in down


def _named(resources: Sequence[Body], kind: str, references: Sequence[Body]) -> list[Body]:
    wanted = {one.get("reference") for one in references}
    return [one for one in resources if one.get("resourceType") == kind and f"{kind}/{one.get('id')}" in wanted]
