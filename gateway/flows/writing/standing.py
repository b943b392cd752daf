"""What stands and is to be changed: found, decided about, and whether this caller may change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.domain.caller import Caller
from gateway.domain.etag import matches, pins
from gateway.domain.identifier import normal
from gateway.domain.intake import Known
from gateway.domain.plan import is_joint
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb
from gateway.domain.written import by_rest, takes_back, writer_of
from gateway.errors import Conflict, Forbidden, Gone, NeedsVersion, NotAllowed, NotFound
from gateway.flows.departed import when_left
from gateway.flows.ground import known_of
from gateway.flows.looking import Seen, look_at_one, opened
from gateway.flows.parts import Gateway
from gateway.flows.read import with_names
from gateway.flows.writing.asked import Asked, Json, Moved, Word, Work
from gateway.flows.writing.whose import Citizen, citizen_behind, source_of
from gateway.store import resources, wire

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Writable:
    """What stands, as its writer knows it: `said` in order is all that was said of it, `own` the last word of this
    source by REST. `handles`: the caller is the owner of somebody else's Task. `unseen`: it is a Patient of which the
    caller may not see the last version."""

    source: Source
    citizen: Citizen
    found: resources.Found
    seen: Seen
    said: Sequence[Statement]
    own: Statement | None
    handles: bool = False
    unseen: bool = False

    @property
    def shown(self) -> Json:
        """As the caller may see it."""
        body: Json = wire.decode(opened(self.seen)[0])
        return body

    @property
    def labels(self) -> list[Json]:
        """The labels that its writer gave. Of a citizen a source may have written several times, and an update
        takes the place of all of it."""
        if self.own is None:
            return []
        words = [self.own]
        if self.own.kind == "Patient":
            words = [one for one in self.said if by_rest(one) and one.source == self.own.source]
            anew = [number for number, one in enumerate(words) if one.verb is Verb.CORRECT]
            words = words[anew[-1] :] if anew else words
        return [label for one in words for label in one.body.get("meta", {}).get("security", [])]


async def writable(gateway: Gateway, caller: Caller, work: Work) -> Writable:
    """The resource that the caller wants to change.

    Raises NotFound for what is not there and what the caller may not see, Forbidden for what another source wrote,
    NotAllowed for what was told by message, Gone for what was deleted, Moved for what is deleted just now. What a
    source wrote it changes also where that hides itself from it (an objection to every look).
    """
    asked = work.asked
    _check_not_composed(asked)
    found, seen, said = await _looked(gateway, caller, asked)
    if found is None:
        raise NotFound
    work.about(found.sealed.facts.citizen)
    mine = _mine(caller, asked, said)
    unseen = asked.kind == "Patient" and not _sees_last(gateway, caller, found, seen)
    if mine is None and _is_taken_back(caller, asked, said, seen, unseen=unseen):
        raise Gone
    if mine is None and not seen.permitted:
        raise NotFound
    if found.sealed.facts.deleted:
        raise Gone
    if mine is not None and takes_back(mine) and await _has_moved(gateway, found):
        raise Moved  # taken back between one look and the other
    citizen = await citizen_behind(gateway, caller, work, found, seen)
    if mine is not None:
        return Writable(gateway.sources[mine.source], citizen, found, seen, said, mine, unseen=unseen)
    return _handled(caller, asked, Writable(source_of(gateway, caller), citizen, found, seen, said, None, handles=True))


async def _has_moved(gateway: Gateway, found: resources.Found) -> bool:
    """Whether another version stands by now."""
    facts = found.sealed.facts
    now = await resources.find(gateway.database, facts.kind, facts.id)
    return now is None or now.sealed.version != found.sealed.version


async def _looked(
    gateway: Gateway, caller: Caller, asked: Asked
) -> tuple[resources.Found | None, Seen, Sequence[Statement]]:
    """What stands, as this caller may see it, with all that was said of it: as many statements to the database for what
    is hidden as for what is not there."""
    found = await resources.find(gateway.database, asked.kind, asked.identity)
    if caller.role == "citizen":
        found = await with_names(gateway.database, found)
    seen = await look_at_one(gateway, gateway.database, caller, found)
    return found, seen, await _said(gateway, asked, found)


def _sees_last(gateway: Gateway, caller: Caller, found: resources.Found, seen: Seen) -> bool:
    """Whether what the caller is shown of a Patient goes on with what others tell of it."""
    return bool(seen.permitted) and when_left(gateway, caller, known_of(found.ground)) is None


def _is_taken_back(
    caller: Caller, asked: Asked, said: Sequence[Statement], seen: Seen, *, unseen: bool
) -> bool:  # fmt: skip
    """Whether all that these sources said of a person was taken back before: then a DELETE finds nothing to do, and who
    is not to know whether others go on to tell of the person finds that it is gone."""
    own = {one.source: one.verb for one in _own_of_person(caller, said)} if asked.kind == "Patient" else {}
    gone = bool(own) and set(own.values()) == {Verb.WITHDRAW}
    return gone and (asked.interaction == "delete" or (unseen and bool(seen.permitted)))


async def _said(gateway: Gateway, asked: Asked, found: resources.Found | None) -> list[Statement]:
    """All that was said of it, in order. One statement, whether it is there or not."""
    citizen = found.sealed.facts.citizen if found else ""
    said = await resources.said_of(gateway.database, asked.kind, asked.identity, citizen, gateway.ids)
    return sorted(said, key=lambda one: one.order)


def _handled(caller: Caller, asked: Asked, standing: Writable) -> Writable:
    """Somebody else's, where the caller has a word in it: a Task that it owns. Raises Forbidden, NotAllowed."""
    if not (asked.kind == "Task" and asked.interaction != "delete" and _owns(caller, standing.shown)):
        raise _not_yours(caller, standing.found, standing.said)
    if not standing.said or any(one.act not in (Act.STATE, Act.HANDLE) for one in standing.said):
        raise NotAllowed("This task was told by message", hint="Tell by message what becomes of it.")
    return standing


