"""One part in KL's terms: what mappings/kl and gateway/translate/kl/rewrite.py read, said backwards.

| here | there |
|---|---|
| organisations and people by number and name | entries of their own |
| case numbers among the identifiers of a plan | MunicipalityCaseNumber |
| acting municipality of the social area without a period of its own | kl-messaging-ffb-actingMunicipality |
| our coordinator | koordinerende-myndighed |
| codings in old systems, FSIII's older keys | the present system, the UUID alone |
| a KLE subject of the social area | category Social indsats beside it |
| a goal that the citizen tells | category Borgers ønsker og mål |
| who said it (Provenance), inside of a part | an entry of its own |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.domain.fold import SUBJECT
from gateway.domain.limits import KLE
from gateway.domain.municipality import MUNICIPALITY
from gateway.domain.plan import is_intervention
from gateway.domain.statement import Body
from gateway.errors import BadRequest
from gateway.translate.kl.write import case_number
from gateway.translate.kl.write.histories import KIND as PROVENANCE
from gateway.translate.kl.write.parties import KINDS as PARTIES
from gateway.translate.kl.write.parties import Parties, official
from gateway.translate.kl.write.tables import Tables

FSIII = "urn:oid:1.2.208.176.2.21"
CARE_SOCIAL = "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes"
_WISH = {"system": CARE_SOCIAL, "code": "ffb9886b-d04e-46b1-9165-a400f91f822b", "display": "Borgers ønsker og mål"}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_KEPT_META = ("lastUpdated", "security")
_LEFT_OUT = frozenset({"text", "contained", "meta", "resourceType", "id"})


class Outward:
    """One Bundle on its way out. `parties()` has the organisations and people whom its parts named so far."""

    def __init__(self, tables: Tables, told: Iterable[Body], files: Mapping[str, str]) -> None:
        self._tables = tables
        self._files = files
        self._parties = Parties()
        told = list(told)
        self._citizen = f"Patient/{told[0]['id']}"
        self._inside = {f"{one['resourceType']}/{one['id']}" for one in told}

    def citizen(self, patient: Body, sender: Body | None) -> Body:
        """The Patient: without its links (another identity is no other entry), by all of its numbers."""
        manager = patient.get("managingOrganization") or sender
        made = self._made({name: v for name, v in patient.items() if name not in ("link", "managingOrganization")})
        number = (manager or {}).get("identifier")
        if number:
            made["managingOrganization"] = {"identifier": official(number)}
        elif manager:
            made["managingOrganization"] = {"display": manager.get("display", "")}
        return made

    def part(self, part: Body) -> Body:
        """Any other part."""
        kind = part["resourceType"]
        made = self._made(_of_the_plan(part) if kind == "CareTeam" else part)
        if kind == PROVENANCE:
            return made
        subject = {"reference": self._citizen}
        made[SUBJECT.get(kind, "subject")] = [subject] if kind == "Account" else subject
        if kind == "CarePlan":
            case_number.put(made)
            self._categorise_plan(made)
        elif (
            kind == "Goal" and "category" not in made and made.get("expressedBy", {}).get("reference") == self._citizen
        ):
            made["category"] = [{"coding": [_WISH.copy()]}]
        return made

    def parties(self) -> list[Body]:
        """Organisation and Practitioner resources, sorted."""
        return self._parties.resources()

    def _made(self, resource: Body) -> Body:
        made: Body = {"resourceType": resource["resourceType"], "id": resource["id"]}
        meta = {name: resource["meta"][name] for name in _KEPT_META if resource.get("meta", {}).get(name)}
        made |= {"meta": meta} if meta else {}
        return made | {name: self._named(name, v) for name, v in resource.items() if name not in _LEFT_OUT}

    def _named(self, name: str, value: Any) -> Any:
        made = self._value(value)
        if name == "coding":
            return self._codings(made)
        if name == "extension":
            return [self._municipality(one) for one in made]
        return made

    def _value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._value(item) for item in node]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("reference"), str):
            return self._literal(node)
        if node.get("type") in PARTIES:
            return self._parties.reference({n: self._named(n, v) for n, v in node.items()})
        if str(node.get("url", "")).startswith("Binary/"):
            node = self._whole(node)
        made = {name: self._named(name, value) for name, value in node.items()}
        if isinstance(made.get("system"), str):
            made["system"] = self._tables.urls.systems.of(made["system"])
        return made

    def _literal(self, reference: Body) -> Body:
        """A reference to another part, or to the citizen under whichever identity."""
        url = reference["reference"].partition("/_history/")[0]
        if url.startswith("Patient/"):
            url = self._citizen
        extra = {"extension": self._named("extension", reference["extension"])} if "extension" in reference else {}
        return {"reference": url} | extra if url in self._inside else reference | extra

    def _municipality(self, extension: Body) -> Body:
        """KL has a word for the acting municipality alone, and none for since when. Which area of law it means stands
        in mappings/kl/urls.csv; a fact that says more or less than that stays in our words."""
        if extension.get("url") != MUNICIPALITY:
            return extension
        told = {str(one.get("url")): one for one in extension.get("extension", [])}
        coding = told.pop("municipality", {}).get("valueCoding")
        said = tuple(told.pop(name, {}).get("valueCode", "") for name in ("role", "area"))
        url = self._tables.municipality.get(said, "")
        return {"url": url, "valueCoding": coding} if url and coding and not told else extension

    def _codings(self, codings: list[Body]) -> list[Body]:
        """Each once, in KL's systems; a role of ours as KL's own; of FSIII's two keys of one concept the UUID alone, as
        a profile takes one coding of a system and KLGateway in time UUIDs alone."""
        both = [_is_uuid(one) for one in codings if one.get("system") == FSIII]
        if sorted(both) == [False, True]:
            codings = [one for one in codings if one.get("system") != FSIII or _is_uuid(one)]
        made: dict[tuple[str, str, str], Body] = {}
        for one in codings:
            mine = self._tables.roles.get(f"{one.get('system')}|{one.get('code')}")
            coding = mine or one
            key = (
                coding.get("system", ""),
                coding.get("code", ""),
                "" if "code" in coding else coding.get("display", ""),
            )
            made[key] = coding | made.get(key, {})
        return list(made.values())

    def _whole(self, attachment: Body) -> Body:
        """A file that is kept beside its document, put into it."""
        data = self._files.get(attachment["url"])
        if data is None:
            hint = "Give the Binary as well."
            raise BadRequest(
                "A file of a document is not here.", where="DocumentReference.content.attachment.url", hint=hint
            )
        return {name: value for name, value in attachment.items() if name != "url"} | {"data": data}

    def _categorise_plan(self, plan: Body) -> None:
        """KL wants one category. A plan that tells a KLE subject alone gets KL's word for its group beside it; all
        that was told stays."""
        codings = [coding for one in plan.get("category", []) for coding in one.get("coding", [])]
        if is_intervention(plan) or any(one.get("system") == CARE_SOCIAL for one in codings):
            return
        groups = [str(one.get("code", ""))[:2] for one in codings if one.get("system") == KLE]
        found = next((self._tables.categories[group] for group in groups if group in self._tables.categories), None)
        if found and not any("text" in one for one in plan["category"]):
            plan["category"] = [{"coding": [dict(found), *codings]}]


def _is_uuid(coding: Body) -> bool:
    """Whether a code is a UUID; some of FSIII's older keys are one with underscores."""
    return _UUID.fullmatch(str(coding.get("code", ""))) is not None


def _of_the_plan(team: Body) -> Body:
    """A team without who acts: KL tells that on the plan."""
    left = [one for one in team.get("extension", []) if one.get("url") != MUNICIPALITY]
    rest = {name: value for name, value in team.items() if name != "extension"}
    return rest | ({"extension": left} if left else {})
