"""A Bundle of KL's as a whole, order or report: that it is R4, about one citizen, and holds together.

Every entry counts: interventions and consents are referenced by nobody, they point upwards. `fullUrl` is mostly
relative (`CarePlan/<id>`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.domain.identifier import normal
from gateway.errors import Contradiction, GatewayError, MissingField, NoCitizen, RuleBroken, UnknownCode, WrongType
from gateway.translate.fhir.flawless import Seen, look
from gateway.translate.fhir.message import Message
from gateway.translate.fhir.shape import is_resource
from gateway.translate.fhir.structure import MOST_FAULTS, Fault, shape_faults, structure

Json = dict[str, Any]

_TYPE = re.compile(r"\.(?:resource|contained\[\d+\])\.resourceType$")  # of a resource; nothing else has one
_SUBJECTS = ("subject", "patient")
_FAULTS: dict[str, type[GatewayError]] = {
    "missing": MissingField, "shape": WrongType, "format": WrongType, "code": UnknownCode,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Whole:
    """A Bundle whose parts fit together. `ids` are the resources' own ids, `seen` what was noted of each, both by its
    identity."""

    message: Message
    citizen: Json
    ids: Mapping[int, str]
    seen: Mapping[int, Seen]
    sent: datetime

    def id_of(self, resource: Json) -> str:
        """The sender's id of a resource of the Bundle."""
        return self.ids[id(resource)]


def check(bundle: Json) -> Whole:
    """The Bundle, checked against R4 and as a whole.

    Raises MissingField, NoCitizen, RuleBroken, Contradiction, WrongType, UnknownCode with the place.
    """
    seen = look(bundle)
    if not seen.flawless:
        _check_r4(bundle)
    if "timestamp" not in bundle:
        raise MissingField(where="Bundle.timestamp")
    message = Message(bundle)
    ids = _ids(bundle.get("entry", ()))
    _check_names(message, ids)
    citizen = _citizen(message)
    _check_subjects(message, citizen, [*message.roots] if seen.flawless else [*filter(is_resource, message.roots)])
    return Whole(message, citizen, ids, seen.inside, sent_at(bundle))


def _check_r4(bundle: Json) -> None:
    """What would not be R4 for our readers is not taken in. Types that are not kept here may be anything."""
    faults = structure(bundle)
    if len(faults) == MOST_FAULTS:
        faults += shape_faults(bundle)
    fault = next((one for one in faults if not _of_unknown_type(one)), None)
    if fault:
        raise _FAULTS.get(fault.rule, RuleBroken)(fault.text, where=fault.where)


def _of_unknown_type(fault: Fault) -> bool:
    return fault.rule == "unknown" and _TYPE.search(fault.where) is not None


def sent_at(bundle: Json) -> datetime:
    """When the Bundle was made, in UTC. Raises WrongType."""
    try:
        return datetime.fromisoformat(bundle["timestamp"]).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongType(where="Bundle.timestamp") from None


def _ids(entries: Iterable[Json]) -> dict[int, str]:
    """The resources' own ids, or what their fullUrls end in, by the identity of each."""
    found: dict[int, str] = {}
    for at, entry in enumerate(entries):
        if "resource" not in entry:
            raise MissingField(where=f"Bundle.entry[{at}].resource")
        resource = entry["resource"]
        own = resource.get("id") or entry.get("fullUrl", "").rpartition("/")[2].rpartition(":")[2]
        if not own:
            raise MissingField(where=f"Bundle.entry[{at}].resource.id")
        found[id(resource)] = str(own)
    return found


def _check_names(message: Message, ids: Mapping[int, str]) -> None:
    seen: dict[tuple[str, str], Json] = {}
    for at, resource in enumerate(message.resources()):
        first = seen.setdefault((resource["resourceType"], ids[id(resource)]), resource)
        if first is not resource and first != resource:
            raise Contradiction("Two entries have one id and differ.", where=f"Bundle.entry[{at}].resource.id")


def _citizen(message: Message) -> Json:
    patients = message.roots.get("Patient", [])
    if not patients:
        raise NoCitizen("The Bundle has no Patient.", where="Bundle.entry")
    if any(other != patients[0] for other in patients):
        raise RuleBroken("The Bundle is about more than one citizen.", where=message.place(patients[-1]))
    return patients[0]


def _check_subjects(message: Message, citizen: Json, kinds: Collection[str]) -> None:
    """What is said of somebody else must never land in this citizen's plan. Teams may name nobody. Of other `kinds`
    nothing is known."""
    known: set[str] = set()  # how the citizen is pointed at: nearly always in one way
    for resource in message.resources():
        for name in _SUBJECTS:
            said = resource.get(name)
            if said is None or resource["resourceType"] not in kinds:
                continue
            for reference in said if isinstance(said, list) else (said,):
                if reference.get("reference") in known:
                    continue
                meant = message.resolve(reference)
                if meant is citizen or meant == citizen:
                    known.add(reference["reference"])
                elif not _names(reference, citizen):
                    place = f"{message.place(resource)}.{name}"
                    raise RuleBroken("This is about somebody who is not the Bundle's citizen.", where=place)


def _names(reference: Json, citizen: Json) -> bool:
    """Whether a reference without a target names the citizen by one of the citizen's numbers."""
    told = reference.get("identifier", {})
    if "reference" in reference or not told.get("system") or not told.get("value"):
        return False
    numbers = (one for one in citizen.get("identifier", ()) if one.get("system") and one.get("value"))
    return normal(told["system"], told["value"]) in {normal(one["system"], one["value"]) for one in numbers}
