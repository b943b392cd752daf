"""The message in this gateway's terms: references lead to our resources, old URLs to the present ones.

It is rewritten where it stands, so that errors and traces of the rules that read it name places of the message as it
was sent. What is to be put in other words was noted when the message was checked (fhir/flawless.py); nothing is looked
for a second time. What needs the message as it was sent is made before: fingerprint, findings of profiles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from gateway.domain.case import NUMBER
from gateway.domain.identifier import FK_ORG, Identifier, bare, is_a_citizens, normal
from gateway.domain.municipality import CODES as MUNICIPALITIES
from gateway.domain.municipality import MUNICIPALITY, four_digits
from gateway.domain.municipality import extension as municipality
from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.domain.when import instant, last_instant
from gateway.translate.fhir.flawless import Seen, look
from gateway.translate.fhir.shape import is_resource
from gateway.translate.kl.codings import Codings
from gateway.translate.kl.functions import same
from gateway.translate.kl.urls import Urls
from gateway.translate.kl.whole import Whole
from gateway.translate.translation import Finding

Json = dict[str, Any]

CONTACT = "https://faellesplan.dk/fhir/StructureDefinition/contact-person"

_OVER = frozenset({"completed", "revoked"})
_NOT_INSIDE = frozenset({"meta", "text", "contained"})  # of a contained resource, R4 dom-2, dom-4
_OF_MUNICIPALITIES = f"{MUNICIPALITY}#"


@dataclass(frozen=True, slots=True)
class Tables:
    """What is the same for every message. `authorities` are the municipalities' own numbers by their code."""

    urls: Urls
    codings: Codings
    authorities: Mapping[str, Identifier]


