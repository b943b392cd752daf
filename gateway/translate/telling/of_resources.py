"""Journal entries of the resources in one file: what a municipality would be told of them (`gateway translate --to`).

Told are a hospital's stays that have ended (a note), its goals and its letters (documents), each on the citizen's case.
A running gateway tells less: only what a row of mappings/outgoing.csv says, to readers who may have it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gateway.domain.fold import SUBJECT
from gateway.domain.identifier import CVR, Identifier, best_first, normal
from gateway.domain.journal import Form, JournalEntry, entry_id, sensitivity_of
from gateway.domain.limits import KLE
from gateway.domain.plan import is_intervention, is_joint
from gateway.domain.resource import ids
from gateway.domain.source import Source
from gateway.domain.statement import Body
from gateway.domain.telling import KINDS, Case, Event, Notice, Telling
from gateway.domain.when import instant
from gateway.errors import BadRequest, MissingField, NoCitizen, RuleBroken, WrongType
from gateway.translate.fhir.settled import settled, with_files
from gateway.translate.rules.problems import Problems
from gateway.translate.telling.entry import Sending, Texts, Told, entry, name_of, read

CARE_SOCIAL = "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes"
_ATTACHMENT = "DocumentReference.content.attachment"
# Ids here must not depend on an installation: the same file gives the same entries everywhere.
_IDS = ids(b"journal entries of a file")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry, the resource that it tells of and the case (CarePlan) that it is for."""

    entry: JournalEntry
    resource: Body
    case: Body


def cases(resources: Sequence[Body], citizen: Body) -> list[Body]:
    """The municipality's cases about a citizen: plans with a case number or a KLE subject, which are no interventions
    and no compositions."""
    return [
        one for one in resources
        if one.get("resourceType") == "CarePlan" and is_about(one, citizen) and not is_intervention(one)
        and not is_joint("CarePlan", str(one.get("id"))) and (_case(one).subject or _case(one).number)
    ]  # fmt: skip


def is_about(part: Body, citizen: Body) -> bool:
    """Whether a resource is about this citizen, under whichever identity."""
    subject = part.get(SUBJECT.get(str(part.get("resourceType")), "subject"), {})
    wanted = _tail(subject)
    links = [_tail(link.get("other", {})) for link in citizen.get("link", [])]
    return not wanted or wanted == citizen.get("id") or wanted in links


def is_told(resource: Body) -> bool:
    """Whether a resource is a hospital's that municipalities are told of: a stay that has ended, a goal that is none of
    KL's, a letter that lies on no case."""
    kind = resource.get("resourceType")
    codes = [c for one in _concepts(resource) for c in one.get("coding", [])]
    if any(one.get("system") == CARE_SOCIAL for one in codes):
        return False
    if kind == "Encounter":
        return resource.get("status") == "finished" and bool(resource.get("period", {}).get("end"))
    if kind == "Goal":
        return resource.get("lifecycleStatus") not in ("proposed", "rejected", "entered-in-error")
    if kind == "DocumentReference":
        related = resource.get("context", {}).get("related", [])
        on_case = any(str(one.get("reference", "")).startswith("CarePlan/") for one in related)
        municipal = any(one.get("system") == KLE for one in codes)
        return not on_case and not municipal and resource.get("status") == "current"
    return False


def texts_in(mappings: Path) -> Texts:
    """The words, from the folder of rules. Raises MappingError with everything that is wrong in them."""
    problems = Problems()
    texts = read(mappings / "outgoing-texts.csv", problems)
    problems.check()
    return texts


def told(resources: Sequence[Body], now: datetime, mappings: Path) -> list[JournalEntry]:
    """An entry for each stay that has ended, goal and letter, of every citizen in `resources` and in their order.

    Raises BadRequest when there is none.
    """
    texts = texts_in(mappings)
    resources = with_files(settled(resources))
    found = [
        one.entry
        for citizen in resources
        if citizen.get("resourceType") == "Patient" and citizen.get("active") is not False
        for one in entries(resources, citizen, now, texts)
    ]
    if not found:
        hint = "A hospital's stay that has ended, goal or letter does, with the case that it is for."
        raise BadRequest("Nothing here is told to a municipality", hint=hint)
    return found


def entries(resources: Sequence[Body], citizen: Body, now: datetime, texts: Texts) -> Iterator[Entry]:
    """What there is to tell of a citizen, in the order of `resources`.

    Raises MissingField where no case is there to file it on or nobody says which hospital told it, RuleBroken where
    several cases are there.
    """
    for one in resources:
        if not is_told(one) or not is_about(one, citizen):
            continue
        case = _only(cases(resources, citizen), one, now)
        if _is_of(one, case):
            continue
        form: Form = "note" if one["resourceType"] == "Encounter" else "document"
        telling = _telling(KINDS.get(one["resourceType"], "goal"), form)
        told = Told(citizen, one, _case(case), _hospital(one, resources))
        notice = Notice(telling.event, f"{one['resourceType']}/{one['id']}", f"CarePlan/{case['id']}", "told", 1, now)
        number = entry_id(_IDS, notice.resource, told.case.number or notice.case)
        sending = Sending(number, notice, "told", "", telling, _municipality(case))
        made = entry(told, sending, texts) if one["resourceType"] != "DocumentReference" else _letter(told, sending)
        yield Entry(made, one, case)


