"""The case behind a plan: a case system's Sag and the KL plans and interventions that are documented in it.

KL writes the number of the case on the plan (extension MunicipalityCaseNumber): the case's UUID, or the municipality's
own number with who gave it. The case itself, as an OIO Sag tells it, has both as its own identifiers. What is
documented in a case is the same effort told twice: the joint plan shows it once, with both parts (docs/decisions/0015).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gateway.domain.identifier import normal
from gateway.domain.statement import Body

SYSTEM = "https://data.gov.dk/id/organization"
"""Identifier.system of a case's UUID, as KL writes it and SF1470 numbers cases."""

_HERE = SYSTEM.partition("://")[2]  # some write http, or a slash behind it

NUMBER = "http://fhir.kl.dk/core/StructureDefinition/MunicipalityCaseNumber"
"""Extension of a plan: the case that it is documented in. Other spellings are translated to this one."""

CASE = "https://faellesplan.dk/fhir/StructureDefinition/case"
"""Extension of a reference to a part of the joint plan: the part that tells of the case behind it."""


def cases_among(plans: Sequence[Body]) -> dict[str, list[Body]]:
    """By the id of each plan that is documented in a case: the visible cases that it means, in their order."""
    known: dict[str, Body] = {}
    for plan in plans:
        if not _numbers(plan):
            for key in _keys(plan.get("identifier", ())):
                known.setdefault(key, plan)
    found: dict[str, list[Body]] = {}
    for plan in plans:
        meant = {known[key]["id"]: known[key] for key in _keys(_numbers(plan)) if key in known}
        if meant:
            found[plan["id"]] = [meant[name] for name in sorted(meant)]
    return found


def _numbers(plan: Body) -> list[Body]:
    """The numbers of the case that a plan is documented in; a case tells its own as identifiers alone."""
    told = [one for one in plan.get("extension", ()) if one.get("url") == NUMBER]
    parts = (part for one in told for part in one.get("extension", ()))
    return [part["valueIdentifier"] for part in parts if "valueIdentifier" in part]


def _keys(identifiers: Iterable[Body]) -> Iterator[str]:
    """What an identifier is known by: its own system, or who gave it. One with neither may be anybody's."""
    for one in identifiers:
        value = str(one.get("value", "")).strip().lower()
        giver = one.get("assigner", {}).get("identifier", {})
        if not value:
            continue
        if str(one.get("system", "")).partition("://")[2].rstrip("/") == _HERE:
            yield f"{SYSTEM}|{value.removeprefix('urn:uuid:')}"
            continue
        if giver.get("value"):
            yield f"{normal(str(giver.get('system', '')), str(giver['value'])).key}|{value}"
        if one.get("system"):
            yield f"{one['system']}|{value}"
