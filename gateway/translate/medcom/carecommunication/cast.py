"""The caregivers of a message, contained in its Communication: who wrote, who sends, whom it is for.

A PractitionerRole comes with its Practitioner, a CareTeam with its name; both are named by a logical reference to their
organisation. Each is contained once, however often it is pointed at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.domain.identifier import normal
from gateway.translate.fhir.message import Message
from gateway.translate.rules.codes import CodeTable

Json = dict[str, Any]

_NAME = ("use", "text", "family", "given", "prefix", "suffix")


class Cast:
    """Collects what is pointed at, in the order in which it is."""

    def __init__(self, message: Message, organisation: Callable[[Json], Json | None], roles: CodeTable) -> None:
        self.contained: list[Json] = []
        self._message = message
        self._organisation = organisation
        self._roles = roles
        self._known: dict[int, Json] = {}

    def point_at(self, reference: Json) -> Json | None:
        """A Reference to a contained caregiver with words to show; None when it leads nowhere in the Bundle."""
        found = self._message.resolve(reference)
        if found is None:
            return None
        if id(found) not in self._known:
            made = {"PractitionerRole": self._role, "CareTeam": self._team}.get(found["resourceType"])
            if made is None:
                return None
            self._known[id(found)] = made(found)
        return dict(self._known[id(found)])

    def party(self, reference: Json) -> Json | None:
        """Sender or receiver: a logical reference, and the contained organisation with all its numbers: whoever answers
        needs both, SOR and EAN."""
        made = self._organisation(reference)
        found = self._message.resolve(reference, "Organization")
        if made is None or found is None:
            return made
        if id(found) not in self._known:
            numbers = [
                normal(i["system"], i["value"]) for i in found.get("identifier", ()) if {*i} >= {"system", "value"}
            ]
            owner = self._next("organisation")
            told: Json = {"resourceType": "Organization", "id": owner}
            told |= {"identifier": [{"system": one.system, "value": one.value} for one in numbers]}
            told |= {"name": found["name"]} if "name" in found else {}
            self.contained.append(told)
            self._known[id(found)] = {"reference": f"#{owner}"}
        return self._known[id(found)] | made

    def encounter(self, stay: Json) -> Json:
        """A Reference to the contained Encounter, of which `stay` are the elements that are kept."""
        self.contained.append({"resourceType": "Encounter", "id": "encounter", **stay})
        return {"reference": "#encounter"}

    def _team(self, team: Json) -> Json:
        made: Json = {"resourceType": "CareTeam", "id": self._next("team")}
        made |= {name: team[name] for name in ("name", "telecom") if name in team}
        owners = [self._organisation(one) for one in team.get("managingOrganization", ())]
        if any(owners):
            made["managingOrganization"] = [one for one in owners if one]
        self.contained.append(made)
        return _shown(made["id"], team.get("name", ""))

    def _role(self, role: Json) -> Json:
        person = self._message.resolve(role.get("practitioner"), "Practitioner")
        made: Json = {"resourceType": "PractitionerRole", "id": self._next("role")}
        name = _spoken(person)
        if person is not None:
            made["practitioner"] = self._person(person, name)
        owner = self._organisation(role["organization"]) if "organization" in role else None
        if owner:
            made["organization"] = owner
        codes = [self._coded(code) for code in role.get("code", ())]
        if codes:
            made["code"] = codes
        if "telecom" in role:
            made["telecom"] = role["telecom"]
        self.contained.append(made)
        title = next((t for code in codes if (t := code.get("text") or _display(code))), "")
        return _shown(made["id"], ", ".join(filter(None, (name, title))))

    def _person(self, person: Json, name: str) -> Json:
        names = [{k: one[k] for k in _NAME if k in one} for one in person.get("name", ())]
        made: Json = {"resourceType": "Practitioner", "id": self._next("person")}
        made |= {"name": [one for one in names if one]} if any(names) else {}
        self.contained.append(made)
        return _shown(made["id"], name)

    def _coded(self, code: Json) -> Json:
        """A role with its Danish name, where the table has it."""
        codings = []
        for coding in code.get("coding", ()):
            row = self._roles.find(str(coding.get("system", "")), str(coding.get("code", "")), "")
            codings.append({**coding, **({"display": row.display} if row and row.display else {})})
        return {**code, **({"coding": codings} if codings else {})}

    def _next(self, kind: str) -> str:
        return f"{kind}{sum(one['id'].startswith(kind) for one in self.contained) + 1}"


def _shown(identity: str, words: str) -> Json:
    return {"reference": f"#{identity}"} | ({"display": words} if words else {})


def _display(code: Json) -> str:
    return next((str(c["display"]) for c in code.get("coding", ()) if c.get("display")), "")


def _spoken(person: Json | None) -> str:
    """A name as it is said; empty without one."""
    for name in (person or {}).get("name", ()):
        words = name.get("text") or " ".join(filter(None, (*name.get("given", ()), name.get("family", ""))))
        if words:
            return str(words)
    return ""
