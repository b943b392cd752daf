"""What changes the meaning of what it stands in: modifierExtension and implicitRules. FHIR R4 2.4.0.2, 2.26.3.

None is known here, and who does not know one must not go by the resource. It is sound R4 all the same, so only what is
written is refused for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.translate.fhir.validating.problem import Problem

_TEXT = "This changes the meaning of what it stands in, and is not known here."


def modifying(resource: dict[str, Any]) -> list[Problem]:
    """Each, with its place; none of a Consent, which is a citizen's word: what is not understood of it can only narrow
    (domain/consent/compiled.py)."""
    kind = str(resource.get("resourceType", ""))
    return [] if kind == "Consent" else list(_modifying(resource, kind))


def _modifying(node: Any, place: str) -> Iterator[Problem]:
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from _modifying(item, f"{place}[{number}]")
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == "modifierExtension" or (name == "implicitRules" and "resourceType" in node):
                yield Problem(f"{place}.{name}", _TEXT, "extension")
            elif isinstance(value, dict | list):
                yield from _modifying(value, f"{place}.{name}")
