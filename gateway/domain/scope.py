"""SMART scopes, version 2: what a token lets its holder do, by type, letters and search parameters.

    (patient|user|system)/(type|*).<letters of cruds, in order>[?parameter=value&…]

http://hl7.org/fhir/smart-app-launch/STU2/scopes-and-launch-context.html. The spellings of version 1 are read as
version 2. Parameters narrow what is seen to the resources that meet all of them; plain search parameters alone are
taken: modifiers, chains, `_filter` and whatever shapes an answer instead of choosing from it make no scope.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlencode

LEVELS = ("patient", "user", "system")
_SCOPE = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]{2,63})\.(c?r?u?d?s?|read|write|\*)(?:\?([^#\s\"\\]+))?")
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_PARAMETER = re.compile(r"_?[a-z][a-z-]{0,63}")
_SHAPING = frozenset(
    "_count _offset _sort _include _revinclude _summary _elements _total _contained _score _filter _query _content"
    " _text _list _has _format _pretty _type _since _at _page".split()
)
_MOST_PARAMETERS = 10
LONGEST = 1000
"""Characters of a scope that is asked for: what was read is remembered."""
Where = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission: `type` is a resource type or `*`, `may` letters of `cruds` in that order. `where` are search
    parameters that a resource must all meet to be seen."""

    type: str
    may: str
    where: Where = ()
    level: str = "system"

    def __str__(self) -> str:
        query = f"?{urlencode(self.where, safe=':/|,$', quote_via=quote)}" if self.where else ""
        return f"{self.level}/{self.type}.{self.may}{query}"

    def is_about(self, kind: str) -> bool:
        """Whether this scope says anything of a type."""
        return self.type in ("*", kind)


@lru_cache(maxsize=4096)
def read(text: str) -> Scope | None:
    """The scope, version 1 spellings as version 2; None for anything that is none.

    >>> str(read("system/Encounter.read"))
    'system/Encounter.rs'
    >>> str(read("user/Condition.rs?category=problem-list-item"))
    'user/Condition.rs?category=problem-list-item'
    >>> read("system/Encounter.sr") is read("system/Condition.rs?code:in=x") is None
    True
    """
    match = _SCOPE.fullmatch(text)
    if not match:
        return None
    level, kind, letters, query = match.groups()
    may = _VERSION_1.get(letters, letters)
    where = _where(query) if query is not None else ()
    return Scope(kind, may, where, level) if may and where is not None else None


def _where(query: str) -> Where | None:
    """The parameters of a scope, sorted; None when one of them cannot narrow a scope."""
    try:
        found = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        return None
    names = {name for name, _ in found}
    sound = all(_PARAMETER.fullmatch(name) for name in names) and not names & _SHAPING
    if not sound or len(found) > _MOST_PARAMETERS or not all(value and value.isprintable() for _, value in found):
        return None
    return tuple(sorted(set(found)))
