"""GET /fhir/metadata: the CapabilityStatement, drawn from the routing table and the search parameters in force.

http://hl7.org/fhir/R4/capabilitystatement.html. Nothing is stated by hand that the table knows, so the statement
cannot promise what is not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway import __version__
from gateway.domain import directory
from gateway.domain.searching import compartment
from gateway.domain.searching.including import leads_back
from gateway.domain.searching.matching import modifiers_of
from gateway.domain.searching.parameter import ALONE, EVERYWHERE
from gateway.flows import audit
from gateway.flows.parts import Gateway, Served
from gateway.inbound import definitions, negotiate
from gateway.inbound.door import Door, Inbound
from gateway.inbound.rest.answering import OF_ANSWER, OF_PART, answer, form_of_part, query
from gateway.translate import r4

_OURS = "https://faellesplan.dk/fhir"
_PROFILES = {
    "CarePlan": ("faellesplan-careplan", "faellesplan-intervention"),
    "CareTeam": ("faellesplan-careteam",),
    "Encounter": ("faellesplan-encounter",),
}
JSON_PATCH = "application/json-patch+json"
_R4 = "http://hl7.org/fhir/OperationDefinition"
_R4_SEARCH = "http://hl7.org/fhir/SearchParameter"
_OPERATIONS = {
    "Patient/$joint-plan": f"{_OURS}/OperationDefinition/joint-plan",
    "Patient/$everything": f"{_R4}/Patient-everything",
    "Patient/$export": "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export",
    "$export": "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export",
    "CarePlan/$everything": f"{_OURS}/OperationDefinition/careplan-everything",
    "Subscription/$status": "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-status",
    "$validate": f"{_R4}/Resource-validate",
    "$explain-access": f"{_OURS}/OperationDefinition/explain-access",
    "$process-message": f"{_R4}/MessageHeader-process-message",
    "CodeSystem/$lookup": f"{_R4}/CodeSystem-lookup",
    "CodeSystem/$validate-code": f"{_R4}/CodeSystem-validate-code",
    "CodeSystem/$subsumes": f"{_R4}/CodeSystem-subsumes",
    "ValueSet/$validate-code": f"{_R4}/ValueSet-validate-code",
    "ConceptMap/$translate": f"{_R4}/ConceptMap-translate",
}
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_ANY = "/fhir/{kind:kind}/"  # an operation on every type
_ORDER = (
    "read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type",
)  # fmt: skip
_OF_SYSTEM = {"transaction": ("transaction", "batch")}


async def metadata(inbound: Inbound, request: Request) -> Response:
    """GET /fhir/metadata"""
    form = form_of_part(request, [one for one in query(request) if one[0] in (*OF_ANSWER, *OF_PART)])
    response = answer(request, form, Served(msgspec.json.encode(inbound.statement)))
    response.headers["Vary"] = "Accept"
    return response


def statement(gateway: Gateway, doors: Sequence[Door]) -> dict[str, Any]:
    """The CapabilityStatement of a gateway with these doors."""
    url = gateway.public_url
    kinds = sorted({kind for door in doors for kind in door.kinds})
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": gateway.clock().isoformat(timespec="seconds"),
        "kind": "instance",
        "software": {"name": "Fællesplan gateway", "version": __version__},
        "implementation": {"description": "One joint plan per citizen", "url": f"{url}/fhir"},
        "fhirVersion": "4.0.1",
        "format": ["json", "xml", negotiate.JSON, negotiate.XML],
        "patchFormat": [JSON_PATCH, negotiate.JSON, negotiate.XML],  # FHIRPath Patch in the latter two, no XML Patch
        "rest": [
            {
                "mode": "server",
                "security": _security(url),
                "resource": [_resource(gateway, doors, kind) for kind in kinds],
                "interaction": [
                    {"code": code} for door in doors for code in _OF_SYSTEM.get(door.interaction, ()) if not door.kinds
                ],
                "operation": _operations(doors, ""),
                "compartment": [compartment.DEFINITION],
            }
        ],
    }


def _resource(gateway: Gateway, doors: Sequence[Door], kind: str) -> dict[str, Any]:
    offered = {door.interaction for door in doors if kind in door.kinds}
    body: dict[str, Any] = {
        "type": kind,
        "supportedProfile": [f"{_OURS}/StructureDefinition/{name}" for name in _PROFILES.get(kind, ())],
        "interaction": [{"code": code} for code in _ORDER if code in offered],
        "versioning": "versioned" if "vread" in offered else "no-version",
        "readHistory": "vread" in offered,
        "updateCreate": False,
        "conditionalCreate": {"create", "update"} <= offered,  # what is only sent is sent each time
        "conditionalRead": "full-support",
        "conditionalUpdate": "update-conditional" in offered,
        "conditionalDelete": "single" if "delete-conditional" in offered else "not-supported",
        "searchInclude": _includes(gateway, doors, kind),
        "searchRevInclude": _included_by(gateway, doors, kind),
        "searchParam": _search(gateway, kind) if "search-type" in offered else [],
        "operation": _operations(doors, kind),
    }
    return {name: value for name, value in body.items() if value or value is False}


def _operations(doors: Sequence[Door], kind: str) -> list[dict[str, str]]:
    """The operations on a type, or on the server where it is "": each once, whatever its methods."""
    begins = (f"/fhir/{kind}/", _ANY) if kind else ("/fhir/$",)
    offered = dict.fromkeys(door.interaction for door in doors if "$" in door.path and door.path.startswith(begins))
    spelled = {name: f"{kind}/{name}" if kind else name for name in offered}
    return [
        {"name": name[1:], "definition": _OPERATIONS.get(key) or _OPERATIONS[name]} for name, key in spelled.items()
    ]


def _includes(gateway: Gateway, doors: Sequence[Door], kind: str) -> list[str]:
    """What `_include` takes: the references of the type that a search follows."""
    if kind not in _included(doors) or kind in ALONE:
        return []
    return [f"{kind}:{name}" for name, one in sorted(gateway.search.get(kind, {}).items()) if one.kind == "reference"]


def _included_by(gateway: Gateway, doors: Sequence[Door], kind: str) -> list[str]:
    """What `_revinclude` takes: the references of every type that may lead to this one; in the directory those of the
    directory."""
    kinds = _included(doors)
    if kind not in kinds or kind in ALONE:
        return []
    return [
        f"{other}:{name}"
        for other in kinds
        if kind not in directory.KINDS or other in directory.KINDS
        for name, one in sorted(gateway.search.get(other, {}).items())
        if one.kind == "reference" and leads_back(other, name) and (kind in one.targets or not one.targets)
    ]


def _included(doors: Sequence[Door]) -> list[str]:
    """The types whose search includes others: those of the records of looks and of codes stand alone."""
    searched = {kind for door in doors if door.interaction == "search-type" for kind in door.kinds}
    return sorted(searched - {"AuditEvent", *definitions.KINDS})


def _search(gateway: Gateway, kind: str) -> list[dict[str, str]]:
    return [
        {"name": name} | _definition(kind, name, form) | {"type": form} | _modifiers(gateway, kind, name)
        for name, form in sorted(searched(gateway, kind).items())
    ]


def _definition(kind: str, name: str, form: str) -> dict[str, str]:
    """The URL of R4's own definition of a parameter; those of ours have none."""
    rows = r4.facts().search
    row: Mapping[str, Any] = next((rows[one][name] for one in (kind, *EVERYWHERE) if name in rows.get(one, {})), {})
    return {"definition": f"{_R4_SEARCH}/{row['id']}"} if row.get("type") == form and "id" in row else {}


