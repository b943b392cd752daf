"""A Consent, compiled: whether it is in force, and what it says. Done once for each content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.consent.actors import Resolve, by_name, keys_of
from gateway.domain.consent.codes import concept, concepts
from gateway.domain.consent.provision import Compiler, Provision, moments_of
from gateway.domain.consent.span import span, year_after
from gateway.domain.security_label import ACT_CODE
from gateway.domain.statement import Body

FORM = "https://faellesplan.dk/fhir/StructureDefinition/consent-form"
"""Extension of Consent: valueCode `written` or `oral` (sundhedsloven § 44)."""

OBJECTION = "https://faellesplan.dk/fhir/CodeSystem/consent-category|objection"
"""Consent.category of a frabedelse (sundhedsloven § 41 (3))."""

MINSPAERRING = "https://faellesplan.dk/fhir/CodeSystem/consent-category|minspaerring"
"""Consent.category of a registration of MinSpærring: a positive one needs an end (nspop.dk, Samtykkeservice)."""

_PRIVACY = "http://terminology.hl7.org/CodeSystem/consentscope|patient-privacy"
_OPT_OUT = frozenset({f"{ACT_CODE}|OPTOUT", f"{ACT_CODE}|OPTOUTE"})


@dataclass(frozen=True, slots=True, eq=False)
class CompiledConsent:
    """One Consent as decisions use it. Each is itself alone: another content, another consent.

    `provision` is None when it can say nothing: not active, of another scope, or without a provision. `given` is
    the first moment it can be in force; `lapses` ends it as the basis of § 44 consents. `reach` are the only keys of
    askers it can be about, None for anybody.
    """

    id: str
    patients: frozenset[str]
    provision: Provision | None
    given: datetime | None = None
    lapses: datetime | None = None
    written: bool = False
    reach: frozenset[str] | None = None
    moments: frozenset[datetime] = frozenset()  # from when on something about it is otherwise

    def in_force(self, now: datetime) -> bool:
        """Active, and given. The period is the root provision's own matter."""
        return self.provision is not None and (self.given is None or self.given <= now)

    def passes_44(self, now: datetime) -> bool:
        """Whether it can open health data of the region for other purposes than treatment (rule 15)."""
        return self.written and self.lapses is not None and now < self.lapses


def compile_consent(resource: Body, *, written: bool | None = None, resolve: Resolve = by_name) -> CompiledConsent:
    """A Consent (R4) as decisions use it. Never raises: what is not understood can only narrow.

    `written` overrules the extension `consent-form`, for forms that are known otherwise. `resolve` tells what a
    literal reference to an actor stands for.
    """
    contained = _contained(resource.get("contained"))
    patients = keys_of(resource.get("patient"), contained, by_name)
    given = span(resource["dateTime"]) if "dateTime" in resource else None
    provision = _provision(resource, contained, resolve, clear=given is not None)
    lapses = year_after(given.low) if given else None
    told = {given.low if given else None, lapses, *(moments_of(provision) if provision else ())}
    return CompiledConsent(
        id=str(resource.get("id", "")),
        patients=patients,
        provision=provision,
        given=given.low if given else None,
        lapses=lapses,
        written=_says_written(resource.get("extension")) if written is None else written,
        reach=provision.actors.reach if provision is not None and provision.actors is not None else None,
        moments=frozenset(moment for moment in told if moment is not None),
    )


def _provision(resource: Body, contained: Mapping[str, Any], resolve: Resolve, *, clear: bool) -> Provision | None:
    if resource.get("status") != "active":
        return None
    scope = concept(resource.get("scope"))
    if scope and _PRIVACY not in scope:
        return None
    objection = _is_objection(resource)
    raw = resource.get("provision")
    if raw is None and not objection:
        return None
    clear = clear and bool(scope) and isinstance(raw, dict | None) and not _has_unknown_modifiers(resource)
    clear = clear and not (isinstance(raw, dict) and lacks_end(resource))
    return Compiler(contained, resolve).root(raw if isinstance(raw, dict) else {}, clear=clear, objection=objection)


def lacks_end(resource: Body) -> bool:
    """Whether it is a positive registration of MinSpærring without the end that it needs: it permits nothing."""
    categories = concepts(resource["category"]).values if "category" in resource else frozenset()
    provision = resource.get("provision")
    within = provision.get("period") if isinstance(provision, dict) else None
    ends = isinstance(within, dict) and "end" in within
    return MINSPAERRING in categories and not ends and (provision or {}).get("type") == "permit"


def _is_objection(resource: Body) -> bool:
    """By its category, or by a policy rule that says opt-out."""
    categories = concepts(resource["category"]).values if "category" in resource else frozenset()
    return OBJECTION in categories or not _OPT_OUT.isdisjoint(concept(resource.get("policyRule")) | categories)


def _has_unknown_modifiers(resource: Body) -> bool:
    """R4 2.4.0.2: no modifier extension is known here. `implicitRules` is a modifier too."""
    parts = [resource]
    for name in ("policy", "verification"):
        listed = resource.get(name, [])
        parts += [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return any("modifierExtension" in part for part in parts) or "implicitRules" in resource


def _contained(value: Any) -> dict[str, Any]:
    listed = value if isinstance(value, list) else []
    return {str(one["id"]): one for one in listed if isinstance(one, dict) and "id" in one}


def _says_written(extensions: Any) -> bool:
    listed = extensions if isinstance(extensions, list) else []
    said = [e.get("valueCode") for e in listed if isinstance(e, dict) and e.get("url") == FORM]
    return said == ["written"]
