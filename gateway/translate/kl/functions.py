"""The named functions of mappings/kl. `env.message` is the `Context`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from gateway.domain.identifier import CPR, D_ECPR, X_ECPR, Identifier, best_first, normal
from gateway.domain.source import Source
from gateway.domain.statement import Verb
from gateway.translate.rules.functions import moment
from gateway.translate.rules.reader import Env, Function

Json = dict[str, Any]

_ERROR = "entered-in-error"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Context:
    """Whom the message is about: the numbers that can stand for the citizen, the strongest first; the first `told` of
    them are the citizen's own."""

    citizen: tuple[Identifier, ...]
    told: int


def numbers(patient: Json, own_id: str, source: Source) -> Context:
    """The citizen's numbers. With none that can stand for a person (official samples use a dummy CPR number, shelters
    know people by name alone) the sender's own id of the citizen is the number. Who gets a number later is the same
    citizen by that id, where it is a UUID: any other may stand for another citizen in the next message."""
    told = best_first(
        [normal(i["system"], i["value"]) for i in patient.get("identifier", ()) if i.get("system") and i.get("value")]
    )
    own = Identifier(f"urn:faellesplan:source:{source.id}:patient", own_id)
    if not told:
        return Context((own,), 1)
    lasting = _UUID.fullmatch(own_id) and own_id.strip("0-")  # one of zeros alone is nobody's
    return Context((*told, own) if lasting else told, len(told))


def citizen(env: Env, own_id: str) -> str:
    """The best of the citizen's numbers."""
    return str(env.message.citizen[0].key)


def identifiers(env: Env, own_id: str) -> list[Json]:
    """Every number of the citizen in its normal spelling: CPR official, a replacement temp (DK Core)."""
    found: Context = env.message
    return [_identifier(number) for number in found.citizen[: found.told]]


def _identifier(number: Identifier) -> Json:
    made = {"system": number.system, "value": number.value}
    if number.system == CPR:
        return {"use": "official"} | made
    return {"use": "temp"} | made if number.system.startswith((X_ECPR, D_ECPR)) else made


def same_number(env: Env, identifier: Json) -> Json:
    """An Identifier in its normal spelling."""
    return same(identifier)


def same(identifier: Json) -> Json:
    """An Identifier in its normal spelling; without system or value as it was sent."""
    if not identifier.get("system") or not identifier.get("value"):
        return identifier
    found = normal(identifier["system"], identifier["value"])
    return identifier | {"system": found.system, "value": found.value}


def verb(env: Env, *statuses: str) -> str:
    """Entered in error under its old id takes a resource back; everything else tells its present state."""
    return Verb.WITHDRAW if _ERROR in statuses else Verb.ASSERT


def version(env: Env, updated: str, sent: str) -> datetime:
    """When what is said became the resource's state: its own version's time (KL asks for it in reports), or the
    Bundle's where it has none, or one that is still to come."""
    now = moment(env, sent)
    return min(moment(env, updated), now) if updated else now


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "citizen": Function(citizen, gives="key"),
        "identifiers": Function(identifiers, gives="Identifier*"),
        "same_number": Function(same_number, takes="node", gives="Identifier"),
        "version": Function(version, gives="moment", arity=(2, 2), always=True),
        "verb": Function(verb, gives="code", arity=(1, -1), always=True, codes=frozenset({"assert", "withdraw"})),
    }
)
