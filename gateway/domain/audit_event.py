"""The access record as FHIR R4 AuditEvent (http://hl7.org/fhir/R4/auditevent.html).

IHE BALP (https://profiles.ihe.net/ITI/BALP) has patterns for what went well: read, search, create, update, delete
(each with a citizen and without), the use of an access token, the token request (ITI-71) and disclosure between
organisations, which is what messages in and out are. Its patterns fix the outcome to success, so refusals, partial
answers and overrides carry profiles of our own; a filtered answer and an override went well too and carry both.

One AuditEvent, one citizen. No CPR: the record holds none.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from gateway.domain.record import AccessRecord, Decision, Outcome
from gateway.domain.statement import Body

BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/"
REFUSED = "https://faellesplan.dk/fhir/StructureDefinition/audit-refused"
FILTERED = "https://faellesplan.dk/fhir/StructureDefinition/audit-filtered"
OVERRIDE = "https://faellesplan.dk/fhir/StructureDefinition/audit-override"
OPERATION = "https://faellesplan.dk/fhir/StructureDefinition/audit-operation"
FAILED = "https://faellesplan.dk/fhir/StructureDefinition/audit-failed"
TOKEN_USE = BALP + "IHE.BasicAudit.OAUTHaccessTokenUse.Comprehensive"
OPERATIONS = "https://faellesplan.dk/fhir/CodeSystem/operation"
ENTITY_TYPES = "https://faellesplan.dk/fhir/CodeSystem/audit-entity-type"

_BALP_CODES = "https://profiles.ihe.net/ITI/BALP/CodeSystem/"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_EVENT = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_REST = "http://hl7.org/fhir/restful-interaction"
_LIFECYCLE = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
_PART = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_CLASS = "http://terminology.hl7.org/CodeSystem/v3-RoleClass"
_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_SOURCE = "http://terminology.hl7.org/CodeSystem/security-source-type"
_TYPES = "http://hl7.org/fhir/resource-types"
_SERVICE = ("AuthzOauthService", _BALP_CODES + "UserAgentTypes")
_APPLICATION = ("110150", _DICOM)
_CUSTODIAN = ("custodian", "http://terminology.hl7.org/CodeSystem/provenance-participant-type")
_ONE = frozenset({"read", "vread", "create", "update", "patch", "delete"})
_SENDS = ("110153", _DICOM)
_RECEIVES = ("110152", _DICOM)


@dataclass(frozen=True, slots=True)
class Server:
    """Who writes the records: this gateway. `site` is its name, `address` the base URL of its FHIR door."""

    site: str
    address: str


@dataclass(frozen=True, slots=True)
class _Shape:
    """How one kind of interaction is told. Each pair is (code, system)."""

    profile: str  # the end of the BALP profile's url; "" where BALP has none
    type: tuple[str, str]
    subtype: tuple[str, str]
    action: str
    client: tuple[str, str]
    server: tuple[str, str]
    user: str = "IRCP"  # v3-ParticipationType: who receives; AUT: who wrote


def _rest(profile: str, action: str, client: tuple[str, str], user: str, *codes: str) -> dict[str, _Shape]:
    server = _SENDS if client == _RECEIVES else _RECEIVES
    return {code: _Shape(profile, ("rest", _EVENT), (code, _REST), action, client, server, user) for code in codes}


_SHAPES: dict[str, _Shape] = {
    **_rest("IHE.BasicAudit.{}Read", "R", _RECEIVES, "IRCP", "read", "vread"),
    **_rest("IHE.BasicAudit.{}Query", "E", _SENDS, "IRCP", "search", "search-type", "search-system"),
    **_rest("IHE.BasicAudit.{}Create", "C", _SENDS, "AUT", "create"),
    **_rest("IHE.BasicAudit.{}Update", "U", _SENDS, "AUT", "update", "patch"),
    "delete": _Shape(
        "IHE.BasicAudit.{}Delete", ("rest", _EVENT), ("delete", _REST), "D", _APPLICATION, _CUSTODIAN, "AUT"
    ),
    "token": _Shape(
        "IHE.IUA.71", ("110114", _DICOM), ("ITI-71", "urn:ihe:event-type-code"), "E", _APPLICATION, _SERVICE
    ),
    "import": _Shape(
        "IHE.BasicAudit.PrivacyDisclosure.Recipient",
        ("110107", _DICOM), ("disclose", _LIFECYCLE), "C", _SENDS, _RECEIVES, "AUT",
    ),
    "export": _Shape(
        "IHE.BasicAudit.PrivacyDisclosure.Source", ("110106", _DICOM), ("disclose", _LIFECYCLE), "R", _RECEIVES, _SENDS
    ),
}  # fmt: skip
_SHAPES["notify"] = _SHAPES["export"]
_SHAPES |= {
    name: _Shape("", ("110114", _DICOM), (code, _DICOM), "E", _SENDS, _RECEIVES)
    for name, code in (("login", "110122"), ("logout", "110123"))
}


def _shape(interaction: str) -> _Shape:
    """Any other interaction (operation, history, capabilities) is a REST call that BALP has no pattern for."""
    return _SHAPES.get(interaction) or _rest("", "E", _SENDS, "IRCP", interaction)[interaction]


def audit_event(record: AccessRecord, id: str, server: Server) -> Body:
    """The record as an AuditEvent with this id."""
    shape = _shape(record.interaction)
    event: Body = {
        "resourceType": "AuditEvent",
        "id": id,
        "meta": {"profile": _profiles(record, shape)},
        "type": _coding(shape.type),
        "subtype": _subtypes(record, shape),
        "action": shape.action,
        "recorded": record.time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": record.outcome.value,
        "outcomeDesc": record.outcome_text,
        "purposeOfEvent": [_concept((purpose, _REASON)) for purpose in record.purposes],
        "agent": _agents(record, shape, server),
        "source": {"site": server.site, "observer": {"display": server.site}, "type": [_coding(("4", _SOURCE))]},
        "entity": _entities(record),
    }
    return {name: value for name, value in event.items() if value not in ("", [])}


def _profiles(record: AccessRecord, shape: _Shape) -> list[str]:
    name = shape.profile.format("Patient" if record.citizen else "")
    found = []
    if record.decision is Decision.DENY:
        found.append(REFUSED)
    elif record.outcome is not Outcome.SUCCESS:
        found.append(FAILED)
    else:
        own = {Decision.FILTERED: FILTERED, Decision.OVERRIDE: OVERRIDE}.get(record.decision, "")
        balp = BALP + name if name and _fits(record) else ""
        found.extend(profile for profile in (balp, own) if profile)
    if record.token and record.interaction != "token":
        found.append(TOKEN_USE)
    return found or [OPERATION]


def _fits(record: AccessRecord) -> bool:
    """Whether the record has what the BALP pattern of its interaction asks for."""
    if record.interaction in ("import", "export", "notify"):
        return bool(record.citizen)
    if record.interaction == "token" or record.interaction.startswith("search"):
        return bool(record.query)
    return len(record.resources) == 1 and record.interaction in _ONE


def _subtypes(record: AccessRecord, shape: _Shape) -> list[Body]:
    named = [_coding((record.operation, OPERATIONS))] if record.operation else []
    return [_coding(shape.subtype), *named]


# --- who -------------------------------------------------------------------------------------------------------


def _agents(record: AccessRecord, shape: _Shape, server: Server) -> list[Body]:
    client: Body = {
        "type": _concept(shape.client),
        "who": _who(record.client or "unknown", record.client_name),
        "requestor": not record.user,
        "network": _network(record.address or record.client or "unknown"),
    }
    product = " ".join(filter(None, (record.client_name, record.client_version, record.client_owner)))
    if product:
        client["name"] = product
    gateway: Body = {
        "type": _concept(shape.server),
        "who": {"display": server.site},
        "requestor": False,
        "network": {"address": server.address, "type": "5"},
    }
    agents = [client, gateway, *_user(record, shape)]
    if record.interaction == "token":
        return agents
    return [*agents, *_application(record, shape), *_responsible(record), *_organisation(record)]


def _network(address: str) -> Body:
    """network-type (R4): 1 machine name, 2 IP address."""
    try:
        ip_address(address)
    except ValueError:
        return {"address": address, "type": "1"}
    return {"address": address, "type": "2"}


def _user(record: AccessRecord, shape: _Shape) -> list[Body]:
    if not record.user:
        return []
    user: Body = {
        "type": _concept((shape.user, _PART)),
        "who": _who(record.user, record.user_name),
        "requestor": True,
        "purposeOfUse": [_concept((purpose, _REASON)) for purpose in record.purposes],
    }
    if record.user_role:
        user["role"] = [{"text": record.user_role}]
    if record.user_name:
        user["name"] = record.user_name
    if record.user_authorisation and record.interaction != "token":
        user["altId"] = record.user_authorisation
    if record.token:
        user["policy"] = [record.token]
    if not user["purposeOfUse"]:
        del user["purposeOfUse"]
    return [user]


def _application(record: AccessRecord, shape: _Shape) -> list[Body]:
    """The OAuth client that the access token was given to (BALP token use)."""
    if not record.token or shape.client == _APPLICATION:
        return []
    return [{"type": _concept(_APPLICATION), "who": _who(record.client or "unknown", ""), "requestor": False}]


def _responsible(record: AccessRecord) -> list[Body]:
    if not record.on_behalf_of:
        return []
    return [{"type": _concept(("RESP", _PART)), "who": _who(record.on_behalf_of, ""), "requestor": False}]


def _organisation(record: AccessRecord) -> list[Body]:
    if not record.organisation:
        return []
    agent: Body = {
        "type": _concept(("PROV", _CLASS)),
        "who": _who(record.organisation, record.organisation_name),
        "requestor": False,
    }
    if record.sector:
        agent["role"] = [{"text": record.sector}]
    return [agent]


def _who(key: str, display: str) -> Body:
    system, bar, value = key.rpartition("|")
    who: Body = {"identifier": {"system": system, "value": value} if bar and system else {"value": value}}
    if display:
        who["display"] = display
    return who


# --- what ------------------------------------------------------------------------------------------------------


def _entities(record: AccessRecord) -> list[Body]:
    if record.interaction == "token":
        return _query(record)
    one = len(record.resources) == 1 and record.interaction in _ONE
    what = _one(record.resources[0]) if one else [*_several(record.resources), *_query(record)]
    return [*_patient(record), *what, *_trace(record), *_consents(record), *_decision(record)]


def _patient(record: AccessRecord) -> list[Body]:
    if not record.citizen:
        return []
    return [
        {
            "what": {"reference": f"Patient/{record.citizen}"},
            "type": _coding(("1", _ENTITY)),
            "role": _coding(("1", _ROLE)),
        }
    ]


def _one(reference: str) -> list[Body]:
    """BALP's `data`, of which there is exactly one; the query of such a call says no more than the reference."""
    return [{"what": {"reference": reference}, "type": _coding(("2", _ENTITY)), "role": _coding(("4", _ROLE))}]


