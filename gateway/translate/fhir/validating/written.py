"""What REST writes: each resource is validated before it is understood."""

from __future__ import annotations

from typing import Any

from gateway.errors import RuleBroken
from gateway.translate.fhir.validating import ERROR, validate

WRITTEN = frozenset({("Consent", "create"), ("Consent", "update"), ("Communication", "create")})


def check_written(resource: dict[str, Any]) -> None:
    """Raises RuleBroken with the place of the first error, and how many there are."""
    errors = [one for one in validate(resource) if one.severity == ERROR]
    if errors:
        more = len(errors) - 1
        raise RuleBroken(errors[0].text, where=errors[0].where, hint=f"There are {more} more faults." if more else "")
