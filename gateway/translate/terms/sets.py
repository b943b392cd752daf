"""Value sets, compiled: which codes of which systems they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gateway.translate.rules.problems import Problems
from gateway.translate.terms.rows import Choice, SetAbout
from gateway.translate.terms.system import System


class ValueSet:
    """A value set. `members` are the concepts' own codes by the URL of their system, in the order of the tables."""

    def __init__(self, about: SetAbout, systems: Mapping[str, System], problems: Problems) -> None:
        self.about = about
        self.members: dict[str, dict[str, None]] = {}
        for choice in about.choices:
            system = systems.get(choice.table)
            if system is None:
                problems.unknown(choice.mark, "table", choice.table, systems)
                continue
            members = self.members.setdefault(system.about.url, {})
            members |= dict.fromkeys(chosen(choice, system, problems))

    @property
    def systems(self) -> Sequence[str]:
        """The URLs of the systems that its codes come from."""
        return tuple(self.members)

    def holds(self, system: System, code: str) -> bool:
        """Whether a concept's own code is in it."""
        return code in self.members.get(system.about.url, ())


def chosen(choice: Choice, system: System, problems: Problems) -> Iterator[str]:
    """The codes that one line takes of its system."""
    if choice.choose == "all":
        yield from system.codes
        return
    for code in choice.of:
        if code not in system.codes:
            problems.unknown(choice.mark, "code", code, system.codes)
        elif choice.choose == "these":
            yield code
        else:
            below = system.below(code)
            yield from (one for one in below if choice.choose == "below" or system.is_leaf(one))