def _several(references: tuple[str, ...]) -> list[Body]:
    """What a search or an operation showed, by FHIR type, apart from BALP's slices."""
    return [
        {"what": {"reference": reference}, "type": _coding((reference.partition("/")[0], _TYPES))}
        for reference in references
    ]


def _query(record: AccessRecord) -> list[Body]:
    if not record.query:
        return []
    return [
        {
            "type": _coding(("2", _ENTITY)),
            "role": _coding(("24", _ROLE)),
            "query": b64encode(record.query.encode(errors="replace")).decode(),
        }
    ]


def _trace(record: AccessRecord) -> list[Body]:
    found = []
    if record.trace:
        found.append(
            {
                "what": {"identifier": {"value": record.trace}},
                "type": _coding(("XrequestId", _BALP_CODES + "BasicAuditEntityType")),
            }
        )
    found.extend(
        {"what": {"identifier": {"value": message}}, "type": _coding(("message", ENTITY_TYPES))}
        for message in record.messages
    )
    return found


def _consents(record: AccessRecord) -> list[Body]:
    return [
        {"what": {"reference": f"Consent/{consent.removeprefix('Consent/')}"}, "type": _coding(("Consent", _TYPES))}
        for consent in record.consents
    ]


def _decision(record: AccessRecord) -> list[Body]:
    """What was decided and why: rules, law, what was withheld by which rule, the reason of an override."""
    details: list[tuple[str, Any]] = [
        *(("rule", rule) for rule in record.rules),
        *(("basis", law) for law in record.basis),
        *((f"withheld:{rule}", count) for rule, count in record.withheld),
        ("override-code", record.override_code),
        ("override-reason", record.override_reason),
    ]
    entity: Body = {
        "type": _coding(("decision", ENTITY_TYPES)),
        "name": record.decision.value,
        "detail": [{"type": kind, "valueString": str(value)} for kind, value in details if value != ""],
    }
    if not entity["detail"]:
        del entity["detail"]
    return [entity]


def _coding(pair: tuple[str, str]) -> Body:
    return {"system": pair[1], "code": pair[0]}


def _concept(pair: tuple[str, str]) -> Body:
    return {"coding": [_coding(pair)]}