@dataclass(frozen=True, slots=True)
class _History:
    """A Provenance in our terms: what its targets are called, what it names and what it points at in vain."""

    body: Json
    targets: list[tuple[str, str] | None]
    cited: list[Json]
    lost: list[Finding]


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
        self._meant = tables.urls.extensions.of
        codings = tables.codings
        self._alone, self._completed, self._spelled = codings.alone, codings.completed, codings.spelled
        self._place = codings.municipality
        self._authorities, self._systems = tables.authorities, tables.urls.systems.of
        self._giver = tables.authorities.get(source.municipality, source.organisation)
        self._source = source
        self._ids = ids
        self._citizen = f"Patient/{ids('Patient', citizen_key)}"
        self._kept, self._ours_are = kept, kept | {"Patient"}
        self._told_before = told_before
        self._own = whole.ids
        self._contained: list[Json] = []
        holders = [one for one in whole.message.resources() if "contained" in one]
        # The citizen once more, inside of another resource
        self._same = {id(c) for one in holders for c in one["contained"] if c == whole.citizen}
        self._ours: dict[str, str] = {}  # references of ours by those that were sent, empty where there is none
        self._lost: list[tuple[Json, str]] = []  # of one resource, like what is to become of its parts
        self._changes: list[tuple[Json, Json]] = []
        self._about = self._by_target()
        self._histories: dict[int, _History] = {}
        self._acting = self._by_team()
        self._lasting = self._spans()
        self._cited: list[Json] = []

    def done(self) -> None:
        """Rewrites the message; a header and all that is not kept stay as they were sent."""
        for resource in self._whole.message.resources():
            if resource["resourceType"] in self._ours_are:
                self._resource(resource)

    def _resource(self, resource: Json) -> None:
        """One resource, and inside it the Provenances that tell of it or that it names: who said it, on whose behalf
        and by whose word. What it contained itself is told where it is pointed at."""
        name = self._name_of(resource)
        self._cited = [*self._about.get(name, ())]
        self._contained = resource.pop("contained", [])
        self._rewrite(resource, self._whole.seen[id(resource)], resource)
        resource["id"] = name[1]
        if name in self._acting:
            resource["extension"] = [*resource.get("extension", []), *self._acting[name]]
        if name in self._lasting:
            resource["period"] = self._lasting[name]
        if self._cited:
            resource["contained"] = [self._history(one, name) for one in self._cited]  # which grows meanwhile

    def _history(self, provenance: Json, about: tuple[str, str]) -> Json:
        """A Provenance inside of a resource that it is about or that names it."""
        told = self._histories.get(id(provenance))
        if told is None:
            told = self._histories[id(provenance)] = self._told(provenance)
        self.findings += told.lost
        for one in told.cited:
            self._cite(one)
        pairs = zip(told.targets, told.body.get("target", ()), strict=True)
        targets = [{"reference": "#"} if name == about else target for name, target in pairs]
        return told.body | {"target": targets, "id": self._own[id(provenance)]}

    def _told(self, provenance: Json) -> _History:
        """It stands inside of several: itself it stays as it was sent."""
        found = [self._whole.message.resolve(one) for one in provenance.get("target", ())]
        body = deepcopy({name: value for name, value in provenance.items() if name not in _NOT_INSIDE})
        findings, cited, self.findings, self._cited = self.findings, self._cited, [], []
        self._contained = provenance.get("contained", [])
        self._rewrite(body, look(body), provenance)
        targets = [None if one is None else self._name_of(one) for one in found]
        told = _History(body, targets, self._cited, self.findings)
        self.findings, self._cited = findings, cited
        return told

    def _cite(self, provenance: Json) -> None:
        if not any(one is provenance for one in self._cited):
            self._cited.append(provenance)

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
            urls = [(one, self._meant(one.get("url", ""))) for one in plan.get("extension", ())]
            told = [self._municipality(e, url, period) for e, url in urls if url.startswith(_OF_MUNICIPALITIES)]
            for reference in plan.get("careTeam", ()) if told else ():
                team = self._whole.message.resolve(reference)
                if team is not None:
                    found[self._name_of(team)] = [*found.get(self._name_of(team), []), *told]
        return found

    def _spans(self) -> dict[tuple[str, str], Json]:
        """Each team that tells no period with that of the grants that name it: KL's ServicePerformer has none, and who
        provides or coordinates what was granted has left when it is over, also for whom the plan is not."""
        named: dict[tuple[str, str], list[Json]] = {}
        for plan in self._whole.message.roots.get("CarePlan", ()):
            for reference in plan.get("careTeam", ()) if plan.get("status") != "entered-in-error" else ():
                team = self._whole.message.resolve(reference)
                if team is not None and "period" not in team:
                    named.setdefault(self._name_of(team), []).append(plan)
        return {name: span for name, plans in named.items() if (span := _hull(plans))}

    def _name_of(self, resource: Json) -> tuple[str, str]:
        return resource["resourceType"], self._own.get(id(resource), "")

    def _rewrite(self, resource: Json, seen: Seen, sent: Json) -> None:
        """Everything that was noted of a resource, as which `sent` stands in the message. What moves others in their
        lists is done last: places are told as they were sent."""
        self._lost, self._changes = [], []
        for node in seen.noted:
            if "reference" in node:
                known = self._ours.get(node["reference"])
                if known and len(node) == 1:
                    node["reference"] = known
                else:
                    self._refer(node)
            elif "coding" in node:
                if one := self._alone(node["coding"]):
                    node["coding"] = one
                else:
                    codings = self._completed([*map(self._spelled, node["coding"])])
                    self._changes.append((node, node | {"coding": codings}))
            elif "url" in node:
                self._extend(node)
            elif "code" in node:
                node.update(self._spelled(node))
            elif "identifier" in node:
                node["identifier"] = same(node["identifier"])
        if self._lost:
            message = self._whole.message
            places = message.places((node for node, _ in self._lost), (resource, message.place(sent)))
            self.findings += [Finding(places[id(node)], text) for node, text in self._lost]
        for node, new in self._changes:
            node.clear()
            node.update(new)

    def _extend(self, extension: Json) -> None:
        """Under its present URL; a municipality in the shape that all sources tell it in."""
        written = extension.get("url", "")
        url = self._meant(written)
        if url.startswith(_OF_MUNICIPALITIES):
            self._changes.append((extension, self._municipality(extension, url)))
        elif url == NUMBER:
            parts = [self._case_number(one) for one in extension.get("extension", ())]
            self._changes.append((extension, {"url": url, "extension": parts}))
        elif url != written:
            extension["url"] = url

    def _municipality(self, extension: Json, url: str, period: Json | None = None) -> Json:
        role, _, area = url.removeprefix(_OF_MUNICIPALITIES).partition(".")
        return municipality(role, self._place(extension.get("valueCoding", {})), period, area)

    def _case_number(self, part: Json) -> Json:
        """A case's number of the municipality's own, with the municipality that gave it: reports may not name it. Case
        systems name it by CVR number, so it is named so here, where it was told by another number that is known."""
        number = part.get("valueIdentifier")
        if part.get("url") != "municipalitySpecific" or not number:
            return part
        told = number.get("assigner", {"type": "Organization", "identifier": {}})
        giver = self._giver if "assigner" not in number else self._known_as(told.get("identifier", {}))
        if giver is None:
            return part
        named = told | {"identifier": {"system": giver.system, "value": giver.value}}
        return part | {"valueIdentifier": number | {"assigner": named}}

    def _known_as(self, told: Json) -> Identifier | None:
        """The authority behind FK Organisation's number of the sender, or behind a municipality's code."""
        if not told.get("system") or not told.get("value"):
            return None
        if self._systems(told["system"]) == MUNICIPALITIES:
            return self._authorities.get(four_digits(told["value"]))
        found = normal(told["system"], told["value"])
        return self._giver if found.system == FK_ORG and found.value in map(bare, self._source.senders) else None

    # --- references

    def _refer(self, reference: Json) -> None:
        """A literal reference; it keeps its extensions."""
        ours = self._ours.get(reference["reference"])
        if ours is None:
            ours = self._found(reference)
        if ours and len(reference) == 1:
            reference["reference"] = ours
        else:
            extra = {"extension": reference["extension"]} if "extension" in reference else {}
            self._changes.append((reference, {"reference": ours} | extra if ours else self._told_of(reference, extra)))

    def _found(self, reference: Json) -> str:
        """The reference to the citizen, or to what is kept of the message; empty for any other."""
        target = self._whole.message.resolve(reference)
        kind = target["resourceType"] if target else ""
        ours = self._citizen if kind == "Patient" else ""
        if kind in self._kept:
            ours = f"{kind}/{self._ids(kind, f'{self._source.id}|{kind}|{self._own[id(target)]}')}"
        self._ours[reference["reference"]] = ours
        return ours

    def _told_of(self, reference: Json, extra: Json) -> Json:
        """A reference to what is no resource here, or stands inside of another."""
        url = reference["reference"]
        if url.startswith("#"):
            target = next((c for c in self._contained if f"#{c.get('id')}" == url), None)
        else:
            target = self._whole.message.resolve(reference)
        kind = target["resourceType"] if target else ""
        if target is None or (kind not in self._kept and not is_resource(kind)):
            return self._dangling(reference) | extra
        if kind == "Provenance" and id(target) in self._own:
            self._cite(target)
            return {"reference": f"#{self._own[id(target)]}"} | extra
        if id(target) in self._same:
            return {"reference": self._citizen} | extra
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
        """Organisations and people who work there are no resources here: they are told by number and name, never by a
        number that they have as citizens."""
        told = [i for i in target.get("identifier", []) if i.get("system") and i.get("value")]
        numbers = (normal(one["system"], str(one["value"])) for one in told)
        found = next((one for one in numbers if not is_a_citizens(one.system)), None)
        made = {
            "type": target["resourceType"],
            "identifier": {"system": found.system, "value": found.value} if found else None,
            "display": _name(target) or reference.get("display"),
        }
        return {name: value for name, value in made.items() if value}


