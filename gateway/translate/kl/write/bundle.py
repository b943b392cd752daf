"""Parts of one citizen's plan → one KL Bundle of type collection.

What stands in it is complete in itself: every reference leads to another entry, organisations and people among them,
and a reference to what is not among the parts is left out with what holds it, as the joint plan does. The same parts
give the same ids, so a resource that is written again is an update (kl-ffb-reporting: same id = update,
entered-in-error = withdrawal). docs/municipal-messages.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gateway.domain.benefit import is_benefit
from gateway.domain.fold import SUBJECT
from gateway.domain.plan import is_joint
from gateway.domain.references import without
from gateway.domain.statement import Body
from gateway.errors import BadRequest, Contradiction, MissingField, NoCitizen, RuleBroken
from gateway.translate.fhir import write_json
from gateway.translate.fhir.structure import structure
from gateway.translate.kl.write import histories
from gateway.translate.kl.write.outward import Outward
from gateway.translate.kl.write.profiles import claim
from gateway.translate.kl.write.tables import Tables

BASE = "https://faellesplan.dk/fhir"
"""What fullUrls begin with: they name things, nobody is asked to look there."""

KINDS = (
    "Patient", "RelatedPerson", "ServiceRequest", "Condition", "Observation", "ClinicalImpression", "Goal", "CareTeam",
    "CarePlan", "Procedure", "Encounter", "DocumentReference", "Consent", "Account",
)  # fmt: skip
"""The types that KL's profiles know, in the order in which they are written."""


def write(
    parts: Sequence[Body], citizen: Body, at: datetime, tables: Tables, *, sender: Body | None = None, base: str = BASE
) -> bytes:
    """The Bundle as JSON.

    `parts` are FHIR bodies of `KINDS` about `citizen` (a Patient body), in any order; Binary resources among them are
    the files of documents, which are written inside them. `at` is the time of the snapshot. `sender` is a Reference by
    identifier to the authority that sends, which the citizen's managingOrganization gets where nobody told one.

    Raises NoCitizen without a number of the citizen, BadRequest for a type that KL does not know and a file that is not
    there, RuleBroken for a part about somebody else or one that is no R4, Contradiction for two under one id.
    """
    citizen, told = _sorted_out(parts, citizen)
    outward = Outward(tables, [citizen, *told], _files(parts))
    entries = [outward.citizen(citizen, sender), *(outward.part(one) for one in told)]
    entries += outward.parties()
    claim(entries, tables.profiles)
    bundle: Body = {
        "resourceType": "Bundle",
        "id": _bundle_id(entries, at),
        "type": "collection",
        "timestamp": at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "entry": [{"fullUrl": f"{base}/{one['resourceType']}/{one['id']}", "resource": one} for one in entries],
    }
    _check(bundle)
    return write_json(bundle)


def _sorted_out(parts: Sequence[Body], citizen: Body) -> tuple[Body, list[Body]]:
    """The citizen and what is told of them, each once, without what points outside."""
    if not any(one.get("value") for one in citizen.get("identifier", [])):
        raise NoCitizen(where="Patient.identifier", hint="A receiver cannot tell whom it is about.")
    if not citizen.get("id"):
        raise MissingField(where="Patient.id")
    own = {citizen["id"], *(_tail(link["other"]) for link in citizen.get("link", []) if "other" in link)}
    told: dict[tuple[str, str], Body] = {}
    for one in parts:
        kind = str(one.get("resourceType"))
        if kind in ("Patient", "Binary") or is_joint(kind, str(one.get("id"))):
            continue
        _check_part(one, kind, own)
        if told.setdefault((kind, one["id"]), one) != one:
            raise Contradiction("Two parts have one id and differ.", where=f"{kind}.id")
    inside = {f"{kind}/{identity}" for kind, identity in told} | {f"Patient/{one}" for one in own}
    apart = [histories.apart(_apart(one)) for one in told.values()]
    kept = _histories((one for _, each in apart for one in each), inside)
    inside |= {f"{histories.KIND}/{one['id']}" for one in kept}
    outside = {url for one, _ in apart for url in _references(one)} - inside
    left = [without(one, outside) for one, _ in apart]
    left.sort(key=lambda one: (KINDS.index(one["resourceType"]), one["id"]))
    return citizen, [*left, *kept]


def _histories(told: Iterable[Body], inside: set[str]) -> list[Body]:
    """Who said what, each once, without what points outside; one that tells of nobody then is left out."""
    each = {one["id"]: one for one in told}
    inside = inside | {f"{histories.KIND}/{one}" for one in each}
    outside = {url for one in each.values() for url in _references(one)} - inside
    left = (without(each[name], outside) for name in sorted(each))
    return [one for one in left if histories.is_whole(one)]


def _apart(part: Body) -> Body:
    """A plan stands by itself: that it is a part of the joint plan is ours to know."""
    return {name: value for name, value in part.items() if name != "partOf" or part["resourceType"] != "CarePlan"}


def _check_part(part: Body, kind: str, own: set[str]) -> None:
    if kind not in KINDS:
        raise BadRequest("KL has no word for this type.", where=kind, hint=f"These are written: {', '.join(KINDS)}.")
    if not part.get("id"):
        raise MissingField(where=f"{kind}.id")
    if kind == "Account" and is_benefit(part):
        raise BadRequest("KL has no word for a benefit.", where=kind, hint="Its accounts are whom a bill goes to.")
    name = SUBJECT.get(kind, "subject")
    if any("reference" in one and _tail(one) not in own for one in subjects(part)):
        raise RuleBroken("This is about somebody who is not the citizen of the Bundle.", where=f"{kind}.{name}")


def subjects(part: Body) -> list[Body]:
    """Whom a part is about, as it says itself."""
    told = part.get(SUBJECT.get(str(part["resourceType"]), "subject"), [])
    return told if isinstance(told, list) else [told]


def _files(parts: Iterable[Body]) -> Mapping[str, str]:
    """The files among the parts: `Binary/<id>` → base64."""
    return {
        f"Binary/{one['id']}": one["data"] for one in parts if one.get("resourceType") == "Binary" and "data" in one
    }


def _references(node: Any) -> Iterator[str]:
    """Every literal reference in a tree, as it is written."""
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node["reference"]
        for value in node.values():
            yield from _references(value)


def _tail(reference: Body) -> str:
    return str(reference.get("reference", "")).partition("/_history/")[0].rpartition("/")[2].rpartition(":")[2]


def _bundle_id(entries: Sequence[Body], at: datetime) -> str:
    said = json.dumps([at.isoformat(), *entries], sort_keys=True, ensure_ascii=False, default=str)
    return str(UUID(bytes=hashlib.sha256(said.encode()).digest()[:16], version=4))


def _check(bundle: Body) -> None:
    fault = next(iter(structure(bundle)), None)
    if fault:
        raise RuleBroken(fault.text, where=fault.where, hint="The part cannot be written as it is.")
