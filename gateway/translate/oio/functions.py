"""The named functions of OIO rule files, beside the shared ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.domain.identifier import Identifier
from gateway.translate.oio.case import Registered
from gateway.translate.oio.effect import Instant, Span, instant, lenient_span, span, tidspunkt
from gateway.translate.oio.party import Party, cvr_number, organisation
from gateway.translate.oio.roles import Roles, told
from gateway.translate.oio.tree import Node
from gateway.translate.rules.reader import Env, Function, Unfit

_KLE = re.compile(r"\d\d\.\d\d\.\d\d|[A-ZÆØÅ]\d\d", re.ASCII)

# In the order of a case's life (1.2.STS-4, which has all six; v6 has four of them).
_LIFE = ("Opstaaet", "Oplyst", "Afgjort", "Bestilt", "Udfoert", "Afsluttet")


@dataclass(frozen=True, slots=True)
class Context:
    """What the functions know of the case they are asked about; `Env.message`."""

    registered: Registered
    party: Party


def moment(env: Env, text: str) -> datetime:
    """A point in time in UTC; hides the shared one, as the guide's own examples are no valid xs:dateTime."""
    found = _instant(env, text)
    return found.at.astimezone(UTC)


def date_time(env: Env, text: str) -> str:
    """A FHIR dateTime as fine as it was written."""
    return _instant(env, text).fhir()


def _instant(env: Env, text: str) -> Instant:
    try:
        found = instant(text, env.timezone)
    except ValueError:
        found = None
    if found is None:
        raise Unfit("is not a point in time")
    return found


def period(env: Env, effect: Node) -> dict[str, str]:
    """A Virkning as FHIR Period: the end, exclusive there, inclusive here."""
    holder = Node("", effect.place, parts=[effect])
    try:
        return span(holder, env.timezone).period()
    except ValueError:
        raise Unfit("is not a Virkning") from None


def kle(env: Env, text: str) -> str:
    """A KLE number: subject `27.57.16` or action facet `G01`. Retired numbers are numbers."""
    if not _KLE.fullmatch(text):
        raise Unfit("is no KLE number")
    return text


def progress(env: Env, states: list[Node]) -> str:
    """The state that holds when the case was registered: of those in force the most advanced.

    With none in force: the most advanced that has begun, else the first. The order of the list says nothing.
    """
    moment = env.message.registered.moment
    known = [(state, lenient_span(state, env.timezone)) for state in states if state.said("FremdriftStatusKode")]
    begun = [pair for pair in known if _has_begun(pair[1], moment)]
    in_force = [pair for pair in begun if pair[1].covers(moment)]
    for choice in (in_force, begun):
        if choice:
            return max((state.said("FremdriftStatusKode") for state, _ in choice), key=_advance)
    return min((state.said("FremdriftStatusKode") for state, _ in known), key=_advance, default="")


def _has_begun(effect: Span, moment: datetime) -> bool:
    return effect.start is None or effect.start.at <= moment


def _advance(code: str) -> int:
    """How far a case has come; a state nobody knows is the furthest, so that the code table judges it."""
    return _LIFE.index(code) if code in _LIFE else len(_LIFE)


def opened(env: Env, states: list[Node]) -> str:
    """When the first state began."""
    starts = [start for state in states if (start := _start(env, state))]
    return min(starts, key=lambda start: start.at).fhir() if starts else ""


def closed(env: Env, states: list[Node]) -> str:
    """The last instant before the case was Afsluttet; nothing when it is not, or was opened again."""
    ended = [state for state in states if state.said("FremdriftStatusKode") == "Afsluttet"]
    open_ended = [state for state in ended if lenient_span(state, env.timezone).end is None]
    starts = [start for state in open_ended if (start := _start(env, state))]
    return min(starts, key=lambda start: start.at).before().fhir() if starts else ""


def _start(env: Env, state: Node) -> Instant | None:
    effect = state.first("Virkning")
    try:
        return tidspunkt(effect.first("FraTidspunkt") if effect else None, env.timezone)
    except ValueError:
        raise Unfit("has a time that cannot be read") from None