def check_version(standing: Writable, asked: Asked) -> Callable[[Known], None]:
    """The check that the resource still has the version that the caller names; checked here at once, and again when it
    is kept. Raises NeedsVersion, Conflict. Who may not see the last of a Patient names no version of it: how often
    others told of the citizen would be found out by trying."""
    found = standing.found
    if not pins(asked.if_match) and asked.criteria is None and asked.interaction != "delete":
        raise NeedsVersion(
            "An update names the version that it changes", where="If-Match",
            hint="Read the resource and send its ETag as If-Match.",
        )  # fmt: skip
    version = found.sealed.version
    if pins(asked.if_match) and standing.unseen:
        raise Conflict(where="If-Match")
    if not matches(asked.if_match, version):
        raise Conflict(where="If-Match")
    place = (found.sealed.facts.kind, found.sealed.facts.id)
    compares = pins(asked.if_match) or asked.criteria is not None

    def check(known: Known) -> None:
        if compares and known.resources.get(place, (b"", 0))[1] != version:
            raise Conflict(where="If-Match")

    return check


def after(standing: Writable, word: Statement) -> Statement:
    """The statement after all that was said before, also where another clock was ahead: a withdrawal withdraws."""
    word.happened = max(word.happened, *(one.happened + _TICK for one in standing.said))
    return word


def as_word(standing: Writable, said: Statement, check: Callable[[Known], None], reason: str = "") -> Word:
    """The word about a resource that stands."""
    facts = standing.found.sealed.facts
    return Word(
        standing.source, standing.citizen.id, standing.citizen.numbers, said, facts.id, check=check, reason=reason
    )


def _mine(caller: Caller, asked: Asked, said: Sequence[Statement]) -> Statement | None:
    """The last word of a source of this caller by REST on what that source wrote."""
    told = [one for one in said if one.source in caller.sends and one.act is Act.STATE]
    if asked.kind == "Consent":  # a citizen's word can be taken back at once, however it came
        return told[-1] if told else None
    if asked.kind == "Patient" and asked.interaction == "delete":
        last = {one.source: one for one in _own_of_person(caller, said)}
        return max(
            (one for one in last.values() if one.verb is not Verb.WITHDRAW), key=lambda one: one.order, default=None
        )
    own = [one for one in told if by_rest(one)]
    if asked.kind == "Patient":
        standing = own if own and not takes_back(own[-1]) else []
        return standing[-1] if standing else None
    return own[-1] if own and writer_of(asked.kind, own[-1].key) == own[-1].source else None


def _own_of_person(caller: Caller, said: Sequence[Statement]) -> list[Statement]:
    """All that sources of this caller said of a person, in order, whichever way it came: DELETE is about all of it, as
    A29 is. A link to another record is none of it."""
    return [one for one in said if one.source in caller.sends and "link" not in one.body]


def _owns(caller: Caller, task: Json) -> bool:
    number = task.get("owner", {}).get("identifier", {})
    owner = normal(str(number.get("system", "")), str(number.get("value", ""))).key
    return owner in {caller.organisation.key, *caller.member_of}


def _not_yours(caller: Caller, found: resources.Found, said: Sequence[Statement]) -> Forbidden | NotAllowed:
    """Of what the caller may see is told why it may not be changed here."""
    facts = found.sealed.facts
    tellers = {one.source for one in said if one.act is not Act.HANDLE} or {*facts.sources, facts.source}
    if facts.kind != "Patient" and tellers & set(caller.sends):
        return NotAllowed(
            "This was told by message", hint="Tell it by message: the sender's system would tell it again."
        )
    return Forbidden("Another source wrote this", hint="A sector writes its own part; create one of your own.")


def _check_not_composed(asked: Asked) -> None:
    """Raises NotAllowed for the joint plan and its team."""
    if not is_joint(asked.kind, asked.identity):
        return
    hint = {
        "CarePlan": "Write your own part: POST CarePlan, Goal, Task, Appointment or ServiceRequest.",
        "CareTeam": "Write your own part: POST CareTeam with the members that you know of.",
    }
    raise NotAllowed(
        "The joint plan is composed from its parts and not written", where=asked.kind, hint=hint[asked.kind]
    )
