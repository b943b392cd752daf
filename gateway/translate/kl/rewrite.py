"""The message in this gateway's terms: references lead to our resources, old URLs to the present ones.

A copy is made, entry by entry at the same places, so that errors and traces of the rules that read it name places
of the message as it was sent. What needs no other words is not copied: both trees share it, and nobody changes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.case import NUMBER
from gateway.domain.identifier import Identifier, normal
from gateway.domain.municipality import MUNICIPALITY
from gateway.domain.municipality import extension as municipality
from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.translate.fhir.message import Message
from gateway.translate.fhir.shape import is_resource
from gateway.translate.kl.codings import Codings
from gateway.translate.kl.functions import same
from gateway.translate.kl.urls import Urls
from gateway.translate.kl.whole import Whole
from gateway.translate.translation import Finding

Json = dict[str, Any]

CONTACT = "https://faellesplan.dk/fhir/StructureDefinition/contact-person"

_OVER = frozenset({"completed", "revoked"})
_EXTENSIONS = frozenset({"extension", "modifierExtension"})
_NOT_INSIDE = frozenset({"meta", "text", "contained"})  # of a contained resource, R4 dom-2, dom-4
_OUTSIDE = frozenset({"text", "contained"})
_NAMES = ("prefix", "given", "family")
_OF_MUNICIPALITIES = f"{MUNICIPALITY}#"


@dataclass(frozen=True, slots=True)
class Tables:
    """What is the same for every message. `authorities` are the municipalities' own numbers by their code."""

    urls: Urls
    codings: Codings
    authorities: Mapping[str, Identifier]


