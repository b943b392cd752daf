"""Fold of things that their source revises piece by piece: problems, goals and pathways of HL7 v2 (PRB, GOL, PTH),
appointments, referrals and documents (SCH, RF1, TXA).

A revision tells some elements and leaves the others as they were; its notes are added to those before, unless it is a
correction. A mention (*unchanged*) only fills what nobody told; a tie adds a reference to another thing or takes it
away. Told again after a deletion, a thing begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.domain import appointment
from gateway.domain.labels import kept
from gateway.domain.resource import Ids, Resource
from gateway.domain.security_label import label_of
from gateway.domain.snapshot import in_error
from gateway.domain.source import Source
from gateway.domain.statement import Act, Body, Statement, Verb

REVISING = frozenset({Act.REVISE, Act.MENTION, Act.TIE})
"""The acts that are folded here."""

_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
_OVER = frozenset({"inactive", "remission", "resolved"})
_ENDED = frozenset({"completed", "revoked", "entered-in-error"})
_UNKNOWN: Body = {
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
}
# Spellings of one element (R4 value[x]): a new one takes the place of all others.
_CHOICES = {"Condition": ("onset", "abatement")}
# What R4 requires, or what goes without saying, and no source has told.
_DEFAULTS: Mapping[str, Body] = {
    "Condition": {
        "category": [{"coding": [{"system": _CATEGORY, "code": "problem-list-item"}]}],
        "clinicalStatus": {"coding": [{"system": _CLINICAL, "code": "active", "display": "Active"}]},
    },
    "Goal": {"lifecycleStatus": "active", "description": _UNKNOWN},
    "CarePlan": {"status": "active", "intent": "plan"},
    "Appointment": {"status": "booked"},
    "ServiceRequest": {"status": "unknown", "intent": "order"},
    "DocumentReference": {"status": "current", "content": [{"attachment": _UNKNOWN}]},
}


def fold_revised(kind: str, key: str, said: Sequence[Statement], ids: Ids, sources: Mapping[str, Source]) -> Resource:
    """The resource that these statements, in order, make together."""
    body, mentioned, withdrawn = Body(), Body(), False
    for one in _labels_of_their_givers(said):
        if one.act is Act.MENTION:
            mentioned = _joined(kind, mentioned, one.body)
        elif one.act is Act.REVISE and one.verb is Verb.WITHDRAW:
            mentioned = _joined(kind, mentioned, one.body)
            withdrawn = True
        elif one.act is Act.REVISE:
            body = _revised(kind, Body() if withdrawn else body, one)
            withdrawn = False
    body = _joined(kind, mentioned, body) | _ties(said)
    body = _DEFAULTS.get(kind, {}) | body
    if withdrawn:
        body = in_error(kind, body)
    if "entered-in-error" in _codes(body.get("verificationStatus")):
        body.pop("clinicalStatus", None)  # R4 con-5
    last = said[-1]
    return Resource(kind, ids(kind, key), body, last.source, sources[last.source].sector, withdrawn, last.notes)


def _revised(kind: str, before: Body, one: Statement) -> Body:
    """What stood, with what a revision tells; what its source calls empty is gone."""
    kept = {name: value for name, value in before.items() if name not in one.cleared}
    made = _joined(kind, kept, one.body)
    if one.verb is Verb.ASSERT and "note" in kept and "note" in made:
        made["note"] = [*kept["note"], *(note for note in one.body.get("note", ()) if note not in kept["note"])]
    if kind == "Condition":
        _settle_problem(made, one.body)
    elif kind == "CarePlan" and made.get("status") not in _ENDED and "end" in made.get("period", {}):
        made["period"] = {name: value for name, value in made["period"].items() if name != "end"}
    return made


def _labels_of_their_givers(said: Sequence[Statement]) -> Sequence[Statement]:
    """The statements, where another source than the one that gave labels lowers none and takes none away."""
    if len({one.source for one in said}) == 1:
        return said
    told: list[Statement] = []
    giver, before = "", Body()
    for word in said:
        one = word
        if one.act is Act.REVISE and giver not in ("", one.source) and ("meta" in one.body or "meta" in one.cleared):
            given = {label_of(coding): coding for coding in one.body.get("meta", {}).get("security", ())}
            standing = kept(before, given, may_lower=False).labels
            security = [(before | given)[label] for label in sorted(standing)]
            cleared = tuple(name for name in one.cleared if name != "meta")
            one = replace(one, body=one.body | {"meta": {"security": security}}, cleared=cleared)
        labels = {label_of(coding): coding for coding in one.body.get("meta", {}).get("security", ())}
        if labels and labels.keys() != before.keys():
            giver, before = one.source, labels
        told.append(one)
    return told


def _joined(kind: str, before: Body, told: Body) -> Body:
    """The elements told in place of those before; of a period only the end that is told."""
    if kind == "Appointment":
        return appointment.joined(before, told)
    gone = {
        name for name in before for choice in _CHOICES.get(kind, ())
        if name.startswith(choice) and any(other.startswith(choice) for other in told)
    }  # fmt: skip
    made = {name: value for name, value in before.items() if name not in gone} | told
    if "period" in before and "period" in told:
        made["period"] = before["period"] | told["period"]
    return made


def _settle_problem(made: Body, told: Body) -> None:
    """R4 con-4: what has abated is not active. Told to be active again, it has not abated; told to have abated without
    another word, it is resolved."""
    abated = [name for name in made if name.startswith("abatement")]
    if not abated or _codes(made.get("clinicalStatus")) & _OVER:
        return
    if any(name in told for name in abated):
        made["clinicalStatus"] = {"coding": [{"system": _CLINICAL, "code": "resolved", "display": "Resolved"}]}
    else:
        for name in abated:
            del made[name]


def _ties(said: Sequence[Statement]) -> Body:
    """The references that stand: of each the last word counts, and of what is told of its target the last that tells
    anything."""
    stands: dict[tuple[str, str], bool] = {}
    told: dict[tuple[str, str], Body] = {}
    for one in said:
        if one.act is Act.TIE:
            for element, references in one.body.items():
                for reference in references:
                    name = (element, _target(reference))
                    stands[name] = one.verb is not Verb.WITHDRAW
                    if name not in told or len(reference) > 1:
                        told[name] = reference
    made = Body()
    for name in sorted(name for name, holds in stands.items() if holds):
        made.setdefault(name[0], []).append(told[name])
    return made


def _target(reference: Body) -> str:
    """What a reference leads to; an activity of a plan holds one."""
    told = reference["reference"]
    return str(told["reference"] if isinstance(told, dict) else told)


def _codes(concept: object) -> set[str]:
    codings = concept.get("coding", []) if isinstance(concept, dict) else []
    return {str(coding.get("code")) for coding in codings}
