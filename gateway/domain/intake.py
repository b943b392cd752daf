"""What a message changes, given what is known of the citizen it is about. Pure: the flow reads and writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.citizen import Person, identity_key, people
from gateway.domain.document import holds_others
from gateway.domain.fold import fold
from gateway.domain.identifier import Identifier
from gateway.domain.resource import Facts, Ids, Resource
from gateway.domain.source import Source
from gateway.domain.statement import OUTSIDE_STAYS, Act, Statement, Verb

# Kinds whose statements are always read whole: the link between joined identities, and the grouping of stays with
# what was asked for at their start.
_WHOLE = "Patient"
_STAYS = ("Encounter", "EpisodeOfCare", "Task")


@dataclass(frozen=True, slots=True)
class Touch:
    """What a message is about: the store reads these before the change is worked out.

    `patients` are the ids of those whom nobody may have spoken of before: an attempt that came to nothing may have left
    their revision behind. `kinds` are read whole, `objects` by (kind, key). `everything` asks for all that is known of
    the citizens.
    """

    identifiers: tuple[str, ...]
    patients: tuple[str, ...]
    kinds: tuple[str, ...]
    objects: tuple[tuple[str, str], ...]
    everything: bool = False


@dataclass(slots=True)
class Known:
    """What the store knows of the citizens that a message touches."""

    evidence: dict[str, tuple[str, ...]] = field(default_factory=dict)  # identity → identifiers said with it
    citizens: dict[str, str] = field(default_factory=dict)  # identity → citizen id
    merges: list[tuple[str, str]] = field(default_factory=list)  # survivor, loser
    revisions: dict[str, int] = field(default_factory=dict)  # citizen id → revision
    statements: list[tuple[str, Statement]] = field(default_factory=list)  # identity, statement
    resources: dict[tuple[str, str], tuple[bytes, int]] = field(default_factory=dict)  # digest, version
    files: dict[str, frozenset[str]] = field(default_factory=dict)  # labels of files beside the resources
    entitled: bool = False  # a municipality has an open case (retssikkerhedsloven § 12 c)


@dataclass(frozen=True, slots=True)
class Folded:
    """A resource as it shall stand, with what a decision may know of it."""

    resource: Resource
    facts: Facts
    citizen: str


@dataclass(frozen=True, slots=True)
class Change:
    """All that one message changes. `revisions` are what the change was worked out from."""

    citizen: str
    revisions: tuple[tuple[str, int], ...]
    identities: tuple[tuple[str, str, tuple[str, ...]], ...]  # identity, citizen, identifiers
    merges: tuple[tuple[str, str], ...]
    statements: tuple[tuple[str, str, Statement], ...]  # citizen, identity, statement
    folded: tuple[Folded, ...]
    gone: tuple[tuple[str, str], ...]  # (kind, id) that no longer come out of the fold: another id stands for them now
    moved: bool  # identities changed their citizen: older statements follow them


Judge = Callable[[Resource, str], tuple[Resource, Facts]]
"""Labels a folded resource: (resource, citizen id) → the resource with its security labels, and its facts."""


def touch(
    citizen: Sequence[Identifier],
    merged: Sequence[Identifier],
    statements: Sequence[Statement],
    ids: Ids,
    *,
    everything: bool,
) -> Touch:
    """What must be read for a message with these identifiers and statements."""
    kinds = _whole_kinds(statements)
    objects = {(s.kind, s.key) for s in statements if s.kind not in kinds}
    identifiers = tuple(i.key for i in (*citizen, *merged))
    patients = tuple(ids("Patient", identity_key(tuple(one))) for one in (citizen, merged) if one)
    return Touch(identifiers, patients, kinds, tuple(sorted(objects)), everything)


def _whole_kinds(statements: Sequence[Statement]) -> tuple[str, ...]:
    stays = any(s.act not in OUTSIDE_STAYS or (s.kind == "Condition" and s.act is Act.STATE) for s in statements)
    return (_WHOLE, *_STAYS) if stays else (_WHOLE,)


def work_out(
    known: Known,
    citizen: Sequence[Identifier],
    merged: Sequence[Identifier],
    statements: Sequence[Statement],
    ids: Ids,
    sources: Mapping[str, Source],
    judge: Judge,
    *,
    everything: bool,
    taken: Collection[tuple[str, str]] = (),
) -> Change | None:
    """The change that these statements make; None when people join or part, a whole stay was taken back, or documents
    rest on each other, and everything must be read first.

    Resources (kind, id) that are `taken` are another citizen's: this one's get ids of their own.
    """
    key = identity_key(tuple(citizen))
    evidence = {name: set(said) for name, said in known.evidence.items()}
    evidence.setdefault(key, set()).update(i.key for i in citizen)
    merges = set(known.merges)
    if merged:
        loser = identity_key(tuple(merged))
        evidence.setdefault(loser, set()).update(i.key for i in merged)
        merges.add((key, loser))
    persons = people(evidence, merges)
    citizens = {name: person.citizen_id(ids) for name, person in persons.items()}
    moved = any(known.citizens.get(name, now) != now for name, now in citizens.items())
    if moved and not everything:
        return None
    said = [*known.statements, *((key, s) for s in statements)]
    if not everything and any(_takes_a_stay_back(s) or holds_others(s) for _, s in said):
        return None  # a stay's diagnoses go with it, and come again when it stands again; documents rest on others
    made = _fold_all({p.survivor: p for p in persons.values()}, said, ids, sources, taken)
    if len(made) > 1:
        made |= {
            one: _fold_one(one, said, ids, sources, {*taken, *more})
            for one, more in _clashing(made, persons[key], known, ids).items()
        }
    folded = [Folded(*judge(r, c), c) for one, rs in made.items() for c in (one.citizen_id(ids),) for r in rs]
    standing = {(f.resource.kind, f.resource.id) for f in folded}
    kinds = _whole_kinds(statements)
    own = _apart(ids, taken, citizens[key])
    alerts = {(s.kind, own(s.kind, s.key)) for s in statements if s.kind == "Flag"}  # one may have been none
    gone = {k for k in known.resources if (everything or k[0] in kinds or k in alerts) and k not in standing}
    touched = {*citizens.values(), *known.citizens.values()}
    return Change(
        citizen=citizens[key],
        revisions=tuple(sorted((one, known.revisions.get(one, 0)) for one in touched)),
        identities=tuple(_new_words(evidence, citizens, known)),
        merges=tuple(sorted(merges - set(known.merges))),
        statements=tuple((citizens[key], key, s) for s in statements),
        folded=tuple(folded),
        gone=tuple(sorted(gone)),
        moved=moved,
    )


def _takes_a_stay_back(one: Statement) -> bool:
    return one.act is Act.DELETE or (one.act is Act.START and one.verb is Verb.WITHDRAW)


def _new_words(
    evidence: Mapping[str, set[str]], citizens: Mapping[str, str], known: Known
) -> list[tuple[str, str, tuple[str, ...]]]:
    """Identities that are new, know a new identifier, or belong to another citizen than before."""
    rows = [(name, citizens[name], tuple(sorted(evidence[name]))) for name in sorted(evidence)]
    return [row for row in rows if (known.citizens.get(row[0]), known.evidence.get(row[0])) != row[1:]]


def _fold_all(
    persons: Mapping[str, Person],
    said: Sequence[tuple[str, Statement]],
    ids: Ids,
    sources: Mapping[str, Source],
    taken: Collection[tuple[str, str]],
) -> dict[Person, list[Resource]]:
    return {person: _fold_one(person, said, ids, sources, taken) for person in persons.values()}


def _fold_one(
    person: Person,
    said: Sequence[tuple[str, Statement]],
    ids: Ids,
    sources: Mapping[str, Source],
    taken: Collection[tuple[str, str]],
) -> list[Resource]:
    own = [statement for identity, statement in said if identity in person.identities]
    citizen = person.citizen_id(ids)
    return _told_apart(fold(own, person, _apart(ids, taken, citizen), sources), ids, taken, citizen)


def _clashing(
    made: Mapping[Person, Sequence[Resource]], told: Person, known: Known, ids: Ids
) -> dict[Person, set[tuple[str, str]]]:
    """Which resources must get an id of their own, where two citizens of one change (they share a local number, and
    are two all the same) would have one with the same id. Who has one of its own already stays there; of the others
    the one whom this message is `told` of goes aside."""
    makers: dict[tuple[str, str], list[Person]] = defaultdict(list)
    for person, resources in made.items():
        for one in resources:
            if one.kind != _WHOLE:
                makers[one.kind, one.id].append(person)
    aside: dict[Person, set[tuple[str, str]]] = defaultdict(set)
    for (kind, plain), persons in makers.items():
        if len(persons) > 1:
            new = [p for p in persons if (kind, _own_id(ids, kind, plain, p.citizen_id(ids))) not in known.resources]
            keeper = min(new or persons, key=lambda p: (p is told, p.survivor))
            for person in persons:
                if person is not keeper:
                    aside[person].add((kind, plain))
    return aside


def _apart(ids: Ids, taken: Collection[tuple[str, str]], citizen: str) -> Ids:
    """Ids that keep away from those of other citizens: a sender may tell of two under one number, by mistake or
    because it corrects a wrong CPR number."""
    if not taken:
        return ids

    def own(kind: str, key: str) -> str:
        plain = ids(kind, key)
        return _own_id(ids, kind, plain, citizen) if (kind, plain) in taken else plain

    return own


def _own_id(ids: Ids, kind: str, plain: str, citizen: str) -> str:
    """The id that a citizen's resource has where another citizen's has `plain`."""
    return ids(kind, f"{plain}|{citizen}")


def _told_apart(made: list[Resource], ids: Ids, taken: Collection[tuple[str, str]], citizen: str) -> list[Resource]:
    """With what refers to a resource that is `taken` referring to this citizen's own instead, when there is one.

    Translators write final references, before it is known that an id is another citizen's.
    """
    if not taken:
        return made
    there = {(one.kind, one.id) for one in made}
    own = {
        f"{kind}/{plain}": f"{kind}/{one}"
        for kind, plain in taken
        if (kind, one := _own_id(ids, kind, plain, citizen)) in there
    }
    for resource in made:
        resource.body = _referring(resource.body, own)
    return made


def _referring(node: Any, own: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {
            name: own.get(value, value) if name == "reference" and isinstance(value, str) else _referring(value, own)
            for name, value in node.items()
        }
    return [_referring(item, own) for item in node] if isinstance(node, list) else node
