"""The named functions of mappings/medcom. `env.message` is the Notification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from gateway.domain.identifier import CPR, D_ECPR, X_ECPR, names_a_person
from gateway.domain.report import REPORT_WITHIN
from gateway.domain.when import said_time
from gateway.translate.fhir.times import moment
from gateway.translate.medcom.citizen import number
from gateway.translate.medcom.names import LPR3_SPELLINGS
from gateway.translate.medcom.stay import episode_identifier
from gateway.translate.rules.reader import Env, Function

Json = dict[str, Any]


def citizen(env: Env, identifiers: Sequence[Json]) -> str:
    """The best of the citizen's numbers."""
    return str(env.message.citizen[0].key)


def citizen_identifier(env: Env, identifier: Json) -> Json | None:
    """A number of the citizen in its normal spelling: CPR official, a replacement temp (DK Core); dummies are none."""
    found = number(identifier)
    if not names_a_person(found):
        return None
    made = {"system": found.system, "value": found.value}
    if found.system == CPR:
        return {"use": "official"} | made
    return {"use": "temp"} | made if found.system.startswith((X_ECPR, D_ECPR)) else made


def episode(env: Env, identifiers: Sequence[Json]) -> str:
    """The key of the stay: its local episode number, else that of LPR3."""
    return str(env.message.episode[0])


def other_episodes(env: Env, identifiers: Sequence[Json]) -> Sequence[str]:
    """The keys of all other numbers of the episode."""
    others: Sequence[str] = env.message.episode[1:]
    return others


def episode_number(env: Env, identifier: Json) -> Json:
    """An episode's Identifier in one spelling."""
    return episode_identifier(identifier)


def organisation(env: Env, reference: Json) -> Json | None:
    """An organisation of the Bundle as a logical reference: its SOR number, else the first it has, and its name."""
    found: Json | None = env.message.organisations.named(reference)
    return found


def message_number(env: Env, identifier: str) -> Json:
    """The message's own id, as its sender's number."""
    return {"system": f"urn:faellesplan:source:{env.source.id}:message", "value": identifier}


def best_episode(env: Env, identifiers: Sequence[Json]) -> Json | None:
    """The episode's number to answer with: one received, that one; several, the local one."""
    local = [one for one in identifiers if one.get("system") not in LPR3_SPELLINGS]
    return next((episode_identifier(one) for one in (*local, *identifiers)), None)


def report_due(env: Env, said: str) -> str:
    """When the report of admission is to be there: a day after it was asked for."""
    return said_time(moment(said, "Provenance", env.timezone) + REPORT_WITHIN)


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "citizen": Function(citizen, takes="nodes", gives="key"),
        "citizen_identifier": Function(citizen_identifier, takes="node", gives="Identifier"),
        "episode": Function(episode, takes="nodes", gives="key"),
        "other_episodes": Function(other_episodes, takes="nodes", gives="key*"),
        "episode_number": Function(episode_number, takes="node", gives="Identifier"),
        "message_number": Function(message_number, gives="Identifier"),
        "best_episode": Function(best_episode, takes="nodes", gives="Identifier"),
        "report_due": Function(report_due, gives="dateTime"),
        "organisation": Function(organisation, takes="node", gives="Reference"),
    }
)