def party(env: Env, relation: Node) -> dict[str, str]:
    """The citizen's Identifier; a citizen known by name alone gets the case's own."""
    found: Identifier = env.message.party.identifier
    return {"system": found.system, "value": found.value}


def party_key(env: Env, relation: Node) -> str:
    """The citizen's key."""
    return str(env.message.party.identifier.key)


def party_name(env: Env, relation: Node) -> str:
    """The citizen's name as the case has it."""
    return str(env.message.party.name)


def cvr(env: Env, relation: Node) -> str:
    """The CVR number of a Sagsaktoer, "" when it has none."""
    found = cvr_number(relation)
    return found.value if found else ""


def system(env: Env, relation: Node) -> dict[str, Any] | None:
    """An IT system as a Reference by identifier and name."""
    return _reference("Device", organisation(relation.first("ReferenceID")), relation.said("SystemNavn"))


def _reference(kind: str, found: Identifier | None, display: str) -> dict[str, Any] | None:
    if not found and not display:
        return None
    number = {"system": found.system, "value": found.value} if found else None
    parts = {"type": kind, "identifier": number, "display": display}
    return {name: part for name, part in parts.items() if part}


def with_roles(roles: Roles) -> Mapping[str, Function]:
    """The functions of a case, for a table of roles."""

    def actor(env: Env, relation: Node) -> dict[str, Any] | None:
        """A Sagsaktoer as a Reference by identifier: an authority by CVR, as both sectors know it; units and people
        by UUID."""
        kind = roles.type_of(relation)
        whole = kind == "Organisation" or roles.of(relation) in ("Ejer", "Bopaelskommune")
        number = organisation(relation.first("ReferenceID"))
        found = (cvr_number(relation) or number) if whole else (number or cvr_number(relation))
        own = relation.first("LokalUdvidelseListe", "SagsaktoerLokalUdvidelse")
        display = own.said("FuldtNavn") or own.said("BrugervendtNoegle") if own else ""
        return _reference("Practitioner" if kind == "Bruger" else "Organization", found, display)

    def employer(env: Env, relation: Node) -> dict[str, Any] | None:
        """The authority that a person acts for (R4 ctm-1: only people act on behalf of somebody), with the name that
        the case's owner has where it is that one."""
        number = cvr_number(relation)
        if roles.type_of(relation) != "Bruger" or number is None:
            return None
        actors = env.message.registered.sag.first("Registrering", "RelationListe").each("Sagsaktoer")
        owner = next((one for one in actors if roles.of(one) == "Ejer"), None)
        same = owner is not None and cvr_number(owner) == number
        name = owner.said("LokalUdvidelseListe", "SagsaktoerLokalUdvidelse", "FuldtNavn") if owner and same else ""
        return _reference("Organization", number, name)

    def role(env: Env, relation: Node) -> str:
        """The role as the table names it; the bare UUID when the table does not know it."""
        return roles.display(relation) or told(relation.first("Rolle"))

    by_node: dict[str, tuple[Callable[..., Any], str]] = {
        "period": (period, "Period"),
        "party": (party, "Identifier"),
        "party_key": (party_key, "key"),
        "party_name": (party_name, "string"),
        "actor": (actor, "Reference"),
        "employer": (employer, "Reference"),
        "cvr": (cvr, "string"),
        "system": (system, "Reference"),
        "role": (role, "string"),
    }
    return {
        "moment": Function(moment, gives="moment"),
        "datetime": Function(date_time, gives="dateTime"),
        "kle": Function(kle, gives="code"),
        "progress": Function(progress, takes="nodes", gives="string"),
        "opened": Function(opened, takes="nodes", gives="dateTime"),
        "closed": Function(closed, takes="nodes", gives="dateTime"),
        **{name: Function(call, takes="node", gives=gives) for name, (call, gives) in by_node.items()},
    }
