"""An override (værdispring) and what it owes the citizen: to be told of it, soon and by whoever decided.

Sundhedsloven § 43 (4); MinSpærring consentOverride. The task comes into being with the first override of one user,
citizen and day, in the commit that holds the record of that look. It is done when it tells when and how the citizen was
told, or why not. Nobody but its own legal world and the citizen may see it (data class `override`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.domain.consent.span import span
from gateway.domain.identifier import Identifier
from gateway.domain.policy import Ground
from gateway.domain.record import AccessRecord, Decision
from gateway.domain.resource import Ids
from gateway.domain.statement import Body
from gateway.domain.when import DANISH
from gateway.domain.written import written_key
from gateway.errors import MissingField

TASK_KIND = "https://faellesplan.dk/fhir/CodeSystem/task-kind"
TELL = "tell-citizen-of-override"
REASONS = "https://faellesplan.dk/fhir/CodeSystem/override-reason"
OUTPUT = "https://faellesplan.dk/fhir/CodeSystem/task-output"
WHEN, HOW = "told-when", "told-how"
_NOT_DONE = ("rejected", "failed", "cancelled")


class Outcome(StrEnum):
    """What a review of an override came to."""

    JUSTIFIED = "justified"
    UNJUSTIFIED = "unjustified"
    UNCLEAR = "unclear"


@dataclass(slots=True, unsafe_hash=True)
class OverrideRecord(AccessRecord):
    """The record of a look by override, with what its task is made from and no record tells: the source in whose name
    the client writes, its role, and the row that gave the reason."""

    teller: str = ""
    role: str = ""
    ground: Ground | None = None

    @property
    def owing(self) -> bool:
        """Whether something was shown by override."""
        return self.decision is Decision.OVERRIDE and bool(self.citizen)

    @property
    def day(self) -> str:
        """The Danish day of the look."""
        return self.time.astimezone(DANISH).date().isoformat()

    @property
    def due(self) -> str:
        """The last day to tell the citizen."""
        days = self.ground.days if self.ground else 0
        return (self.time.astimezone(DANISH).date() + timedelta(days=days)).isoformat()

    def key(self, ids: Ids) -> str:
        """The key of its task: one for each user, citizen and day."""
        return written_key(self.teller, "Task", ids("Override", f"{self.citizen}|{self.user}|{self.day}"))


def task(record: OverrideRecord) -> Body:
    """The FHIR Task to tell the citizen; `for` is the fold's. http://hl7.org/fhir/R4/task.html"""
    system, _, value = record.organisation.partition("|")
    owner = organisation(Identifier(system, value), record.organisation_name)
    reason = {"system": REASONS, "code": record.override_code}
    if record.ground:
        reason["display"] = record.ground.display
    return {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": TASK_KIND, "code": TELL, "display": "Fortæl borgeren om værdispring"}]},
        "authoredOn": record.time.isoformat(timespec="milliseconds"),
        "requester": owner,
        "owner": owner,
        "reasonCode": {"coding": [reason], "text": record.override_reason},
        "restriction": {"period": {"end": record.due}},
    }


def organisation(identifier: Identifier, name: str) -> Body:
    """A logical reference to an organisation."""
    told: Body = {"system": identifier.system, "value": identifier.value}
    return {"type": "Organization", "identifier": told} | ({"display": name} if name else {})


@dataclass(frozen=True, slots=True)
class Told:
    """What a task says became of it: the citizen was told `when` and `how`, or was not, and `why_not`."""

    when: datetime | None = None
    how: str = ""
    why_not: str = ""

    def __bool__(self) -> bool:
        return bool((self.when and self.how) or self.why_not)


def told(body: Body, now: datetime) -> Told:
    """What the task tells; nothing (false) while it is not done, is done without a word of how, or lies in the future.

    A task that was withdrawn or changed into another is not done either.
    """
    if not is_tell(body):
        return Told()
    if body.get("status") in _NOT_DONE:
        reason = body.get("statusReason")
        return Told(why_not=_words(reason) if isinstance(reason, dict) else "")
    if body.get("status") != "completed":
        return Told()
    found = {_code(one.get("type")): one for one in _objects(body.get("output"))}
    moment = span(found.get(WHEN, {}).get("valueDateTime"))
    how = found.get(HOW, {}).get("valueString")
    if moment is None or moment.low > now or not isinstance(how, str) or not how.strip():
        return Told()
    return Told(moment.low, how.strip())


def check_done(body: Body, now: datetime) -> None:
    """Raises MissingField where a task says that it is done, and lacks what makes it so."""
    if not is_tell(body) or told(body, now):
        return
    if body.get("status") in _NOT_DONE:
        raise MissingField(
            "Why the citizen was not told is missing", where="Task.statusReason", hint="Say it in words."
        )
    if body.get("status") == "completed":
        raise MissingField(
            "When and how the citizen was told is missing, or lies in the future", where="Task.output",
            hint=f"Give an output {WHEN} (valueDateTime) and an output {HOW} (valueString), coded in {OUTPUT}.",
        )  # fmt: skip


def is_tell(body: Body) -> bool:
    """Whether a Task is one to tell a citizen of an override."""
    return _code(body.get("code"), TASK_KIND) == TELL


def done(when: str, how: str) -> Body:
    """What the owner says when the citizen was told: elements of the Task."""
    output = [
        {"type": {"coding": [{"system": OUTPUT, "code": WHEN}]}, "valueDateTime": when},
        {"type": {"coding": [{"system": OUTPUT, "code": HOW}]}, "valueString": how},
    ]
    return {"status": "completed", "output": output}


def not_done(why: str) -> Body:
    """What the owner says when the citizen is not to be told, or could not be."""
    return {"status": "rejected", "statusReason": {"text": why}}


def _code(concept: object, system: str = OUTPUT) -> str:
    codings = _objects(concept.get("coding")) if isinstance(concept, dict) else []
    return next((str(one.get("code")) for one in codings if one.get("system") == system), "")


def _words(concept: Body) -> str:
    said = [concept.get("text"), *(one.get("display") or one.get("code") for one in _objects(concept.get("coding")))]
    return next((one.strip() for one in said if isinstance(one, str) and one.strip()), "")


def _objects(value: object) -> list[Body]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
