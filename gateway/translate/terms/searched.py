"""What a search asks of the code tables: whether a code is in a value set, and where it stands in its system.

R4 3.1.1.4.10: `:in`, `:not-in`, `:above`, `:below`. A code is known in every spelling that its system is known in, and
by each of its codes. Where the table holds the beginnings of codes only (SKS), a code stands below its beginning. KLE
is a hierarchy by its dots (27, 27.36, 27.36.04), of which the table holds the last level.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.domain.searching.matching.here import Coded
from gateway.errors import BadRequest, NotFound
from gateway.translate.terms.sets import ValueSet
from gateway.translate.terms.system import System
from gateway.translate.terms.terms import Terms

_DOTTED = "kle"
_KLE = re.compile(r"\d\d(?:\.\d\d){0,2}", re.ASCII)
_LISTED = "GET {} lists those that are."


class KnownCodes:
    """The tables as `searching.matching.here.Codes`."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms

    def members(self, value_set: str) -> Coded:
        """Whether a code is in a value set. Of an element without a system, whichever of the set's systems has it."""
        found = self._value_set(value_set)
        every = [one for one in map(self._terms.system, found.systems) if one]

        def test(system: str | None, code: str) -> bool:
            its = self._terms.system(system) if system else None
            asked = [its] if its else every if system is None else []
            return any((name := _own(one, code)) is not None and found.holds(one, name) for one in asked)

        return test

    def below(self, system: str, code: str) -> Coded:
        """Whether a code is this one or stands below it."""
        asked = self._places(system, code)

        def test(its: str | None, other: str) -> bool:
            one = self._terms.system(its) if its else None
            return one is not None and one.about.table in asked and asked[one.about.table] in _upwards(one, other)

        return test

    def above(self, system: str, code: str) -> Coded:
        """Whether a code is this one or stands above it."""
        known = self._terms.system(system) if system else None
        lies_below = known is not None and known.find(code) is None and known.nearest_above(code) is not None
        asked = [known.about.table] if known and lies_below else self._places(system, code)
        steps = {name: frozenset(_upwards(self._terms.systems[name], code)) for name in asked}

        def test(its: str | None, other: str) -> bool:
            one = self._terms.system(its) if its else None
            return one is not None and (_own(one, other) or "") in steps.get(one.about.table, ())

        return test

    def _value_set(self, name: str) -> ValueSet:
        identity = name.removeprefix("ValueSet/")
        if identity in self._terms.sets:
            return self._terms.sets[identity]
        try:
            return self._terms.value_set(name)
        except NotFound:
            raise BadRequest("This value set is not known here", hint=_LISTED.format("ValueSet")) from None

    def _places(self, system: str, code: str) -> dict[str, str]:
        """Where a code stands: its own code by the table of its system; without a system in each that has it."""
        asked = self._terms.system(system) if system else None
        if system and asked is None:
            raise BadRequest("This code system is not known here", hint=_LISTED.format("CodeSystem"))
        systems: Sequence[System] = [asked] if asked else list(self._terms.systems.values())
        own = ((one.about.table, _own(one, code)) for one in systems)
        found = {table: name for table, name in own if name is not None}
        if not found:
            raise BadRequest("This code is not known here, so nothing is known to stand above or below it")
        return found


def _own(system: System, code: str) -> str | None:
    """The own code of the concept that a code means."""
    if system.about.table == _DOTTED:
        return code if _KLE.fullmatch(code) else None
    found = system.find(code)
    return found.concept.code if found else None


def _upwards(system: System, code: str) -> Sequence[str]:
    """A concept's own code and those above it; of a code that only begins like one of the table, that one and on."""
    if system.about.table == _DOTTED:
        return [code[:length] for length in (8, 5, 2) if length <= len(code)] if _KLE.fullmatch(code) else ()
    found = system.find(code)
    start = found.concept if found else system.nearest_above(code)
    return [start.code, *(one.code for one in system.above(start.code))] if start else ()