class Rewriting:
    """One message on its way into our terms. `findings` fills while `done` works."""

    def __init__(
        self,
        whole: Whole,
        tables: Tables,
        source: Source,
        ids: Ids,
        citizen_key: str,
        kept: frozenset[str],
        *,
        told_before: bool,
    ) -> None:
        """`told_before`: what the message points at and does not hold may have come in an earlier one, or will."""
        self.findings: list[Finding] = []
        self._whole = whole
        self._urls = tables.urls
        self._codings, self._alone = tables.codings, tables.codings.alone
        self._giver = tables.authorities.get(source.municipality, source.organisation)
        self._source = source
        self._ids = ids
        self._citizen = f"Patient/{ids('Patient', citizen_key)}"
        self._kept = kept
        self._told_before = told_before
        self._own = {id(r): own for r, own in zip(whole.message.resources(), whole.ids, strict=True)}
        self._contained: list[Json] = []
        self._current: Json = {}
        self._ours: dict[str, str] = {}  # references of ours by those that were sent, each found once
        self._lost: list[tuple[Json, str]] = []
        self._histories = self._by_target()
        self._acting = self._by_team()
        self._cited: list[Json] = []

    def done(self) -> Message:
        """The message, rewritten; a header and all that is not kept stay as they were sent."""
        bundle = self._whole.message.bundle
        entries = []
        for entry in bundle.get("entry", ()):
            kind = entry["resource"]["resourceType"]
            ours = kind in self._kept or kind == "Patient"
            entries.append(self._entry(entry) if ours else entry)
        if self._lost:
            places = self._whole.message.places(node for node, _ in self._lost)
            self.findings += [Finding(places[id(node)], text) for node, text in self._lost]
        return Message(bundle | {"entry": entries})

    def _entry(self, entry: Json) -> Json:
        return {"fullUrl": entry.get("fullUrl", ""), "resource": self._resource(entry["resource"])}

    def _resource(self, resource: Json) -> Json:
        """One resource, and inside it the Provenances that tell of it or that it names: who said it, on whose behalf
        and by whose word. What it contained itself is told where it is pointed at."""
        self._contained, self._current = resource.get("contained", []), resource
        name = self._name_of(resource)
        self._cited = list(self._histories.get(name, ()))
        made = self._elements(resource, _OUTSIDE)
        made = {n: v for n, v in made.items() if n != "contained"} if "contained" in made else made.copy()
        made["id"] = self._own[id(resource)]
        if acting := self._acting.get(name):
            made["extension"] = [*made.get("extension", []), *acting]
        told = [self._history(one) for one in self._cited]  # which grows meanwhile
        return made | ({"contained": told} if told else {})

    def _history(self, provenance: Json) -> Json:
        self._contained = provenance.get("contained", [])
        made = self._elements({n: v for n, v in provenance.items() if n not in _NOT_INSIDE})
        own = self._name_of(self._current)
        found = [self._whole.message.resolve(one) for one in provenance.get("target", ())]
        made["target"] = [
            {"reference": "#"} if target is not None and self._name_of(target) == own else told
            for target, told in zip(found, made.get("target", ()), strict=True)
        ]
        return made | {"id": self._own[id(provenance)]}

    def _by_target(self) -> dict[tuple[str, str], list[Json]]:
        """Every Provenance by the resource that it tells of."""
        found: dict[tuple[str, str], list[Json]] = {}
        for one in self._whole.message.roots.get("Provenance", ()):
            for reference in one.get("target", ()):
                target = self._whole.message.resolve(reference)
                if target is not None and one not in found.setdefault(self._name_of(target), []):
                    found[self._name_of(target)].append(one)
        return found

    def _by_team(self) -> dict[tuple[str, str], list[Json]]:
        """Each team with the municipalities that its plan names, as long as that plan runs: who may see who is around
        the citizen may see who acts, also where the plan is not for them."""
        found: dict[tuple[str, str], list[Json]] = {}
        for plan in self._whole.message.roots.get("CarePlan", ()):
            period = plan.get("period", {})
            if plan.get("status") == "entered-in-error" or (plan.get("status") in _OVER and "end" not in period):
                continue
            told = [self._extension(one, period) for one in plan.get("extension", ()) if self._is_municipality(one)]
            for reference in plan.get("careTeam", ()) if told else ():
                team = self._whole.message.resolve(reference)
                if team is not None:
                    found[self._name_of(team)] = [*found.get(self._name_of(team), []), *told]
        return found

    def _is_municipality(self, extension: Json) -> bool:
        return self._urls.extension(extension.get("url", "")).startswith(_OF_MUNICIPALITIES)

    def _name_of(self, resource: Json) -> tuple[str, str]:
        return resource["resourceType"], self._own.get(id(resource), "")

    def _object(self, node: Json) -> Json:
        """The object; itself where it needs no other words."""
        if type(node.get("reference")) is str:
            return self._reference(node)
        made = self._elements(node)
        return self._codings.spelled(made) if "code" in node and type(node.get("system")) is str else made

    def _elements(self, node: Json, shared: Collection[str] = ()) -> Json:
        """An object whose elements are in our terms, but for those that are `shared`. All of a Bundle goes through this
        loop: every call less in it counts."""
        made = node
        for name, value in node.items():
            kind = type(value)
            if kind is str or name in shared:
                continue
            if kind is dict:
                new: Any = self._object(value)
                new = same(new) if name == "identifier" else new
            elif name == "coding" and kind is list:
                new = self._alone(value) or self._codings.completed([self._object(one) for one in value])
            elif kind is list:
                new = self._list(name, value)
            else:
                continue
            if new is not value:
                if made is node:
                    made = node.copy()
                made[name] = new
        return made

    def _list(self, name: str, values: list[Any]) -> list[Any]:
        if name in _EXTENSIONS:
            return [self._extension(self._object(one)) for one in values]
        if type(values[0]) is str:
            return values
        return [self._object(one) if type(one) is dict else one for one in values]

    def _extension(self, made: Json, period: Json | None = None) -> Json:
        """Under its present URL; a municipality in the shape that all sources tell it in."""
        written = made.get("url", "")
        url = self._urls.extension(written)
        if url.startswith(_OF_MUNICIPALITIES):
            role, _, area = url.removeprefix(_OF_MUNICIPALITIES).partition(".")
            return municipality(role, made.get("valueCoding", {}), period, area)
        if url == NUMBER:
            return {"url": url, "extension": [self._case_number(one) for one in made.get("extension", ())]}
        return made if url == made.get("url") else made | {"url": url}

    def _case_number(self, part: Json) -> Json:
        """A case's number of the municipality's own, with the municipality that gave it: reports may not name it."""
        number = part.get("valueIdentifier")
        if part.get("url") != "municipalitySpecific" or not number or "assigner" in number:
            return part
        giver = {"system": self._giver.system, "value": self._giver.value}
        return part | {"valueIdentifier": number | {"assigner": {"type": "Organization", "identifier": giver}}}

    # --- references

    def _reference(self, reference: Json) -> Json:
        url = reference["reference"]
        extra = {}
        if "extension" in reference:
            extra = {"extension": self._list("extension", reference["extension"])}
        elif url in self._ours:
            return {"reference": self._ours[url]}
        if url.startswith("#"):
            target = next((c for c in self._contained if f"#{c.get('id')}" == url), None)
        else:
            target = self._whole.message.resolve(reference)
        kind = target["resourceType"] if target else ""
        if target is None or (kind not in self._kept and not is_resource(kind)):
            return self._dangling(reference) | extra
        if kind == "Provenance" and id(target) in self._own:
            self._cited += [] if any(one is target for one in self._cited) else [target]
            return {"reference": f"#{self._own[id(target)]}"} | extra
        if target is self._whole.citizen or target == self._whole.citizen:
            if not url.startswith("#"):
                self._ours[url] = self._citizen
            return {"reference": self._citizen} | extra
        if kind in self._kept and id(target) in self._own:
            key = f"{self._source.id}|{kind}|{self._own[id(target)]}"
            ours = self._ours[url] = f"{kind}/{self._ids(kind, key)}"
            return {"reference": ours} | extra
        made = self._logical(reference, target) | extra
        if len(made) == 1:
            self._lost.append((reference, "points at something that is not kept here and has no name"))
        contact = _contact(target)
        return made | {"extension": [*extra.get("extension", []), contact]} if contact else made

    def _dangling(self, reference: Json) -> Json:
        """What is not in the message is told by number, in the sender's own numbering, or led to what is known under
        it."""
        self._lost.append((reference, "the message does not hold what this points at; kept by its number"))
        parts = reference["reference"].partition("/_history/")[0].rsplit("/", 2)
        kind, number = (parts[-2], parts[-1]) if len(parts) > 1 else ("", parts[-1])
        kind = reference.get("type", kind if kind[:1].isupper() else "")
        if self._told_before and kind in self._kept:
            told = {"display": reference["display"]} if "display" in reference else {}
            return {"reference": f"{kind}/{self._ids(kind, f'{self._source.id}|{kind}|{number}')}"} | told
        own = {"system": f"urn:faellesplan:source:{self._source.id}:{kind or 'reference'}", "value": number}
        made = {"type": kind, "identifier": reference.get("identifier", own), "display": reference.get("display")}
        return {name: value for name, value in made.items() if value}

    def _logical(self, reference: Json, target: Json) -> Json:
        """Organisations and people who work there are no resources here: they are told by number and name."""
        numbers = [i for i in target.get("identifier", []) if i.get("system") and i.get("value")]
        found = normal(numbers[0]["system"], str(numbers[0]["value"])) if numbers else None
        made = {
            "type": target["resourceType"],
            "identifier": {"system": found.system, "value": found.value} if found else None,
            "display": _name(target) or reference.get("display"),
        }
        return {name: value for name, value in made.items() if value}


def _name(target: Json) -> str:
    """What an organisation or person is called."""
    name = target.get("name") or target.get("description") or ""
    if isinstance(name, list):
        name = name[0] if name else {}
    if isinstance(name, dict):
        return str(name.get("text") or " ".join(_words(name)))
    return str(name)


def _words(name: Json) -> list[str]:
    parts = [name.get(part) for part in _NAMES]
    return [word for part in parts for word in (part if isinstance(part, list) else [part]) if word]


def _contact(target: Json) -> Json | None:
    """The named contact of an organisation (job title, name, telephone): the plan is used to call each other."""
    contacts = target.get("contact") if target["resourceType"] == "Organization" else None
    first = contacts[0] if isinstance(contacts, list) and contacts else {}
    parts = {"name": _name(first), "telecom": first.get("telecom")}
    told = {name: value for name, value in parts.items() if value}
    return {"url": CONTACT, "valueContactDetail": told} if told else None
