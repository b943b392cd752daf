"""MunicipalityCaseNumber: the extension by which a plan of KL's finds its OIO case (KLCore).

KLCore demands who assigned the municipality's own number, FFB reporting forbids to tell it: which of the two extensions
is written depends on whether that is known.
"""

from __future__ import annotations

from gateway.domain.case import NUMBER as KLCORE
from gateway.domain.case import SYSTEM
from gateway.domain.statement import Body

REPORTING = "http://fhir.kl.dk/ffbreporting/StructureDefinition/kl-reporting-ffb-municipalityCaseNumber"


def put(plan: Body) -> None:
    """The case's UUID and the first of its usual numbers, told as identifiers of the plan, as the extension; other
    numbers stay identifiers. An extension that is there says all there is to say."""
    numbers: list[Body] = plan.pop("identifier", [])
    known = [one for one in plan.get("extension", []) if one.get("url") in (KLCORE, REPORTING)]
    told = [inner.get("valueIdentifier", {}) for one in known for inner in one.get("extension", [])]
    left = [one for one in numbers if not any(_same(one, other) for other in told)]
    if not known:
        uuid = next((one for one in left if one.get("system") == SYSTEM and one.get("value")), None)
        usual = next((one for one in left if one.get("use") == "usual" and one.get("value") and one is not uuid), None)
        left = [one for one in left if one is not uuid and one is not usual]
        if uuid or usual:
            plan.setdefault("extension", []).append(_extension(uuid, _assigned(usual, plan)))
    if left:
        plan["identifier"] = left


def _assigned(usual: Body | None, plan: Body) -> Body | None:
    """The municipality's own number with who gave it: as it is told, else the authority whose plan it is."""
    if usual is None or "assigner" in usual or "author" not in plan:
        return usual
    return usual | {"assigner": {"reference": plan["author"]["reference"]}} if "reference" in plan["author"] else usual


def _extension(uuid: Body | None, usual: Body | None) -> Body:
    inner: list[Body] = []
    if usual:
        inner.append({"url": "municipalitySpecific", "valueIdentifier": {"use": "usual"} | usual})
    if uuid:
        inner.append({"url": "official", "valueIdentifier": uuid | {"use": "official"}})
    return {"url": KLCORE if usual is None or "assigner" in usual else REPORTING, "extension": inner}


def _same(one: Body, other: Body) -> bool:
    return (one.get("system"), one.get("value")) == (other.get("system"), other.get("value"))
