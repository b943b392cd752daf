"""A decision told to those who are cleared for it: what it rests on, and nothing of what it is about.

What the reader may not see is named by type and id alone. FHIR R4 Parameters (`$explain-access`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.caller import Caller
from gateway.domain.decide import Denial, Permit
from gateway.domain.statement import Body


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: whether this reader, at this time, may read the resources (kind, id) of this citizen, all of them
    where none is named. `reader` is as registered today, or only a client's id where none is; `units` are those that it
    is a member of besides. `notes` are what is odd about the question, `today` what it is answered by as
    of today although it asks about the past."""

    reader: Caller
    at: datetime
    patient: str = ""
    resources: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    today: tuple[str, ...] = ()


def unregistered(purposes: Collection[str], known: Collection[str]) -> tuple[str, ...]:
    """What is odd about purposes that a client is not registered for."""
    beyond = sorted(set(purposes) - set(known))
    return tuple(f"this client is not registered for {purpose}: it gets no token for it" for purpose in beyond)


@dataclass(frozen=True, slots=True)
class Explained:
    """One decision; `version` of the resource, and which `limit` of a case system closes it."""

    decision: Permit | Denial
    version: int
    limit: str = ""


def parameters(question: Question, citizen: str, decisions: Collection[Explained], consents: Mapping[str, int]) -> Body:
    """The answer; `consents` are the versions of the citizen's Consents as they stood."""
    reader = question.reader
    told: list[Body] = [
        {"name": "patient", "valueReference": {"reference": f"Patient/{citizen}"}},
        {"name": "when", "valueInstant": question.at.isoformat(timespec="milliseconds")},
        {"name": "reader", "part": [
            *([{"name": "client", "valueString": reader.client}] if reader.client else []),
            {"name": "role", "valueCode": reader.role},
            {"name": "sector", "valueCode": reader.sector},
            {"name": "organization", "valueIdentifier": {
                "system": reader.organisation.system, "value": reader.organisation.value,
            }},
            *({"name": "purpose", "valueCode": purpose} for purpose in reader.purposes),
        ]},
        *({"name": "note", "valueString": note} for note in question.notes),
        *({"name": "as-of-today", "valueString": one} for one in question.today),
    ]  # fmt: skip
    told += [{"name": "decision", "part": _parts(one, consents)} for one in decisions]
    return {"resourceType": "Parameters", "parameter": told}


def _parts(one: Explained, consents: Mapping[str, int]) -> list[Body]:
    decision = one.decision
    here = f"{decision.kind}/{decision.id}"
    texts: dict[str, str] = {"law": decision.law, "rule": decision.rule}
    if isinstance(decision, Permit):
        parts = [
            _part("resource", "Reference", {"reference": f"{here}/_history/{one.version}"}),
            _part("outcome", "Code", "permit"),
            _part("basis", "Code", decision.basis.value),
        ]
    else:
        parts = [
            _part("resource", "Reference", {"reference": here}),
            _part("outcome", "Code", "deny"),
            _part("reason", "Code", decision.reason.value),
        ]
    if decision.consent:
        version = f"/_history/{consents[decision.consent]}" if decision.consent in consents else ""
        parts.append(_part("consent", "Reference", {"reference": f"Consent/{decision.consent}{version}"}))
    texts |= {"provision": decision.provision, "limit": one.limit}
    parts += [_part(name, "String", text) for name, text in texts.items() if text]
    if isinstance(decision, Permit):
        parts += [_part("redaction", "String", path) for path in sorted(decision.redactions)]
        parts += [_part("override", "Boolean", True)] if decision.override else []
    return parts


def _part(name: str, kind: str, value: object) -> Body:
    return {"name": name, f"value{kind}": value}
