"""Hvorfor: why somebody could see something of a citizen on a day, and why other things not; as it was decided then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from starlette.responses import Response

from gateway.domain.explained import Question
from gateway.domain.identifier import normal
from gateway.domain.record import AccessRecord
from gateway.errors import BadRequest, NotFound
from gateway.flows.explain import explain
from gateway.flows.find_looks import NOBODY, open_look, people_named
from gateway.inbound.console.frame import Here
from gateway.inbound.console.search import purposes
from gateway.inbound.rest.explaining import question_of

_decode = msgspec.json.decode


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of this session, with the names that its page tells it by."""

    question: Question
    who: str
    purposes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """What was decided alike: by one rule, one law, one consent, for one reason."""

    permitted: bool
    reason: str
    rule: str
    law: str
    consent: str
    provision: str
    limit: str
    resources: tuple[str, ...] = ()


async def form(here: Here) -> Response:
    """GET /console/why"""
    return _form(here)


async def ask(here: Here) -> Response:
    """POST /console/why: the question of the form, or that of a look (`look`) as it was."""
    try:
        if here.form.get("look"):
            look = await open_look(here.gateway, here.caller, here.form["look"])
            asked = _of_look(here, look.record)
        else:
            asked = await _of_form(here)
    except BadRequest:
        return _form(here, here.t("why.not_understood"))
    return here.go(f"/console/why/{here.visit.hold(asked)}")


async def answer(here: Here) -> Response:
    """GET /console/why/{id}: the answer; the asking is on record."""
    asked = here.visit.held.get(here.request.path_params["id"])
    if not isinstance(asked, Asked):
        raise NotFound
    try:
        served = await explain(here.gateway, here.caller, asked.question)
        body = _decode(served.body)
        groups, notes = _groups(body), _told(body, "note")
        today = bool(_told(body, "as-of-today"))
    except (NotFound, BadRequest):  # nobody knows the citizen, or ever knew the system
        groups, notes, today = (), [], False
    rules = {row.rule: row.why for row in here.gateway.policy.rows}
    return here.page(
        "answer.html", who=asked.who, purposes=asked.purposes, when=here.moment(asked.question.at), groups=groups,
        why=rules, notes=notes, today=today, role=asked.question.reader.role,
    )  # fmt: skip


def _told(body: dict[str, Any], name: str) -> list[str]:
    return [one["valueString"] for one in body["parameter"] if one["name"] == name]


def _form(here: Here, wrong: str = "") -> Response:
    clients = sorted((one.name, one.id) for one in here.inbound.clients)
    return here.page(
        "why.html", 400 if wrong else 200, given=here.form, wrong=wrong, clients=clients, purposes=purposes(here)
    )


async def _of_form(here: Here) -> Asked:
    given = here.form
    found = [one for one in await people_named(here.gateway, given.get("citizen", "")) if one != NOBODY]
    if not found:
        raise BadRequest("This leads to nobody", where="citizen")
    day, user = given.get("day", ""), given.get("user", "")
    asked = _asked(here, given.get("client", ""), [given.get("purpose", "")], found[0], day, user)
    if not asked.question.reader.role:
        raise BadRequest("No client of this id is registered", where="client")
    return asked


def _of_look(here: Here, record: AccessRecord) -> Asked:
    """The question that the look itself asked: the same reader, purpose, moment and reason."""
    if not (record.citizen and record.client):
        raise BadRequest("This look was at nobody, or by no registered system", where="look")
    override = [("code", record.override_code), ("text", record.override_reason)] if record.override_code else []
    when = record.time.isoformat(timespec="milliseconds")
    return _asked(here, record.client, record.purposes, record.citizen, when, record.user, override)


def _asked(
    here: Here, client: str, purposes: Iterable[str], patient: str, when: str, user: str,
    override: Iterable[tuple[str, str]] = (),
) -> Asked:  # fmt: skip
    system, _, value = user.rpartition("|")
    number = normal(system, value)
    told: list[dict[str, Any]] = [
        {"name": "client", "valueString": client},
        {"name": "patient", "valueReference": {"reference": f"Patient/{patient}"}},
        *({"name": "purpose", "valueCode": one} for one in purposes if one),
    ]
    told += [{"name": "when", "valueDateTime": when}] if when else []
    if system:
        told.append({"name": "user", "valueIdentifier": {"system": number.system, "value": number.value}})
    if parts := [{"name": name, "valueString": text} for name, text in override]:
        told.append({"name": "override", "part": parts})
    question = question_of(here.inbound, {"resourceType": "Parameters", "parameter": told})
    who = ", ".join(filter(None, (user and value, question.reader.client_name, question.reader.organisation_name)))
    return Asked(question, who, tuple(question.reader.purposes))


def _groups(body: Mapping[str, Any]) -> tuple[Group, ...]:
    """Decisions that are alike, told once; what was permitted comes first."""
    found: dict[Group, list[str]] = {}
    for one in body["parameter"]:
        if one["name"] == "decision":
            parts = {
                part["name"]: next(value for name, value in part.items() if name != "name") for part in one["part"]
            }
            key = Group(
                parts["outcome"] == "permit", parts.get("basis") or parts.get("reason", ""), parts.get("rule", ""),
                parts.get("law", ""), parts.get("consent", {}).get("reference", ""), parts.get("provision", ""),
                parts.get("limit", ""),
            )  # fmt: skip
            found.setdefault(key, []).append(parts["resource"]["reference"])
    ordered = sorted(found, key=lambda one: (not one.permitted, one.reason, one.rule, one.consent))
    return tuple(replace(key, resources=tuple(sorted(found[key]))) for key in ordered)
