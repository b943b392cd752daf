"""`_include` and `_revinclude` where they lead into the directory: by literal reference, or by an identifier.

R4 3.1.1.5.4. References of citizens' resources to staff, organisations and places are logical: they name an identifier,
and lead to whatever stands in the directory under it. What they could lead to, with `:iterate` and all, comes in one
statement; here they are followed in what came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gateway.domain.caller import Caller
from gateway.domain.directory import KINDS, identifiers_of, name_of
from gateway.domain.record import AccessRecord
from gateway.domain.searching.beyond import own_names
from gateway.domain.searching.including import MOST_ROUNDS, Include
from gateway.domain.searching.query import Query
from gateway.errors import BadRequest
from gateway.flows.directory.showing import Shown, of_table, of_tables, recorded, shown
from gateway.flows.parts import Gateway
from gateway.flows.search.worlds import readable
from gateway.store.directory import Entry
from gateway.store.searching import Reach

Body = dict[str, Any]
_ANY = ("*", "")
MOST = 2000
"""So many may one step of a `_revinclude` lead to."""


def reach(
    gateway: Gateway, caller: Caller, query: Query, matches: Sequence[Body], with_them: Sequence[Body] = ()
) -> Reach | None:
    """What the store is asked for: all that the includes could lead to from these matches, and by `:iterate` from what
    was included `with_them`. None where nothing leads here."""
    rules = [one for one in query.includes if _leads_here(one)]
    again = [one for one in rules if one.iterate]
    if not (rules and matches):
        return None
    begun = [*matches, *(with_them if again else ())]
    names = {name for body in begun for name, _ in _leads(gateway, body, rules)}
    if not names and not any(one.reverse for one in rules):
        return None
    tables = [told for name in sorted(names) if (told := of_table(gateway, caller, name))]
    backwards = _covered(caller, again, reverse=True)
    further = of_tables(gateway, caller, "Organization") if backwards else []
    return Reach(
        names=names,
        own={name for body in (*begun, *tables) for name in own_names(body)},
        forward=_covered(caller, rules, reverse=False),
        back=_covered(caller, rules, reverse=True),
        forward_again=_covered(caller, again, reverse=False),
        back_again=backwards,
        tables={name for body in further for name in own_names(body)},
        rounds=MOST_ROUNDS,
        most=MOST,
    )


def included(
    gateway: Gateway, caller: Caller, query: Query, matches: Sequence[Body], with_them: Sequence[Body],
    entries: Sequence[Entry],
) -> list[Body]:  # fmt: skip
    """What of the directory goes with these matches, and by `:iterate` with what was included `with_them` and with what
    this adds: as this caller may see it, each once. Followed in the `entries` that came. Raises BadRequest where it is
    too much."""
    rules = [one for one in query.includes if _leads_here(one)]
    again = [one for one in rules if one.iterate]
    there = {_key(one) for one in (*matches, *with_them)}
    pool = _Pool(gateway, caller, entries)
    found = pool.reached(rules, matches) + pool.reached(again, with_them)
    kept: dict[tuple[str, str], Body] = {}
    for _ in range(MOST_ROUNDS):
        begun = {_key(one): one for one in found if _key(one) not in there}
        there |= begun.keys()
        kept |= begun
        if not (begun and again):
            break
        found = pool.reached(again, list(begun.values()))
    return [kept[key] for key in sorted(kept)]


def included_record(gateway: Gateway, caller: Caller, query: Query, told: Sequence[Body]) -> AccessRecord:
    """The record of what was included; it touches no citizen."""
    return recorded(gateway, caller, "search-type", query.kind, f"_include of {query.kind}", Shown(tuple(told), ()))


def _key(body: Body) -> tuple[str, str]:
    return body["resourceType"], body["id"]


def _leads_here(rule: Include) -> bool:
    return rule.source in (*KINDS, *_ANY) if rule.reverse else rule.target in (*KINDS, *_ANY)


def _covered(caller: Caller, rules: Iterable[Include], *, reverse: bool) -> list[str]:
    """The types that rules lead to, as far as the token may read them."""
    named = {one.source if reverse else one.target for one in rules if one.reverse is reverse}
    may_read = readable(caller)
    return [kind for kind in KINDS if may_read(kind) and (kind in named or not named.isdisjoint(_ANY))]


def _leads(gateway: Gateway, body: Body, rules: Iterable[Include]) -> Iterator[tuple[str, str]]:
    """By which names a resource refers to what forward rules ask for, each with the type that it may be."""
    for rule in rules:
        if not rule.reverse and rule.source in ("*", body["resourceType"]):
            for reference in _references(gateway, body, rule):
                for name in filter(_may_be_here, name_of(reference)):
                    yield name, rule.target


def _may_be_here(name: str) -> bool:
    """Whether a name is an identifier, or a literal reference to a type of the directory: a citizen's is not asked."""
    return "|" in name or name.partition("/")[0] in KINDS


class _Pool:
    """What came of the directory, as this caller may see it, and what tables tell."""

    def __init__(self, gateway: Gateway, caller: Caller, entries: Sequence[Entry]) -> None:
        self._gateway, self._caller = gateway, caller
        self._may_read = readable(caller)
        self._bodies = shown(gateway, caller, [one for one in entries if self._may_read(one.kind)]).bodies
        self._by_name: dict[str, list[Body]] = {}
        for body in self._bodies:
            for name in own_names(body):
                self._by_name.setdefault(name, []).append(body)

    def reached(self, rules: Sequence[Include], begun: Sequence[Body]) -> list[Body]:
        """What one step of these rules leads to."""
        asked = dict.fromkeys(pair for body in begun for pair in _leads(self._gateway, body, rules))
        forward = [one for name, kind in asked for one in self._going_by(name) if kind in ("", one["resourceType"])]
        back = [one for rule in rules if rule.reverse and begun for one in self._referring(rule, begun)]
        return [*forward, *back]

    def _going_by(self, name: str) -> list[Body]:
        told = of_table(self._gateway, self._caller, name) if self._may_read("Organization") else None
        return [*([told] if told else []), *self._by_name.get(name, ())]

    def _referring(self, rule: Include, begun: Sequence[Body]) -> list[Body]:
        aims = [one for one in begun if rule.target in ("", one["resourceType"])]
        names = {name for one in aims for name in (f"{one['resourceType']}/{one['id']}", *identifiers_of(one))}
        kinds = KINDS if rule.source in _ANY else (rule.source,)
        found = [
            one for one in self._bodies
            if one["resourceType"] in kinds and not names.isdisjoint(_named_by(self._gateway, one, rule))
        ]  # fmt: skip
        if len(found) > MOST:
            raise too_much()
        return found


def too_much() -> BadRequest:
    """The refusal of includes that lead to too many."""
    return BadRequest("This includes too much", where="_revinclude", hint="Ask for a smaller page with _count.")


def _named_by(gateway: Gateway, body: Body, rule: Include) -> set[str]:
    return {name for reference in _references(gateway, body, rule) for name in name_of(reference)}


def _references(gateway: Gateway, body: Body, rule: Include) -> list[Body]:
    """What a resource refers to by the parameter of a rule, or by any."""
    rows = gateway.search.get(body["resourceType"], {})
    chosen = rows.values() if rule.parameter in _ANY else [rows[rule.parameter]] if rule.parameter in rows else []
    found = [item for row in chosen if row.kind == "reference" for item in row.extract(body)]
    return [one for one in found if isinstance(one, dict)]
