"""What validation tells: http://hl7.org/fhir/R4/operationoutcome.html. Never a value from the resource."""

from __future__ import annotations

from dataclasses import dataclass

ERROR, WARNING, INFORMATION = "error", "warning", "information"
_RANKS = (ERROR, WARNING, INFORMATION)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing found. `issue` is the FHIR IssueType; only an error makes a resource invalid."""

    where: str
    text: str
    issue: str = "invariant"
    severity: str = ERROR

    @property
    def rank(self) -> int:
        """Errors come first."""
        return _RANKS.index(self.severity)
