"""The other resources of a message that goes out: organisations and caregivers, each once, from what a Communication
contains or refers to by number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gateway.domain.identifier import GLN, SOR, normal
from gateway.errors import MissingField
from gateway.translate.medcom.carecommunication.names import PROFILES
from gateway.translate.medcom.names import GS1_GLN, SOR_ENDPOINT
from gateway.translate.medcom.original import Party
from gateway.translate.medcom.writing import organisation, printable, resource
from gateway.translate.rules.codes import CodeTable

Json = dict[str, Any]

NOBODY = "Ukendt"


class Crowd:
    """Collects resources; `name` makes the id of one from what it is called inside the message."""

    def __init__(self, communication: Json, locations: CodeTable, name: Callable[[str], str]) -> None:
        self.resources: list[Json] = []
        self._inside: Mapping[str, Json] = {f"#{one.get('id')}": one for one in communication.get("contained", ())}
        self._locations = locations
        self._name = name
        self._known: dict[str, Json] = {}

    def party(self, reference: Json, where: str) -> tuple[Party, Json]:
        """Sender or receiver, and the reference to its Organization. Raises MissingField without SOR number or GLN."""
        party = self._party(reference)
        systems = {system for system, _ in party.numbers}
        if SOR not in systems:
            raise MissingField("MedCom's messages are addressed by SOR numbers.", where=f"{where}.identifier")
        if GS1_GLN not in systems:
            hint = "See mappings/codes/locations.csv."
            raise MissingField("No location number (GLN) is known.", where=f"{where}.identifier", hint=hint)
        return party, self._organisation(party)

    def organisation(self, reference: Json) -> Json | None:
        """An organisation that is only named; None without any number."""
        party = self._party(reference)
        return self._organisation(party) if party.numbers else None

    def caregiver(self, reference: Json) -> Json | None:
        """A PractitionerRole or CareTeam that the Communication contains; None for one it does not."""
        one = self._inside.get(str(reference.get("reference")))
        if one is None or one["resourceType"] not in ("PractitionerRole", "CareTeam"):
            return None
        return self._once(str(one["id"]), lambda: self._role(one) if "practitioner" in one else self._plain(one))

    def nobody(self) -> Json:
        """The author of a text whose author nobody knows: MedCom requires one with name and role."""
        person = {"resourceType": "Practitioner", "id": "nobody", "name": [{"family": NOBODY}]}
        role = {"resourceType": "PractitionerRole", "id": "nobody-role", "code": [{"text": NOBODY}]}
        return self._once("nobody-role", lambda: self._written(role, {"practitioner": self._person(person)}))

    def stay(self, reference: Json, patient: Json) -> Json | None:
        """The Encounter that the Communication contains."""
        one = self._inside.get(str(reference.get("reference")))
        if one is None or one["resourceType"] != "Encounter":
            return None
        episodes = [{"identifier": e["identifier"]} for e in one.get("episodeOfCare", ()) if "identifier" in e]
        return self._once(
            str(one["id"]), lambda: self._written(one, {"subject": patient, "episodeOfCare": episodes}, "Sygehusophold")
        )

    def _party(self, reference: Json) -> Party:
        inside = self._inside.get(str(reference.get("reference")), {})
        said = [reference.get("identifier", {}), *inside.get("identifier", ())]
        found = {one.system: one.value for n in said if (one := normal(n.get("system", ""), n.get("value", ""))).value}
        if SOR not in found and GLN in found:  # a letter of the old kind: numbers are looked up
            rows = [one for one in self._locations.rows if one.target_code == found[GLN]]
            if len(rows) == 1 and rows[0].source_system == SOR:  # one EAN may serve several municipalities
                found[SOR] = rows[0].source_code
        row = self._locations.find(SOR, found.get(SOR, ""))
        if row is not None and row.target_system == GLN and GLN not in found:
            found[GLN] = row.target_code
        name = reference.get("display") or inside.get("name") or (row.display if row is not None else "")
        numbers = tuple(
            (GS1_GLN if system == GLN else system, value) for system, value in sorted(found.items()) if system
        )
        return Party(f"{SOR_ENDPOINT}{found.get(SOR, '')}", numbers, printable(name).strip())

    def _organisation(self, party: Party) -> Json:
        key = "|".join(party.numbers[-1])  # the SOR number, which comes last, where there is one
        return self._once(key, lambda: organisation(self._name(key), party))

    def _role(self, role: Json) -> Json:
        person = self._inside.get(str(role["practitioner"].get("reference")), {})
        known = person or {
            "resourceType": "Practitioner",
            "id": f"{role['id']}-person",
            "name": [{"text": role["practitioner"].get("display", NOBODY)}],
        }
        return self._plain(role, {"practitioner": self._person(known)})

    def _person(self, person: Json) -> Json:
        return self._once(str(person["id"]), lambda: self._written(person, {}, _spoken(person)))

    def _plain(self, one: Json, more: Json | None = None) -> Json:
        """A role or team with its organisation."""
        told = more or {}
        if "organization" in one and (owner := self.organisation(one["organization"])):
            told |= {"organization": owner}
        owners = [owner for each in one.get("managingOrganization", ()) if (owner := self.organisation(each))]
        return self._written(one, told | ({"managingOrganization": owners} if owners else {}))

    def _written(self, one: Json, more: Json, words: str = "") -> Json:
        kind = str(one["resourceType"])
        content = {name: value for name, value in one.items() if name not in ("resourceType", "id", *_REFERRING)}
        told = words or str(one.get("name") or next((_said(code) for code in one.get("code", ())), kind))
        return resource(kind, self._name(str(one["id"])), PROFILES[kind], told, content | more)

    def _once(self, key: str, make: Callable[[], Json]) -> Json:
        """A reference to the resource of this name, made when it is first pointed at."""
        if key not in self._known:
            self._known[key] = {}
            made = make()
            self.resources.append(made)
            self._known[key] = {"reference": f"{made['resourceType']}/{made['id']}"}
        return dict(self._known[key])


_REFERRING = frozenset({"practitioner", "organization", "managingOrganization", "episodeOfCare"})


def _said(code: Json) -> str:
    coding: Json = next(iter(code.get("coding", ())), {})
    return str(code.get("text") or coding.get("display") or coding.get("code") or "")


def _spoken(person: Json) -> str:
    name: Json = next(iter(person.get("name", ())), {})
    return str(name.get("text") or " ".join([*name.get("given", ()), name.get("family", "")]).strip() or NOBODY)