def _letter(told: Told, sending: Sending) -> JournalEntry:
    """A letter tells itself: its own title and text, when it was written."""
    body, numbers = told.resource, numbers_of(told.patient)
    if not numbers:
        raise NoCitizen(where="Patient.identifier")
    attachments = [one.get("attachment", {}) for one in body.get("content", [])]
    plain = next((a for a in attachments if a.get("contentType", "").startswith("text/plain") and "data" in a), None)
    if plain is None:
        hint = "Only plain text is handed over; other files are not."
        raise MissingField("The letter holds no text.", where=f"{_ATTACHMENT}.data", hint=hint)
    try:
        text = base64.b64decode("".join(plain["data"].split()), validate=True).decode()
    except (ValueError, binascii.Error):
        raise WrongType("The letter is no text in base64.", where=f"{_ATTACHMENT}.data") from None
    return JournalEntry(
        id=sending.id,
        form="document",
        title=body.get("description") or next((a["title"] for a in attachments if a.get("title")), ""),
        text=text,
        written=instant(body["date"]) if "date" in body else sending.notice.at,
        citizen=numbers[0],
        authority=sending.destination.organisation,
        authority_name=sending.destination.name,
        author=told.author.organisation,
        author_name=told.author.name,
        case=told.case.number,
        subject=told.case.subject,
        facet=told.case.facet,
        citizen_name=name_of(told.patient),
        sensitivity=sensitivity_of(told.patient, body, told.case.body),
    )


def numbers_of(patient: Body) -> tuple[Identifier, ...]:
    """The numbers that can stand for a citizen, the strongest first."""
    told = [normal(one.get("system", ""), one.get("value", "")) for one in patient.get("identifier", ())]
    return best_first(told)


def _only(found: Sequence[Body], resource: Body, now: datetime) -> Body:
    """The one case that something can be filed on, of those that are open if any is; which of several is not for a
    program to choose."""
    found = [one for one in found if _case(one).is_open(now)] or found
    if not found:
        hint = "Give a Bundle, or the municipality's own message, that holds the case as well."
        raise MissingField("There is no case to file this on.", where=resource["resourceType"], hint=hint)
    if len({_case(one).number or one["id"] for one in found}) > 1:
        raise RuleBroken("There are several cases to file this on.", where="CarePlan", hint="Give one of them.")
    return max(found, key=lambda one: bool(_case(one).subject))


def _is_of(resource: Body, case: Body) -> bool:
    """Whether the case's own authority keeps or wrote this: it need not be told."""
    owner = case.get("author", {}).get("identifier")
    named = [resource.get("custodian", {}), resource.get("serviceProvider", {}), *resource.get("author", [])]
    return owner is not None and any(one.get("identifier") == owner for one in named)


def _case(plan: Body) -> Case:
    return Case(str(plan.get("id", "")), plan, ())


def _municipality(case: Body) -> Source:
    """The case's owner, as a destination. Raises MissingField."""
    author = case.get("author", {})
    number = normal(author.get("identifier", {}).get("system", ""), author.get("identifier", {}).get("value", ""))
    if number.system != CVR:
        raise MissingField(
            "The case's owner has no CVR number",
            where="CarePlan.author.identifier",
            hint="Put it there (http://cvr.dk).",
        )
    return Source("municipality", author.get("display", ""), "municipality", number, "sf2900", ())


def _hospital(resource: Body, resources: Sequence[Body]) -> Source:
    """Who tells it: who provided the stay, keeps or wrote the letter, else who provided the citizen's stays."""
    named = [resource.get("serviceProvider"), resource.get("custodian"), *resource.get("author", [])]
    named += [one.get("serviceProvider") for one in resources if one.get("resourceType") == "Encounter"]
    for one in named:
        if one and one.get("identifier", {}).get("value") and one.get("type", "Organization") == "Organization":
            number = normal(one["identifier"].get("system", ""), one["identifier"]["value"])
            return Source("hospital", one.get("display", ""), "region", number, "hl7v2", ())
    hint = "Give the message of the citizen's stay as well."
    raise MissingField("Nobody says which hospital tells this.", where=resource["resourceType"], hint=hint)


def _telling(event: Event, form: Form) -> Telling:
    """As a row of mappings/outgoing.csv would say it, for a file."""
    within = timedelta(days=366)
    return Telling(event, "municipality", form, "", "", (), (), "", "", within, "", "", "")


def _concepts(resource: Body) -> list[Body]:
    found = resource.get("type", []) if resource.get("resourceType") == "Encounter" else resource.get("category", [])
    return found if isinstance(found, list) else [found]


def _tail(reference: Body) -> str:
    return str(reference.get("reference", "")).rpartition("/")[2].rpartition(":")[2]
