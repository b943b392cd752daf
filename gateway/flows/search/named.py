"""Search of citizens whom the request names: by Patient id, by identifier, or by the id of what it looks for.

Each name that is given has one record, whether it is anybody's or not: the growing log tells nobody who is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.domain.caller import Caller
from gateway.domain.plan import citizen_of_joint, is_joint
from gateway.domain.record import AccessRecord
from gateway.domain.searching.order import Place
from gateway.domain.searching.query import ANY, Query
from gateway.flows.looking import NOTHING, record_of
from gateway.flows.parts import Gateway
from gateway.flows.search.found import Found, Match, after, matching
from gateway.flows.search.worlds import COMPOSED, NO_ANSWERS, Answers, Look, looks_at, nobody
from gateway.store import searching
from gateway.store.searching import Named

Name = tuple[str, str]
"""A Patient id, "" for nobody's, and the identifier that led to it, "" where it was named itself."""


def names_whom(query: Query) -> bool:
    """Whether a search says whose resources to look among."""
    return bool(query.named or query.ids)


def named_in(query: Query) -> Named:
    """What the store is asked: the citizens who are named, or else those behind the ids that are asked for."""
    if query.named:
        return Named(list(dict.fromkeys(query.citizens)), list(dict.fromkeys(query.identifiers)))
    joint = [citizen_of_joint(one) for one in query.ids if is_joint(query.kind, one)]
    return Named(joint, (), query.kind, [one for one in query.ids if not is_joint(query.kind, one)])


async def search_named(
    gateway: Gateway, caller: Caller, query: Query, place: Place | None, asked: str, found: searching.Found,
    answers: Answers = NO_ANSWERS,
) -> tuple[Found, list[AccessRecord]]:  # fmt: skip
    """What is found of the citizens who are named in every group of names, and the records of the looks. `found` is
    what the store told of `named_in`."""
    groups = _groups(query, found.named)
    names = list(dict.fromkeys(name for group in groups for name in group))
    looks = await looks_at(gateway, caller, found.met, answers)
    told = {name: _known(looks.get(name[0]), *name) for name in names}
    records = [_record(gateway, caller, query, told[name], asked) for name in names]
    reached = [{told[name].person for name in group} for group in groups]
    persons = set.intersection(*reached) - {""} if reached else set()
    answered = {one.person: one for one in reversed(told.values()) if one.person in persons}
    matches: list[Match] = [one for look in answered.values() for one in matching(look, query, look.person)]
    total = len(matches) if query.tells_total else None
    return Found(tuple(after(matches, query, place)), total), records


def _groups(query: Query, behind: Mapping[str, Sequence[str]]) -> list[list[Name]]:
    """Who is named in each group; nobody's names too."""
    groups: list[list[Name]] = []
    for group in query.named:
        patients: list[Name] = [(one.patient, "") for one in group if one.patient]
        numbers = [one.number.replace("\0", "") for one in group if one.number]
        groups.append([*patients, *((citizen, number) for number in numbers for citizen in behind.get(number, [""]))])
    if groups:
        return groups
    joint = [(citizen_of_joint(one), "") for one in query.ids if is_joint(query.kind, one)]
    plain = [one for one in query.ids if not is_joint(query.kind, one)]
    return [[*joint, *((behind.get(one, [""])[0], "") for one in plain)]]


def _known(look: Look | None, citizen: str, number: str) -> Look:
    return look if look is not None and look.knows(number) else nobody()


def _record(gateway: Gateway, caller: Caller, query: Query, look: Look, asked: str) -> AccessRecord:
    """A plan or team is made from everything there is, and so is an answer that passes through other types: the record
    says so."""
    whole = query.kind in COMPOSED or query.wide
    shown = look.seen if whole else look.seen.of({query.kind})
    how, kind = ("search-system", "Patient") if query.kind == ANY else ("search-type", query.kind)
    return record_of(gateway, caller, how, kind, look.asked, shown if look.person else NOTHING, query=asked)