def _hull(plans: Sequence[Json]) -> Json:
    """From the first beginning of these grants to their last end, where each tells one; nothing where one of them is no
    grant yet, or over on a day that nobody told."""
    periods = [plan.get("period", {}) for plan in plans]
    undated = any(plan.get("status") in _OVER and "end" not in plan.get("period", {}) for plan in plans)
    if undated or any(plan.get("intent") != "order" or "start" not in plan.get("period", {}) for plan in plans):
        return {}
    hull = {"start": min((period["start"] for period in periods), key=instant)}
    if all("end" in period for period in periods):
        hull["end"] = max((period["end"] for period in periods), key=last_instant)
    return hull


def _name(target: Json) -> str:
    """What an organisation or person is called."""
    name = target.get("name") or target.get("description") or ""
    if isinstance(name, list):
        name = name[0] if name else {}
    if isinstance(name, dict):
        return str(name.get("text") or " ".join(_words(name)))
    return str(name)


def _words(name: Json) -> list[str]:
    parts = (*name.get("prefix", ()), *name.get("given", ()), name.get("family"))
    return [word for word in parts if word]


def _contact(target: Json) -> Json | None:
    """The named contact of an organisation (job title, name, telephone): the plan is used to call each other."""
    if "contact" not in target or target["resourceType"] != "Organization":
        return None
    contacts = target["contact"]
    first = contacts[0] if isinstance(contacts, list) and contacts else {}
    parts = {"name": _name(first), "telecom": first.get("telecom")}
    told = {name: value for name, value in parts.items() if value}
    return {"url": CONTACT, "valueContactDetail": told} if told else None
