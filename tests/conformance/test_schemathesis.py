"""schemathesis on our own OpenAPI against a real gateway: no answer is a fault, and each is as the document says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.inbound.messages import TAKEN
from tests.conformance.conftest import Standing


def content_is_as_told(ctx: Any, response: Any, case: Any) -> bool | None:
    """Media type and content, where there is any: OpenAPI has no word for an answer that may go without (Prefer)."""
    if response.content:
        content_type_conformance(ctx, response, case)
        response_schema_conformance(ctx, response, case)
    return None


CHECKS = [not_a_server_error, status_code_conformance, content_is_as_told]
KINDS = ("Patient", "Observation", "Organization", "AuditEvent", "CodeSystem")
"""A door on many types is one row of the table: it is tried on some of them, every other door as it is."""
LEAST = 150
_TRIES = settings(
    max_examples=2,
    phases=[Phase.generate],
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


for _media in {name for names in TAKEN.values() for name in names if "json" not in name and "xml" not in name}:
    schemathesis.serializer.alias(_media, "text/plain")


def tried(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The paths that name no type, and those of the chosen types."""
    for path, row in document["paths"].items():
        named = path.split("/")[2] if path.startswith("/fhir/") else ""
        if not named[:1].isupper() or named in KINDS:
            yield path, row


def test_nothing_is_found(standing: Standing) -> None:
    document = httpx2.get(f"{standing.url}/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document | {"paths": dict(tried(document))})
    failures: dict[str, str] = {}
    calls = 0
    with requests.Session() as session:
        for result in schema.get_all_operations():
            operation = result.ok()

            @_TRIES
            @given(case=operation.as_strategy())
            def one(case: Any) -> None:
                nonlocal calls
                calls += 1
                secured = case.operation.definition.raw["security"]
                player = "auditor" if "AuditEvent" in case.path else "writer"
                headers = standing.bearer(player) if secured else {}
                case.call_and_validate(base_url=standing.url, session=session, headers=headers, checks=CHECKS)

            try:
                one()
            except (Exception, BaseExceptionGroup) as failure:  # noqa: BLE001 - all of them are told at once
                failures[operation.label] = str(failure)[:1500]
    assert not failures, "\n\n".join(f"{label}\n{text}" for label, text in failures.items())
    assert calls >= LEAST
