"""Update: a resource as its writer says it now. http://hl7.org/fhir/R4/http.html#update

No resource is made by an update: the gateway gives the ids. Equal content makes no version. The owner of a task tells
what becomes of it (status, reason, business status, output) and nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

from gateway.domain.caller import Caller
from gateway.domain.fold import SUBJECT
from gateway.domain.intake import Known
from gateway.domain.override import check_done
from gateway.domain.security_label import label_of
from gateway.domain.statement import Act, Statement, Verb
from gateway.domain.written import HANDLED, by_rest, origin_of
from gateway.errors import Forbidden, RuleBroken
from gateway.flows.parts import Gateway
from gateway.flows.writing import checking
from gateway.flows.writing.asked import Around, Json, Standing, Word, Work
from gateway.flows.writing.standing import Writable, after, as_word, check_version, writable
from gateway.flows.writing.whose import Citizen, check_references, citizen_of, numbers_of
from gateway.translate.filed import filed

_OURS = frozenset({"resourceType", "id", "meta", "for", "text", "lastModified"})
"""What the owner of a task may send back as it likes: it says nothing."""


async def update(gateway: Gateway, caller: Caller, work: Work, around: Around) -> Word | Standing:
    """The word that changes it; Standing where it is so already. Raises as `writable` and `check_version` do, and what
    is wrong with the content."""
    standing = await writable(gateway, caller, work)
    check = check_version(standing, work.asked)
    return await written(gateway, caller, work, around, standing, work.asked.body, check)


async def written(
    gateway: Gateway, caller: Caller, work: Work, around: Around, standing: Writable, resource: Json,
    check: Callable[[Known], None],
) -> Word | Standing:  # fmt: skip
    """The word that makes the resource this one, whether it came whole or was patched."""
    body = await checking.checked(work.asked, resource)
    if work.asked.kind == "Task":
        check_done(body, gateway.clock())
    if work.asked.kind == "Patient":
        return _patient(gateway, caller, work, standing, body, check)
    citizen = await _whose(gateway, caller, work, standing, body, around)
    if citizen.id not in standing.citizen.same:
        raise RuleBroken("A resource stays with its citizen", where=work.asked.kind, hint="Delete it, create another.")
    await check_references(gateway, caller, work.asked.kind, body, standing.citizen, around)
    if standing.handles:
        return _handled(gateway, work, standing, body, check)
    return _said(gateway, caller, work, standing, body, check)


async def _whose(
    gateway: Gateway, caller: Caller, work: Work, standing: Writable, body: Json, around: Around
) -> Citizen:
    """The citizen that it names. The one of the resource that stands is known, also to a writer who may see nothing
    else of the citizen by now: a task to tell of an override, an objection to every look."""
    name = SUBJECT.get(work.asked.kind, "subject")
    told = body.get(name)
    subject = told[0] if isinstance(told, list) and len(told) == 1 else told
    named = str(subject.get("reference")).removeprefix("Patient/") if isinstance(subject, dict) else ""
    if named in standing.citizen.same:
        del body[name]
        return standing.citizen
    return await citizen_of(gateway, caller, work, body, around)


def _said(
    gateway: Gateway, caller: Caller, work: Work, standing: Writable, body: Json, check: Callable[[Known], None]
) -> Word | Standing:
    asked, own, last = work.asked, standing.own, standing.said[-1]
    assert own is not None  # noqa: S101 - for mypy: only who handles has none
    before = map(label_of, standing.labels)
    reason = checking.label(caller, asked, body, before, standing.found.sealed.facts.labels)
    now = gateway.clock()
    verb, origin = _verb(asked.kind, body), origin_of(secrets.token_hex(8))
    said = Statement(asked.kind, own.key, Act.STATE, verb, now, now, body, own.source, origin)
    (said,), files = filed((said,), gateway.ids, asked.beside)
    same = own.body == said.body and (own.verb is Verb.WITHDRAW) == (verb is Verb.WITHDRAW)
    if same and (last is own if asked.kind != "Patient" else _is_all(own, standing.said)):
        return Standing(asked.kind, asked.identity, standing.found.sealed.version)
    return replace(as_word(standing, after(standing, said), check, reason), files=files)


def _is_all(own: Statement, said: Sequence[Statement]) -> bool:
    """Whether this is all that counts of what its source wrote of the citizen by REST."""
    written_ = [one for one in said if by_rest(one) and one.source == own.source]
    return own.verb is Verb.CORRECT or written_ == [own]


def _verb(kind: str, body: Json) -> Verb:
    """Who says that it was an error takes it back, content and all: it can still be read. What a source says of a
    citizen takes the place of all that it wrote of the citizen before."""
    if body.get("status", body.get("lifecycleStatus")) == "entered-in-error":
        return Verb.WITHDRAW
    return Verb.CORRECT if kind == "Patient" else Verb.ASSERT


def _patient(
    gateway: Gateway, caller: Caller, work: Work, standing: Writable, body: Json, check: Callable[[Known], None]
) -> Word | Standing:
    """What this source says of the citizen now; what it said before and leaves out is said no more, others' words
    stay. The number that the citizen goes by must be the strongest of those told."""
    own = standing.own
    assert own is not None  # noqa: S101 - for mypy: nobody handles a Patient
    numbers = numbers_of(standing.source, caller, body, "")
    if own.key != numbers[0].key or "link" in body:
        raise RuleBroken(
            "A Patient keeps its strongest number and its links", where="Patient.identifier",
            hint="A stronger number of the same person is told by message, or by POST Patient with both.",
        )  # fmt: skip
    word = _said(gateway, caller, work, standing, body, check)
    return replace(word, numbers=numbers) if isinstance(word, Word) else word


def _handled(
    gateway: Gateway, work: Work, standing: Writable, body: Json, check: Callable[[Known], None]
) -> Word | Standing:
    """The owner's word on a task: only what becomes of it may differ from what stands."""
    shown, asked = standing.shown, work.asked
    for name in sorted((shown.keys() | body.keys()) - _OURS - set(HANDLED)):
        if shown.get(name) != body.get(name):
            raise Forbidden(
                "The owner of a task tells what becomes of it", where=f"Task.{name}",
                hint=f"Change {', '.join(HANDLED)} and nothing else.",
            )  # fmt: skip
    told = {name: body[name] for name in HANDLED if name in body}
    if all(shown.get(name) == body.get(name) for name in HANDLED):
        return Standing(asked.kind, asked.identity, standing.found.sealed.version)
    now = gateway.clock()
    said = Statement(
        "Task", standing.said[0].key, Act.HANDLE, Verb.ASSERT, now, now, told, standing.source.id,
        origin_of(secrets.token_hex(8)), cleared=tuple(name for name in HANDLED if name not in told),
    )  # fmt: skip
    return as_word(standing, after(standing, said), check)