def _modifiers(gateway: Gateway, kind: str, name: str) -> dict[str, str]:
    """Which modifiers a parameter takes: R4 has no element for it here."""
    parameter = gateway.search.get(kind, {}).get(name)
    taken = modifiers_of(parameter) if parameter else ()
    return {"documentation": f"Modifiers: {', '.join(taken)}"} if taken else {}


def searched(gateway: Gateway, kind: str) -> dict[str, str]:
    """The search parameters that are served for a type, each with its FHIR type."""
    if kind == "AuditEvent":
        return audit.parameters(gateway)
    if kind in definitions.KINDS:
        return dict(definitions.PARAMETERS)
    return {"_id": "token"} | {name: parameter.kind for name, parameter in gateway.search.get(kind, {}).items()}


def _security(url: str) -> dict[str, Any]:
    return {
        "extension": [
            {
                "url": _OAUTH_URIS,
                "extension": [
                    {"url": name, "valueUri": f"{url}/oauth/{name}"} for name in ("token", "revoke", "introspect")
                ],
            }
        ],
        "cors": False,
        "service": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                        "code": "SMART-on-FHIR",
                    }
                ]
            }
        ],
        "description": "SMART Backend Services: private_key_jwt with ES384 or RS384, purpose of use in the assertion.",
    }
