"""Goal → PGL^PC6, Condition → PPR^PC1, CarePlan → PPP^PCB; one that was entered in error → PC8, PC3, PCD.

Each message tells one thing whole, with who is in the team for it (extension member-for) as ROL. What it is tied to
stands in its group as *unchanged* (UC), with no more than its name: a goal with the problems it addresses and the
pathways it is one of, a pathway with the problems it addresses. So what comes back in by mappings/hl7v2 makes the same
ties and no other, in whatever order it comes.

What HL7 v2 has no place for stays here: members that are organisations alone (ROL-4 wants a person), the planned end of
a pathway that goes on, further categories, identifiers and codings beyond the first two. So do orders. The description
of a plan goes out as a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.domain.team import MEMBER_FOR
from gateway.errors import BadRequest
from gateway.translate.hl7v2.write import fields
from gateway.translate.hl7v2.write.message import Envelope, Field, Formatted, Part, Segment, written

Json = Mapping[str, Any]

VERSION = "2.7"  # the last with ROL alone, and the first with every field that is needed (PRB-26, NTE-6, ROL-14)
_OWN = "https://faellesplan.dk/fhir"  # numbers of things that nobody has numbered
_EPISODE = "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_ERROR = "entered-in-error"
_OVER = frozenset({"completed", "revoked", _ERROR})
_ROLES = "HL70443"
# Who said it and who wrote it down, where the team does not tell so already: element → role (planned in goal.yaml …).
_SAID = {
    "expressedBy": ("IP", "Initiating provider"), "asserter": ("IP", "Initiating provider"),
    "contributor": ("IP", "Initiating provider"), "recorder": ("EP", "Entering provider"),
}  # fmt: skip


def goal(resource: Json, patient: Json, others: Sequence[Json], envelope: Envelope) -> bytes:
    """The message of a Goal. Raises BadRequest where the patient has no number or the goal says nothing."""
    action = "DE" if resource.get("lifecycleStatus") == _ERROR else "AD"
    problems = [("PRB", _problem(one, "UC", envelope)) for one in _pointed_at(resource, "addresses", others)]
    plans = [one for one in others if one.get("resourceType") == "CarePlan" and _points(one, "goal", resource)]
    ties: list[Segment] = [*problems]
    if plans:  # a group of its own: beside the problems the pathways would be theirs as well
        ties += [("GOL", _goal(resource, "UC", envelope)), *(("PTH", _pathway(one, "UC", envelope)) for one in plans)]
    segments = [("GOL", _goal(resource, action, envelope)), *_around(resource, others), *ties]
    return _message(("PGL", "PC8" if action == "DE" else "PC6", "PGL_PC6"), patient, resource, segments, envelope)


def problem(resource: Json, patient: Json, others: Sequence[Json], envelope: Envelope) -> bytes:
    """The message of a Condition. Raises BadRequest where the patient has no number or the problem says nothing."""
    action = "DE" if _code(resource.get("verificationStatus")) == _ERROR else "AD"
    segments = [("PRB", _problem(resource, action, envelope)), *_around(resource, others)]
    return _message(("PPR", "PC3" if action == "DE" else "PC1", "PPR_PC1"), patient, resource, segments, envelope)


def pathway(resource: Json, patient: Json, others: Sequence[Json], envelope: Envelope) -> bytes:
    """The message of a CarePlan. Raises BadRequest where the patient has no number or the plan says nothing."""
    action = "DE" if resource.get("status") == _ERROR else "AD"
    problems = [("PRB", _problem(one, "UC", envelope)) for one in _pointed_at(resource, "addresses", others)]
    segments = [("PTH", _pathway(resource, action, envelope)), *_around(resource, others), *problems]
    return _message(("PPP", "PCD" if action == "DE" else "PCB", "PPP_PCB"), patient, resource, segments, envelope)


def _message(
    kind: tuple[str, str, str], patient: Json, resource: Json, segments: Sequence[Segment], envelope: Envelope
) -> bytes:
    if not any(one.get("value") for one in patient.get("identifier", [])):
        raise BadRequest("The citizen has no identifier", where="Patient.identifier")
    number = resource.get("encounter", {}).get("identifier", {})
    visit: Field = (str(number["value"]), "", "", fields.hd(number.get("system")), "VN") if number.get("value") else ""
    stay: list[Segment] = [("PV1", {2: "N", 19: visit})] if visit else []
    return written(kind, envelope, [("PID", fields.pid(patient)), *stay, *segments], VERSION)


def _goal(resource: Json, action: str, envelope: Envelope) -> Mapping[int, Field]:
    named = _named(resource, action, envelope, fields.cwe(resource.get("description")))
    if action == "UC":
        return named
    categories = [fields.cwe(one) for one in resource.get("category", [])]
    status = str(resource.get("lifecycleStatus", ""))
    return {
        **named,
        5: _episode(resource),
        6: text if (text := str(resource.get("priority", {}).get("text", ""))).isdecimal() else "",
        7: fields.dtm(resource.get("startDate")),
        8: next((fields.dtm(one["dueDate"]) for one in resource.get("target", []) if "dueDate" in one), ""),
        9: categories[0] if categories else "",
        10: categories[1] if len(categories) > 1 else "",
        16: fields.cwe(resource.get("achievementStatus")),
        18: (status, status, "http://hl7.org/fhir/goal-status") if status and action != "DE" else "",
        19: fields.dtm(resource.get("statusDate")),
    }


def _problem(resource: Json, action: str, envelope: Envelope) -> Mapping[int, Field]:
    named = _named(resource, action, envelope, fields.cwe(resource.get("code")))
    if action == "UC":
        return named
    sorts = [one for one in resource.get("category", []) if _code(one) != "problem-list-item"]
    verified = _code(resource.get("verificationStatus"))
    secret = {label.get("code") for label in resource.get("meta", {}).get("security", [])}
    return {
        **named,
        5: _episode(resource),
        7: fields.dtm(resource.get("recordedDate")),
        9: fields.dtm(resource.get("abatementDateTime")),
        10: fields.cwe(sorts[0]) if sorts else "",
        13: fields.cwe(resource.get("verificationStatus")) if verified != _ERROR else "",
        14: fields.cwe(resource.get("clinicalStatus")),
        16: fields.dtm(resource.get("onsetDateTime")),
        17: str(resource.get("onsetString", "")),
        25: next((code for code in ("V", "R") if code in secret), ""),
        26: fields.cwe(resource.get("severity")),
    }


def _pathway(resource: Json, action: str, envelope: Envelope) -> Mapping[int, Field]:
    """PTH: what the plan is called stands as the original text of its category. It has no time of its action."""
    kind = fields.cwe(next(iter(resource.get("category", [])), None))
    title = str(resource.get("title", ""))
    if isinstance(kind, tuple) and title:
        first = (*kind, *[""] * 8)[:8]
        kind = (*first, "" if title in kind[:2] else title)
    period, status = resource.get("period", {}), str(resource.get("status", ""))
    named: Mapping[int, Field] = {
        1: action,
        2: _said(kind or title, resource),
        3: fields.ei(_number(resource)),
        4: fields.dtm(period.get("start") or resource.get("created")) or envelope.sent.strftime("%Y%m%d"),
    }
    if action == "UC":
        return named
    return {
        **named,
        5: (status, status, "http://hl7.org/fhir/request-status") if status and action != "DE" else "",
        6: fields.dtm(period.get("end")) if status in _OVER else "",
    }


def _named(resource: Json, action: str, envelope: Envelope, what: Part) -> Mapping[int, Field]:
    """The fields that GOL and PRB begin with."""
    at = envelope.sent.strftime("%Y%m%d%H%M%S%z")
    return {1: action, 2: at, 3: _said(what, resource), 4: fields.ei(_number(resource))}


def _said(what: Part, resource: Json) -> Part:
    if not what:
        raise BadRequest(
            "Nothing says what this is",
            where=str(resource.get("resourceType", "")),
            hint="Give it a code, a category or a title.",
        )
    return what


def _around(resource: Json, others: Sequence[Json]) -> list[Segment]:
    """NTE and ROL of a group."""
    notes = [{"text": resource["description"]}] if isinstance(resource.get("description"), str) else []
    notes += [note for note in resource.get("note", []) if note.get("text")]
    found: list[Segment] = [
        (
            "NTE",
            {
                1: str(number),
                3: [Formatted(str(note["text"]))],
                5: fields.xcn(note.get("authorReference")),
                6: fields.dtm(note.get("time")),
            },
        )
        for number, note in enumerate(notes, 1)
    ]
    return [*found, *(("ROL", role) for role in _roles(resource, others))]


def _roles(resource: Json, others: Sequence[Json]) -> Iterator[Mapping[int, Field]]:
    here = f"{resource.get('resourceType')}/{resource.get('id')}"
    told: set[tuple[Part, Part]] = set()
    for team in others:
        for one in team.get("participant", []) if team.get("resourceType") == "CareTeam" else ():
            links = [e.get("valueReference", {}) for e in one.get("extension", []) if e.get("url") == MEMBER_FOR]
            who, kind = fields.xcn(one.get("member")), _role(one)
            here_for = any(link.get("reference") == here for link in links) and _is_person(one.get("member"))
            if not here_for or not who or (known := _known(kind, who)) in told:
                continue
            told.add(known)
            period = one.get("period", {})
            start, end = fields.dtm(period.get("start")), fields.dtm(period.get("end"))
            yield {2: "AD", 3: kind, 4: [who], 5: start, 6: end, 14: fields.xon(one.get("onBehalfOf"))}
    for element, role in _SAID.items():
        for person in _listed(resource.get(element)):
            who = fields.xcn(person)
            if _is_person(person) and who and _known(role, who) not in told:
                yield {2: "AD", 3: (*role, _ROLES), 4: [who]}


def _known(role: Part, who: Part) -> tuple[Part, Part]:
    """What tells one member from another: the code of the role and the number of the person, or their names."""
    return _first(role), _first(who)


def _first(part: Part) -> Part:
    return next((one for one in part if one), "") if isinstance(part, tuple) else part


def _role(participant: Json) -> Part:
    """ROL-3 of a member: the code of table 0443 where there is one, as it was told."""
    concept: Json = next(iter(participant.get("role", [])), {})
    own = [one for one in concept.get("coding", []) if fields.name(one) == _ROLES] or concept.get("coding", [])[-1:]
    return fields.cwe({"coding": own, "text": concept.get("text", "")}) or ("", "Medlem af teamet")


def _pointed_at(resource: Json, element: str, others: Sequence[Json]) -> list[Json]:
    """The resources among `others` that an element refers to."""
    return [one for one in others if one.get("resourceType") == "Condition" and _points(resource, element, one)]


def _points(resource: Json, element: str, other: Json) -> bool:
    wanted = f"{other.get('resourceType')}/{other.get('id')}"
    return any(str(link.get("reference", "")).endswith(wanted) for link in resource.get(element, []))


def _number(resource: Json) -> Json:
    """The first number of a thing; of one that has none, the id it has here."""
    given = next((one for one in resource.get("identifier", []) if one.get("value")), None)
    return given or {"system": f"{_OWN}/{resource.get('resourceType')}", "value": str(resource.get("id", ""))}


def _episode(resource: Json) -> Field:
    links = (e.get("valueReference", {}) for e in resource.get("extension", []) if e.get("url") == _EPISODE)
    return fields.ei(next((link["identifier"] for link in links if link.get("identifier")), None))


def _is_person(reference: Json | None) -> bool:
    named = reference or {}
    return "Practitioner" in (named.get("type"), str(named.get("reference", "")).partition("/")[0])


def _listed(value: Any) -> list[Json]:
    return value if isinstance(value, list) else [value] if value else []


def _code(concept: Json | None) -> str:
    return next((str(one["code"]) for one in (concept or {}).get("coding", []) if one.get("code")), "")
