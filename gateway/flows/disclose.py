"""Disclose: what a notice in the outbox becomes at the moment it goes out.

It is decided as if the destination looked now, as the reader of its row in mappings/outgoing.csv, by the citizen's
consents as they are now; the decision is on record; only then is it written. So a consent that was withdrawn while a
receiver was away holds, and no content lies in the outbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.outgoing import Outgoing
from gateway.domain.source import Source
from gateway.domain.telling import LANGUAGES, Case, Notice, Telling, Word, notice_of, state_of, word_of
from gateway.errors import Refused, TooLarge
from gateway.flows.looking import Seen, look, on_record, opened, persons_of, record_of
from gateway.flows.parts import Gateway
from gateway.flows.tell_municipality import day_of, told_before
from gateway.store import resources, to_tell, wire
from gateway.store.to_tell import Known
from gateway.translate.telling.entry import Sending, Told, entry, name_of

OPERATION = "tell-municipality"


@dataclass(frozen=True, slots=True)
class Withheld:
    """It does not go out, and why: in words without anything of the citizen."""

    why: str


_CHANGED = Withheld("It has changed since; a later notice tells how it is")


@dataclass(frozen=True, slots=True)
class Ready:
    """It may go out. `words` name the citizen: what a receiver writes back is kept without them."""

    message: Outgoing
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Work:
    """A notice that is still worth telling."""

    message: Outgoing
    notice: Notice
    telling: Telling
    destination: Source
    known: Known
    word: Word
    corrects: str


def is_notice(message: Outgoing) -> bool:
    """Whether what stands in the outbox is a notice, and becomes a message only when it goes out."""
    return message.language in LANGUAGES


async def disclosed(gateway: Gateway, message: Outgoing) -> Ready | Withheld:
    """The message to send now. Raises Refused where it cannot be written or sent, Unavailable."""
    work = await _work(gateway, message)
    if isinstance(work, Withheld):
        return work
    seen = await _looked(gateway, work)
    if seen is None:
        return Withheld("This destination may not see it: no consent, and no law without one")
    return _written(gateway, work, seen)


async def _work(gateway: Gateway, message: Outgoing) -> _Work | Withheld:
    """Whether there is still something to tell."""
    notice = notice_of(message.body)
    rows = gateway.tellings.of(notice.event, day_of(gateway), message.destination)
    if not rows:
        return Withheld("No row of mappings/outgoing.csv sends it to this destination any more")
    kind, _, identity = notice.resource.partition("/")
    known = await to_tell.known(gateway.database, kind, identity)
    if known is None:
        raise Refused("What was told stands under another id now", hint="Tell the municipality by other means.")
    if state_of(notice.event, known.body, gateway.ids, withdrawn=known.withdrawn) != notice.state:
        return _CHANGED
    word, corrects = word_of(notice, await told_before(gateway, message.destination, notice.resource))
    if word is None:
        return Withheld("There is nothing to correct: the destination was told nothing of it")
    case = next((one for one in known.cases if f"CarePlan/{one.id}" == notice.case), None)
    if word == "told" and (case is None or not case.is_open(gateway.clock())):
        return Withheld("The case was closed before it was told")
    return _Work(message, notice, rows[0], gateway.sources[message.destination], known, word, corrects)


async def _looked(gateway: Gateway, work: _Work) -> Seen | None:
    """Decide and record, as for a look; None where the destination may not see all that is told."""
    citizen = work.known.citizen
    parts, ground = await resources.parts(gateway.database, citizen)
    caller = _reader(work.destination, work.telling)
    seen = _of(work, await look(gateway, caller, parts, ground, persons_of(parts)))
    kind = work.notice.resource.partition("/")[0]
    whole = {"Patient", kind, *(() if work.telling.caseless else ("CarePlan",))}
    permitted = whole <= {part.facts.kind for part, _ in seen.permitted}
    shown = seen if permitted else replace(seen, permitted=())
    record = record_of(gateway, caller, "export", kind, citizen, shown, operation=OPERATION)
    await on_record(gateway, replace(record, messages=(work.message.message_id,)))
    return seen if permitted else None


def _of(work: _Work, seen: Seen) -> Seen:
    """The look as far as it is at what is told: who it is about, the matter itself, and the case that it goes to."""
    wanted = {work.notice.resource, "" if work.telling.caseless else work.notice.case}

    def told(kind: str, identity: str) -> bool:
        return kind == "Patient" or f"{kind}/{identity}" in wanted

    return Seen(
        tuple(one for one in seen.permitted if told(one[0].facts.kind, one[0].facts.id)),
        tuple(one for one in seen.withheld if told(one[0].facts.kind, one[0].facts.id)),
        seen.hidden,
    )


def _reader(destination: Source, telling: Telling) -> Caller:
    """The municipality as the reader that the row makes of it; nobody there is named."""
    return Caller(
        client=destination.id, client_name=destination.name, organisation=destination.organisation,
        organisation_name=destination.name, sector="municipality", role=telling.role, user="", user_name="",
        user_role="", purposes=(telling.purpose,), scopes=("system/*.r",),
    )  # fmt: skip


def _written(gateway: Gateway, work: _Work, seen: Seen) -> Ready | Withheld:
    bodies: list[dict[str, Any]] = [wire.decode(body) for body in opened(seen)]
    patient = next((one for one in bodies if one["resourceType"] == "Patient" and one.get("active") is not False), None)
    resource = next(one for one in bodies if f"{one['resourceType']}/{one['id']}" == work.notice.resource)
    if patient is None:
        raise Refused("The citizen is not known under this id any more")
    part = next(part for part, _ in seen.permitted if f"{part.facts.kind}/{part.facts.id}" == work.notice.resource)
    if state_of(work.notice.event, resource, gateway.ids, withdrawn=part.withdrawn) != work.notice.state:
        return _CHANGED  # just now
    plan = next((one for one in bodies if one["resourceType"] == "CarePlan"), {})
    sending = Sending(work.message.message_id, work.notice, work.word, work.corrects, work.telling, work.destination)
    told = Told(patient, resource, Case(work.notice.case, plan, ()), gateway.sources[part.facts.source])
    made = entry(told, sending, gateway.texts)
    body = gateway.writers[work.destination.language](made)
    _check_size(body, work.destination)
    return Ready(replace(work.message, body=body), tuple(name_of(patient).split()))


def _check_size(body: bytes, destination: Source) -> None:
    """Larger documents go by SFTP, which is not built (docs/municipal-delivery.md)."""
    most = destination.deliver.most if destination.deliver else 0
    if most and len(body) > most:
        raise TooLarge(hint=f"At most {most} bytes go to this destination (deliver.most); nothing goes by SFTP.")
