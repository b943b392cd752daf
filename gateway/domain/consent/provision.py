"""A provision, compiled: what it says, whom it is about, which data, and its exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.consent import filters
from gateway.domain.consent.actors import Actors, Resolve, actors
from gateway.domain.consent.ask import BREAK_GLASS, Asked
from gateway.domain.consent.codes import MAYBE, NO, YES, Codes, codings, concepts
from gateway.domain.consent.span import Span, period
from gateway.domain.statement import Body
from gateway.domain.when import END

_TICK = timedelta(microseconds=1)
_DEEPEST = 32  # nested provisions; what lies deeper is not understood

_KNOWN = frozenset(
    {"id", "extension", "type", "period", "actor", "action", "securityLabel", "purpose", "class", "code", "dataPeriod",
     "data", "provision"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Provision:
    """One provision with what it inherits (rule 3).

    `says` is permit, deny, "" for a root that only holds exceptions, or "?" for a type that is not understood: it may
    be a deny of what it is about, and a permit that leaves out the rest. `clear` is False when something in it is not
    understood: then it, and what is below it, can only deny. `names` are the labels and classes that it and the
    permits above it list; `breaks_glass` tells that it names purpose BTG.
    """

    says: str
    path: str
    clear: bool
    within: Span | None
    actors: Actors | None
    actions: Codes | None
    purposes: Codes | None
    labels: Codes | None
    filters: tuple[filters.Filter, ...]
    names: frozenset[str]
    breaks_glass: bool
    exceptions: tuple[Provision, ...]
    denies: bool
    limits: bool  # what it is not about is what the citizen left out (rule 7)
    named: frozenset[str] | None  # the only purposes that it or an exception can be about, None for any
    open: bool  # who, when and what is done do not matter to it
    plain: bool  # no filter on data, here or below
    alike: bool  # here and below all data of one type, class, label and code is alike to it
    follows: bool  # who, when and what is done are its parent's, and named as its parent names them

    def about(self, asked: Asked) -> tuple[int, int]:
        """How well who, when and what is done match, as a permit names people and as a deny does."""
        if self.within is not None and not self.within.low <= asked.now <= self.within.high:
            return (NO, NO)
        exact, wide = (YES, YES) if self.actors is None else self.actors.grades(asked)
        level = YES if self.clear else MAYBE
        if wide and self.actions is not None:
            level &= self.actions.grade(asked.action)
        return (exact, wide) if level == YES else (exact & level, wide & level)


def moments_of(provision: Provision) -> set[datetime]:
    """From when on it, or an exception in it, begins to hold or holds no more."""
    found = set().union(*map(moments_of, provision.exceptions))
    if provision.within is not None:
        low, high = provision.within
        found |= {low} if high >= END else {low, high + _TICK}
    return found


def _together(named: frozenset[str] | None, exceptions: tuple[Provision, ...]) -> frozenset[str] | None:
    """The purposes of a provision and of its exceptions; None as soon as one of them may be about any."""
    for one in exceptions:
        if named is None or one.named is None:
            return None
        named |= one.named
    return named


def _names_override(purposes: Codes | None, *, denies: bool) -> bool:
    """Whether BTG is among the purposes; a purpose of a deny that cannot be understood may well be it."""
    return purposes is not None and (BREAK_GLASS in purposes.values or (denies and purposes.vague))


class Compiler:
    """Compiles the provisions of one Consent."""

    def __init__(self, contained: Mapping[str, Any], resolve: Resolve) -> None:
        self._contained = contained
        self._resolve = resolve

    def root(self, raw: Body, *, clear: bool, objection: bool) -> Provision:
        """The root provision. An objection denies, whatever else it says; R4 lets a root leave its type out."""
        says = raw.get("type", "")
        if objection:
            clear = clear and says in ("", "deny")
            says = "deny"
        return self._provision(raw, says, "provision", clear, None)

    def _provision(self, raw: Body, says: Any, path: str, clear: bool, parent: Provision | None) -> Provision:
        understood = says in ("permit", "deny") or (says == "" and parent is None)
        says = says if understood else "?"
        within, dated = period(raw.get("period")), period(raw.get("dataPeriod"))
        for name in raw.keys() - _KNOWN:
            understood = understood and name.startswith("_")
        understood = understood and (within is not None or "period" not in raw)
        labels = codings(raw["securityLabel"]) if "securityLabel" in raw else None
        classes = codings(raw["class"]) if "class" in raw else None
        purposes = codings(raw["purpose"]) if "purpose" in raw else parent.purposes if parent else None
        names = labels.values if labels else frozenset()
        names |= classes.values if classes else frozenset()
        who = self._actors(raw, parent)
        actions = concepts(raw["action"]) if "action" in raw else parent.actions if parent else None
        kept = tuple(self._filters(raw, classes, dated, denies=says != "permit"))
        made = Provision(
            says=says,
            path=path,
            clear=clear and understood,
            within=within,
            actors=who,
            actions=actions,
            purposes=purposes,
            labels=labels,
            filters=kept,
            names=names | (parent.names if parent and not parent.denies else frozenset()),
            breaks_glass=_names_override(purposes, denies=says != "permit"),
            exceptions=(),
            denies=says in ("deny", "?"),
            limits=says in ("permit", "?"),
            named=purposes.values if purposes is not None and not purposes.vague else None,
            open=within is None and who is None and actions is None and clear and understood,
            plain=not kept and labels is None,
            alike="dataPeriod" not in raw and "data" not in raw,
            follows=parent is not None
            and within is None
            and understood
            and parent.limits != parent.denies
            and who is parent.actors
            and actions is parent.actions
            and (says == "deny" or parent.says == "permit"),
        )
        exceptions = tuple(self._exceptions(raw, made))
        if exceptions:
            object.__setattr__(made, "exceptions", exceptions)
            object.__setattr__(made, "plain", made.plain and all(one.plain for one in exceptions))
            object.__setattr__(made, "alike", made.alike and all(one.alike for one in exceptions))
            object.__setattr__(made, "named", _together(made.named, exceptions))
        return made

    def _actors(self, raw: Body, parent: Provision | None) -> Actors | None:
        if "actor" in raw:
            return actors(raw["actor"], self._contained, self._resolve)
        return parent.actors if parent else None

    def _filters(self, raw: Body, classes: Codes | None, dated: Span | None, *, denies: bool) -> list[filters.Filter]:
        made = []
        if classes is not None:
            made.append(filters.by_class(classes))
        if "code" in raw:
            made.append(filters.by_code(concepts(raw["code"])))
        if "dataPeriod" in raw:
            made.append(filters.by_dates(dated, denies=denies))
        if "data" in raw:
            made.append(filters.by_reference(raw["data"], self._contained, self._resolve, denies=denies))
        return made

    def _exceptions(self, raw: Body, parent: Provision) -> list[Provision]:
        listed = raw.get("provision", [])
        children = listed if isinstance(listed, list) else [listed]
        made = []
        for number, child in enumerate(children):
            path = f"{parent.path}.provision[{number}]"
            shallow = isinstance(child, dict) and path.count("[") <= _DEEPEST
            content: Body = child if shallow else {}  # nothing understood: it denies all that its parent is about
            made.append(self._provision(content, content.get("type"), path, parent.clear, parent))
        return made
