"""Codes of a municipality's message that are retired, or that there are not: noticed, never refused.

A finding stands with the message for the operator, and in the answer where the language tells findings. Only what is
known completely counts, and only the day that the message speaks of: a subject that has retired since is no fault in
an old case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gateway.domain.content import content_of
from gateway.domain.statement import Statement
from gateway.translate.terms.terms import Terms, retired
from gateway.translate.translation import Finding, Translation


def noticed(terms: Terms, translation: Translation) -> Translation:
    """The translation with what there is to say of its codes."""
    found = remarks(terms, translation)
    return replace(translation, findings=(*translation.findings, *found)) if found else translation


def remarks(terms: Terms, translation: Translation) -> tuple[Finding, ...]:
    """What there is to say of the codes of a message. Hospitals' messages hold none of these."""
    if translation.source.sector != "municipality":
        return ()
    return tuple(dict.fromkeys(one for said in translation.statements for one in _of_statement(terms, said)))


def _of_statement(terms: Terms, said: Statement) -> Iterator[Finding]:
    if not said.body:
        return
    on = said.happened.date().isoformat()
    for system, code in dict.fromkeys(content_of(said.body).codes):
        text, severity = _remark(terms, system, code, on)
        if text:
            places = (place for one in _told(said) for place in _places(one, said.kind, system, code))
            yield Finding(next(places, said.kind), text, severity=severity)


def _told(said: Statement) -> list[Any]:
    """The FHIR elements of a statement: of a case they come in parts."""
    return [part["body"] for part in said.body["parts"]] if "parts" in said.body else [said.body]


def _remark(terms: Terms, url: str, code: str, on: str) -> tuple[str, str]:
    """What is to be said of a code and how bad it is, ("", "") for nothing."""
    system = terms.system(url) if url else None
    if system is None:
        return "", ""
    found = system.find(code, on)
    name = system.about.name
    if found is None:
        return (f"{name} has no such code", "warning") if system.knows_all_like(code) else ("", "")
    if not found.exact:
        return f"{name} writes this code otherwise", "information"
    left = retired(found.concept, on)
    return (f"{name}: {left[0].lower()}{left[1:].rstrip('.')}", "information") if left else ("", "")


def _places(node: Any, at: str, system: str, code: str) -> Iterator[str]:
    """Where a coding stands, as a FHIR path."""
    if isinstance(node, dict):
        if node.get("code") == code and str(node.get("system") or "") == system:
            yield at
        for name, value in node.items():
            yield from _places(value, f"{at}.{name}", system, code)
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _places(value, f"{at}[{number}]", system, code)
