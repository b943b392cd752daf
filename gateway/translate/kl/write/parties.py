"""Organisations and people whom parts name by number and name, as entries of their own: KL wants what is referred to
inside the Bundle, and its reader (gateway/translate/kl/rewrite.py) tells them by number and name again."""

from __future__ import annotations

import hashlib
import json

from gateway.domain.identifier import FK_ORG, normal
from gateway.domain.statement import Body
from gateway.translate.fhir.settled import CONTACT

KINDS = ("Organization", "Practitioner")
FFB_ORGANISATION = "https://www.kombit.dk/organisation"
_NAMING = frozenset({"type", "identifier", "display"})


class Parties:
    """Whom the parts of one Bundle name; each once."""

    def __init__(self) -> None:
        self._made: dict[str, Body] = {}

    def reference(self, named: Body) -> Body:
        """A literal reference to an entry, for a Reference by number and name. What it tells besides stays with it; a
        named contact goes to the organisation."""
        told = {name: named[name] for name in _NAMING if named.get(name)}
        contacts = [one for one in named.get("extension", []) if one.get("url") == CONTACT]
        extra = [one for one in named.get("extension", []) if one.get("url") != CONTACT]
        if told.keys() == {"type"}:
            return named
        made = _resource(told, [one["valueContactDetail"] for one in contacts])
        self._made.setdefault(f"{made['resourceType']}/{made['id']}", made)
        reference: Body = {"reference": f"{made['resourceType']}/{made['id']}"}
        return reference | ({"extension": extra} if extra else {})

    def resources(self) -> list[Body]:
        """The entries, sorted by type and id."""
        return [self._made[url] for url in sorted(self._made)]


def _resource(told: Body, contacts: list[Body]) -> Body:
    kind, name = told["type"], told.get("display")
    said = json.dumps([told, contacts], sort_keys=True, ensure_ascii=False)
    made: Body = {"resourceType": kind, "id": hashlib.sha256(said.encode()).hexdigest()[:32]}
    if "identifier" in told:
        made["identifier"] = [_dk_core(told["identifier"])]
    if name:
        made["name"] = name if kind == "Organization" else [{"text": name}]
    if kind == "Organization" and contacts:
        made["contact"] = [_contact(one) for one in contacts]
    return made


def _contact(detail: Body) -> Body:
    made = {"name": {"text": detail["name"]} if detail.get("name") else None, "telecom": detail.get("telecom")}
    return {name: value for name, value in made.items() if value}


def _dk_core(identifier: Body) -> Body:
    """DK Core writes FK Organisation's number as a URN."""
    found = normal(str(identifier.get("system", "")), str(identifier.get("value", "")))
    return identifier | ({"system": FK_ORG, "value": f"urn:uuid:{found.value}"} if found.system == FK_ORG else {})


def official(identifier: Body) -> Body:
    """The number of the authority that a citizen belongs to, as FFB reporting writes it: FK Organisation's bare UUID
    under its own system."""
    found = normal(str(identifier.get("system", "")), str(identifier.get("value", "")))
    system = FFB_ORGANISATION if found.system == FK_ORG else found.system
    return {"use": "official", "system": system, "value": found.value}
