"""Filters on data: which resources a provision is about. Each is a function (facts, units) → NO, MAYBE or YES."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gateway.domain.consent.actors import Resolve, keys_of, says_sub_units
from gateway.domain.consent.codes import MAYBE, NO, YES, Codes
from gateway.domain.consent.span import Span
from gateway.domain.consent.units import Tree, Units
from gateway.domain.resource import Facts
from gateway.domain.security_label import DATA_CLASS

Filter = Callable[[Facts, Units], int]

RESOURCE_TYPES = "http://hl7.org/fhir/resource-types"


def by_class(codes: Codes) -> Filter:
    """`class`: a FHIR resource type, one of our data classes, or a code the resource itself carries."""
    kinds, classes = _codes_of(RESOURCE_TYPES, codes), _codes_of(DATA_CLASS, codes)

    def fits(facts: Facts, _: Units) -> int:
        return YES if facts.kind in kinds or facts.data_class in classes else codes.grade_any(facts.codes)

    return fits


def _codes_of(system: str, codes: Codes) -> frozenset[str]:
    """The codes of one system."""
    return frozenset(value[len(system) + 1 :] for value in codes.values if value.startswith(f"{system}|"))


def by_code(codes: Codes) -> Filter:
    """`code`: the main code of the resource; a resource without a code is not hit (rule 6)."""
    return lambda facts, _: codes.grade_any(facts.codes)


def by_dates(inside: Span | None, *, denies: bool) -> Filter:
    """`dataPeriod`; None when it cannot be read."""
    if inside is None:
        return lambda *_: MAYBE
    return _denied_dates(inside) if denies else _permitted_dates(inside)


def _permitted_dates(inside: Span) -> Filter:
    """Of a permit: every date that is present lies inside, and there is one (rule 6)."""

    def fits(facts: Facts, _: Units) -> int:
        dates = (*facts.clinical, facts.updated) if facts.updated else facts.clinical
        return YES if dates and all(map(inside.holds, dates)) else NO

    return fits


def _denied_dates(inside: Span) -> Filter:
    """Of a deny: the clinical dates or the last update touch it, or there is no date at all.

    The two ends of a stay that began before and ended after the period touch it as well.
    """

    def fits(facts: Facts, _: Units) -> int:
        clinical = facts.clinical
        if clinical:
            if min(clinical) <= inside.high and max(clinical) >= inside.low:
                return YES
        elif facts.updated is None:
            return YES
        return YES if facts.updated is not None and inside.holds(facts.updated) else NO

    return fits


def by_reference(value: Any, contained: Mapping[str, Any], resolve: Resolve, *, denies: bool) -> Filter:
    """`data`: this instance, what holds a reference to it, or what somebody wrote.

    An organisation wrote what names it as author; of a deny, and where the consent names it with its sub-units, all
    that comes from it as well: what its systems sent, what it provides or keeps, and what comes from its sub-units
    (rule 12). A deny that leaves the sub-units out is not of what its systems sent of theirs.
    """
    instances: set[str] = set()
    related: set[str] = set()
    writers: set[str] = set()
    places: set[str] = set()
    alone: set[str] = set()
    vague = not isinstance(value, list) or not value
    for one in value if isinstance(value, list) else ():
        item = one if isinstance(one, dict) else {}
        meaning = str(item.get("meaning"))
        by_writer = meaning == "authoredby"
        keys = keys_of(item.get("reference"), contained, resolve if by_writer else _literal)
        if not by_writer:
            keys = frozenset(k for k in keys if "|" not in k)
        target = {"instance": instances, "related": related, "authoredby": writers}.get(meaning)
        if target is None or not keys or "modifierExtension" in item:
            vague = True
        else:
            target |= keys
            with_units = says_sub_units(item.get("extension"))
            if by_writer and (denies or with_units):
                (alone if with_units is False else places).update(keys)

    def fits(facts: Facts, units: Units) -> int:
        here = f"{facts.kind}/{facts.id}"
        if here in instances or here in related or not related.isdisjoint(facts.related):
            return YES
        if not writers.isdisjoint(facts.authors):
            return YES
        if places and _comes_from(places, facts, units.closing if denies else units.sure):
            return YES
        if alone and _is_its_own(alone, facts.places, units):
            return YES
        return MAYBE if vague else NO

    return fits


def _comes_from(places: set[str], facts: Facts, tree: Tree) -> bool:
    """Whether data comes from one of these organisations or from a part of it."""
    return not places.isdisjoint(tree.above(facts.places | facts.authors))


def _is_its_own(organisations: set[str], places: frozenset[str], units: Units) -> bool:
    """Whether data comes from one of these organisations, and from no sub-unit of it."""
    for one in organisations & places:
        others = [units.sure.above(frozenset({place})) for place in places - {one}]
        if not any(one in above for above in others):
            return True
    return False


def _literal(reference: str) -> tuple[str, ...]:
    """`Encounter/7`; anything that leads out of here is not understood."""
    kind, slash, identity = reference.partition("/")
    plain = slash and kind.isalpha() and identity and "/" not in identity
    return (reference,) if plain else ()
