"""OperationOutcome: what became of a request or a Bundle, http://hl7.org/fhir/R4/operationoutcome.html."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from gateway.errors import GatewayError
from gateway.translate.fhir.validating.problem import Problem
from gateway.translate.translation import Finding

Json = dict[str, Any]

KINDS_OF_FAILURE = "https://faellesplan.dk/fhir/CodeSystem/failure"
_FHIR_PATH = re.compile(r"[A-Z][A-Za-z]+(\[\d+\])?(\.[A-Za-z]+(\[\d+\])?)*")
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
_SERVER_FAULT = 500


def failed(error: GatewayError) -> Json:
    """The kind of failure, its place, what to do; and an issue for each further fault of the same content."""
    issue: Json = {
        "severity": "fatal" if error.status >= _SERVER_FAULT else "error",
        "code": error.issue,
        "details": {"coding": [{"system": KINDS_OF_FAILURE, "code": _kebab(type(error).__name__)}], "text": error.text},
    }
    others: list[Json] = [
        {"severity": "error", "code": one.issue, "details": {"text": one.text}} | _place(one.where, "")
        for one in error.faults
    ]
    return _outcome([issue | _place(error.where, error.hint), *others])


def received(findings: Iterable[Finding], note: str = "") -> Json:
    """It was taken: what was found odd about it, and `note`, as information."""
    issues: list[Json] = [
        {"severity": one.severity, "code": "business-rule", "details": {"text": one.text}} | _place(one.where, "")
        for one in findings
    ]
    text = {"details": {"text": note}} if note else {}
    return _outcome([{"severity": "information", "code": "informational"} | text, *issues])


def validated(problems: Iterable[Problem]) -> Json:
    """What validation found, most severe first; one issue that all is well, where it found nothing."""
    issues: list[Json] = [
        {"severity": one.severity, "code": one.issue, "details": {"text": one.text}} | _place(one.where, "")
        for one in problems
    ]
    well = {"severity": "information", "code": "informational", "details": {"text": "No fault was found."}}
    return _outcome(issues or [well])


def _outcome(issues: list[Json]) -> Json:
    return {"resourceType": "OperationOutcome", "issue": issues}


def _place(where: str, hint: str) -> Json:
    """As an expression where it is a FHIR path, else in words."""
    is_path = bool(_FHIR_PATH.fullmatch(where))
    words = " ".join(filter(None, (f"At {where}." if where and not is_path else "", hint)))
    return ({"diagnostics": words} if words else {}) | ({"expression": [where]} if is_path else {})


def _kebab(name: str) -> str:
    return _CAPITAL.sub("-", name).lower()
