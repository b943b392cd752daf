"""POST /fhir/$explain-access: a question about a decision as FHIR Parameters, answered with Parameters.

    {"resourceType": "Parameters", "parameter": [
      {"name": "client", "valueString": "kk-social"},
      {"name": "user", "valueIdentifier": {"system": "urn:oid:1.2.208.176.1.1", "value": "265161000016000.kl"}},
      {"name": "purpose", "valueCode": "COC"},
      {"name": "patient", "valueReference": {"reference": "Patient/9f…"}},
      {"name": "when", "valueDateTime": "2026-03-01T12:00:00+01:00"}]}

Instead of `client` the parts of a reader: `role`, `sector`, `organization`. Instead of `patient` one `resource`, or
several of one citizen. An override is `override` with the parts `code` and `text`; for whom somebody acts is
`on-behalf-of`, as a token says it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.caller import Caller, Override
from gateway.domain.explained import Question, unregistered
from gateway.domain.identifier import Identifier, normal
from gateway.errors import BadRequest
from gateway.flows.explain import explain
from gateway.inbound import negotiate
from gateway.inbound.bodies import read_body
from gateway.inbound.clients import ROLES, SECTORS
from gateway.inbound.door import Inbound
from gateway.inbound.rest.answering import answer, only_form
from gateway.inbound.rest.asking import moment_of
from gateway.translate.fhir import parse

_BYTES = 65_536
_MOST = 100  # resources in one question
_NAMES = (
    "client", "role", "sector", "organization", "member-of", "user", "on-behalf-of", "purpose", "patient", "resource",
    "when", "override",
)  # fmt: skip
_SEVERAL = ("member-of", "purpose", "resource")
_REFERENCE = re.compile(r"([A-Z][A-Za-z]{2,63})/([A-Za-z0-9.-]{1,64})(?:/_history/[0-9]+)?", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

Json = dict[str, Any]


async def explain_access(inbound: Inbound, request: Request, caller: Caller) -> Response:
    """POST /fhir/$explain-access"""
    form = only_form(request)
    content_type = request.headers.get("content-type", "")
    negotiate.sent(content_type)
    body = parse(await read_body(request, min(inbound.message_bytes, _BYTES)), content_type)
    return answer(request, form, await explain(inbound.gateway, caller, question_of(inbound, body)))


class _Asked:
    """The parameters of a question, each looked up by its name."""

    def __init__(self, body: Json) -> None:
        listed = body.get("parameter")
        if body.get("resourceType") != "Parameters" or not isinstance(listed, list):
            raise BadRequest("A Parameters resource is needed", where="the body", hint=f"It takes {', '.join(_NAMES)}.")
        self._found: dict[str, list[Json]] = {}
        for number, one in enumerate(listed):
            name = one.get("name") if isinstance(one, dict) else None
            if name not in _NAMES or (name in self._found and name not in _SEVERAL):
                raise BadRequest(
                    "This parameter is not known here, or stands here twice", where=f"Parameters.parameter[{number}]",
                    hint=f"It takes {', '.join(_NAMES)}; {', '.join(_SEVERAL)} may be repeated.",
                )  # fmt: skip
            self._found.setdefault(name, []).append(one)

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def texts(self, name: str) -> list[str]:
        """Every value of a parameter that is a text, a code or a Coding."""
        return [_text(one, name) for one in self._found.get(name, ())]

    def text(self, name: str) -> str:
        """The value, "" where it is not given."""
        return next(iter(self.texts(name)), "")

    def identifiers(self, name: str) -> list[Identifier]:
        """Every value of a parameter that is an Identifier, in its normal spelling."""
        found = []
        for one in self._found.get(name, ()):
            value = one.get("valueIdentifier")
            system, number = (value.get("system"), value.get("value")) if isinstance(value, dict) else (None, None)
            if not (isinstance(system, str) and isinstance(number, str) and system and number):
                raise BadRequest("An Identifier with system and value is needed", where=name)
            found.append(normal(system, number))
        return found

    def references(self, name: str) -> list[tuple[str, str]]:
        """Every value of a parameter that is a Reference `Type/id`."""
        found = []
        for one in self._found.get(name, ()):
            value = one.get("valueReference")
            text = value.get("reference") if isinstance(value, dict) else one.get("valueString")
            match = _REFERENCE.fullmatch(text) if isinstance(text, str) else None
            if match is None:
                raise BadRequest("A reference as Type/id is needed", where=name)
            found.append((match[1], match[2]))
        return found

    def parts(self, name: str) -> Mapping[str, str]:
        """The parts of a parameter that are texts."""
        listed = next(iter(self._found.get(name, ())), {}).get("part")
        parts = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        return {str(one.get("name")): _text(one, name) for one in parts}


def question_of(inbound: Inbound, body: Json) -> Question:
    """The question that a Parameters resource asks. Raises BadRequest."""
    return _question(inbound, _Asked(body))


def _text(one: Json, name: str) -> str:
    values = [one.get(f"value{kind}") for kind in ("String", "Code", "Id", "DateTime", "Instant")]
    coding = one.get("valueCoding")
    values.append(coding.get("code") if isinstance(coding, dict) else None)
    found = [value for value in values if isinstance(value, str) and value.strip()]
    if len(found) != 1 or len(found[0]) > 1000 or not found[0].isprintable():
        raise BadRequest("A text or code is needed", where=name)
    return found[0].strip()


def _question(inbound: Inbound, asked: _Asked) -> Question:
    resources = tuple(dict.fromkeys(asked.references("resource")))
    patients = asked.references("patient")
    if bool(resources) == bool(patients) or any(kind != "Patient" for kind, _ in patients) or len(resources) > _MOST:
        raise BadRequest("Ask about one patient, or about resources of one patient", where="patient and resource")
    now, when = inbound.gateway.clock(), asked.text("when")
    at = moment_of(now, when, "when") if when else now
    units = tuple(one.key for one in asked.identifiers("member-of"))
    reader, notes = _reader(inbound, asked, units, at)
    return Question(reader, at, patients[0][1] if patients else "", resources, notes, units)


def _reader(inbound: Inbound, asked: _Asked, units: tuple[str, ...], at: datetime) -> tuple[Caller, tuple[str, ...]]:
    """The reader as a token of the client would make it; or one of these parts, who is registered for nothing more. A
    client that is registered no more has its id alone: what it was then, the flow may know."""
    purposes = tuple(dict.fromkeys(asked.texts("purpose")))
    if not all(map(_CODE.fullmatch, purposes)):
        raise BadRequest("A purpose is a code of v3-ActReason", where="purpose")
    user = next((one.key for one in asked.identifiers("user")), "")
    behalf = next((one.key for one in asked.identifiers("on-behalf-of")), "")
    reason = asked.parts("override")
    override = Override(reason.get("code", ""), reason.get("text", ""), at) if "override" in asked else None
    common: dict[str, Any] = {
        "user": user, "user_name": "", "user_role": "", "purposes": purposes, "override": override,
        "on_behalf_of": behalf,
    }  # fmt: skip
    if "client" not in asked:
        return _described(inbound, asked, units, common), ()
    if not {"role", "sector", "organization"}.isdisjoint(name for name in _NAMES if name in asked):
        raise BadRequest("A client has its role, sector and organization by registration", where="client")
    client = inbound.clients.get(asked.text("client"))
    if client is None:
        nobody = Caller(asked.text("client"), "", Identifier("", ""), "", "", "", scopes=(), **common)
        return nobody, ()
    notes = unregistered(purposes, client.purposes)
    reader = Caller(
        client=client.id, client_name=client.name, organisation=client.organisation,
        organisation_name=client.organisation_name, sector=client.sector, role=client.role,
        scopes=tuple(map(str, client.scopes)), sends=client.sends, member_of=(*client.member_of, *units),
        cases=client.cases, **common,
    )  # fmt: skip
    return reader, notes


def _described(inbound: Inbound, asked: _Asked, units: tuple[str, ...], common: dict[str, Any]) -> Caller:
    role, sector = asked.text("role"), asked.text("sector")
    organisations = asked.identifiers("organization")
    if role not in ROLES or sector not in SECTORS or not organisations:
        raise BadRequest(
            "A reader is a client, or a role, a sector and an organization", where="client",
            hint=f"Roles: {', '.join(ROLES)}. Sectors: {', '.join(SECTORS)}.",
        )  # fmt: skip
    world = (organisations[0].key, role)
    sends = tuple(sorted(source for source, owners in inbound.gateway.policy.owners.items() if world in owners))
    return Caller(
        client="", client_name="", organisation=organisations[0], organisation_name="", sector=sector, role=role,
        scopes=("system/*.rs",), member_of=units, sends=sends, **common,
    )  # fmt: skip
