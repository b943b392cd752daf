"""A collection of KL's: FFB reports (kl-ffb-reporting 1.0.0), KLGateway's reports (FSIII, rehabilitation, prevention,
children, easy-access offers), and whole plans handed over.

A report is what one municipality's system says of one citizen on one day. The same id is the same thing, said anew;
`entered-in-error` takes it back; what it leaves out it does not speak of (docs/kl-reports.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from gateway.domain.identifier import normal
from gateway.errors import RuleBroken, UnknownMessage, Unreadable
from gateway.translate.fhir.message import COLLECTION
from gateway.translate.fhir.shape import is_resource
from gateway.translate.kl import whole
from gateway.translate.kl.whole import Whole

Json = dict[str, Any]

FFB = "ffb-report"
FSIII = "fsiii-report"
PLAN = "plan-collection"
SENDER = "Patient.managingOrganization.identifier"
"""Where a report names its sender."""

# Beginnings of the profiles' canonicals, by what a collection of them is.
_PROFILES = {
    "http://fhir.kl.dk/ffbreporting/": FFB,
    "http://ffb/reporting/kl.dk/": FFB,
    "http://fhir.kl.dk/gateway/": FSIII,
    "http://gateway.kl.dk/": FSIII,
    "http://fhir.kl.dk/rehab/": "rehab-report",
    "http://fhir.kl.dk/prevention/": "prevention-report",
    "http://fhir.kl.dk/children/": "children-report",
    "http://fhir.kl.dk/ltt/": "ltt-report",
}


def check(bundle: Json) -> Whole:
    """The collection, checked against R4 and as a whole. Raises Unreadable, UnknownMessage, RuleBroken, and what
    `whole.check` raises."""
    if bundle.get("resourceType") != "Bundle":
        raise Unreadable("A report is a Bundle.", where="resourceType")
    if bundle.get("type") == "message":
        raise UnknownMessage(
            "A message does not come through this door.", where="Bundle.type", hint="POST /fhir/$process-message."
        )
    if bundle.get("type") != COLLECTION:
        raise RuleBroken("A report is a Bundle of type collection.", where="Bundle.type")
    return whole.check(bundle)


def event_of(bundle: Json) -> str:
    """What the collection is, by the profile that it names, or else by one that its resources name."""
    resources = (entry["resource"] for entry in bundle.get("entry", ()))
    named = chain([bundle], (one for one in resources if is_resource(one["resourceType"])))
    profiles = (one for resource in named for one in resource.get("meta", {}).get("profile", ()))
    told = next((one for one in profiles if one.startswith(tuple(_PROFILES))), "")
    return next((event for start, event in _PROFILES.items() if told.startswith(start)), PLAN)


def number_of(report: Whole) -> str:
    """The report's own number and the time that it tells of: some systems call every report of a citizen the same."""
    bundle = report.message.bundle
    number = bundle.get("identifier", {}).get("value") or bundle.get("id") or ""
    return f"{number}@{report.sent.isoformat()}" if number else ""


def senders(report: Whole) -> Iterator[str]:
    """What the collection tells of its sender, the surest first: the system it names, the organisation that the
    citizen belongs to, the authors of its plans."""
    message = report.message
    yield message.bundle.get("meta", {}).get("source", "").partition("#")[0]
    told = [report.citizen.get("managingOrganization", {})]
    told += [plan.get("author", {}) for plan in message.roots.get("CarePlan", ())]
    for reference in told:
        organisation = message.resolve(reference, "Organization") or {}
        for number in (reference.get("identifier", {}), *organisation.get("identifier", ())):
            if number.get("value"):
                yield from (normal(number.get("system", ""), number["value"]).value, number["value"])
