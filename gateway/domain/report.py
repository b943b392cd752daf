"""The report of admission: a hospital that admits a citizen asks the municipality for it, and the municipality answers.

MedCom's HospitalNotification asks (`reportOfAdmission`), the letter XDIS16 is the answer. The request is a Task that
belongs to the stay: who cancels the admission takes the request back (`entered-in-error`), an episode whose stays have
ended needs it no more (`cancelled`), and a stay that is told twice asks once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from gateway.domain.corrections import Event
from gateway.domain.episode import key_of
from gateway.domain.resource import Ids, Resource
from gateway.domain.source import Source
from gateway.domain.statement import Act, Body, Statement, Verb

XDIS16 = {
    "system": "http://rep.oio.dk/sundcom.dk/medcom.dk/xml/schemas/2005/08/07/",
    "code": "XDIS16",
    "display": "Indlæggelsesrapport",
}
"""Task.code: the letter that is asked for, by MedCom's name for it."""

REPORT_WITHIN = timedelta(hours=24)
"""The report is to be there within a day of the request (Task.restriction.period.end): MedCom's standard names no
limit, the hospital needs it while it plans the treatment."""


def requests(
    name: str, encounter: Resource, events: Sequence[Event], said: Iterable[Statement], ids: Ids, *, over: bool
) -> list[Resource]:
    """The request that one stay makes, if it makes one. `name` is what the Encounter's id was made of, `said` are
    the statements about requests in its episode, which is `over` when all of its stays have ended: an acute contact
    that becomes an admission still waits for its report."""
    said = sorted(said, key=lambda one: (one.recorded, one.origin))
    messages = {_message(origin) for event in events if event.act is Act.START for origin in event.origins}
    asked = [one for one in said if one.act is Act.ASK and _message(one.origin) in messages]
    if not asked:
        return []
    first, last = asked[0], asked[-1]
    body = last.body | {
        "status": "requested",
        "authoredOn": first.body.get("authoredOn"),
        "restriction": first.body.get("restriction"),
        "encounter": {"reference": f"Encounter/{encounter.id}"},
    }
    if over:  # who has left needs no report any more
        body |= {"status": "cancelled", "statusReason": {"text": "Opholdet er slut"}}
    for answer in said:
        if answer.act is Act.ANSWER and any(_answers(answer, one) for one in asked):
            body |= {"status": "completed", "statusReason": None} | answer.body
    if encounter.withdrawn:
        body["status"] = "entered-in-error"
    kept = {element: value for element, value in body.items() if value}
    identity = ids("Task", f"report-of-admission|{name}")
    return [Resource("Task", identity, kept, encounter.source, encounter.sector, encounter.withdrawn)]


def is_request(task: Body) -> bool:
    """Whether a Task asks for a report of admission."""
    return XDIS16["code"] in [coding.get("code") for coding in task.get("code", {}).get("coding", [])]


def is_open(task: Body) -> bool:
    """Whether a request still waits for its answer."""
    return is_request(task) and task.get("status") == "requested"


def answered(task: Body, at: datetime, source: Source, letter: str) -> Statement:
    """What to keep when the request `task` was answered at `at`: `letter` is the id of the letter that answers it,
    `source` the municipality's. The request is completed, and shows which letter did it."""
    episode = task["groupIdentifier"]
    asked = task["identifier"][0]["value"]
    body: Body = {
        "lastModified": at.isoformat(timespec="seconds"),
        "output": [{"type": {"coding": [XDIS16]}, "valueIdentifier": {"value": letter}}],
    }
    key = key_of(episode["system"], episode["value"])
    return Statement(
        kind="Task", key=key, act=Act.ANSWER, verb=Verb.ASSERT, happened=at, recorded=at, body=body,
        source=source.id, origin=f"{letter}/answer", corrects=f"{asked}|{_who(task)}",
    )  # fmt: skip


def _answers(answer: Statement, asked: Statement) -> bool:
    """By the message that asked and who sent it: official examples use one id for the requests of two hospitals."""
    return answer.corrects == f"{asked.body['identifier'][0]['value']}|{_who(asked.body)}"


def _who(task: Body) -> str:
    return str(task.get("requester", {}).get("identifier", {}).get("value", ""))


def _message(origin: str) -> str:
    """Everything that one message says has an origin that begins alike."""
    return origin.rpartition(".")[0]
