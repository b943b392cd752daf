"""A message without what it tells of anonymous treatment (domain/anonymous.py). It is taken all the same: refused, it
would be sent again for ever."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.anonymous import left_out
from gateway.domain.resource import Ids
from gateway.translate.translation import Finding, Translation

_TEXT = "Anonymous treatment (serviceloven § 101 a) is no part of the plan and was left out"


def without_anonymous(translation: Translation, ids: Ids) -> Translation:
    """The translation without it, with a finding. Of a case that is registered nothing is left but the citizen."""
    out = left_out(translation.statements, ids)
    if not out:
        return translation
    kept = tuple(
        one
        for one in translation.statements
        if (one.kind, one.key) not in out and (one.kind == "Patient" or not translation.registers)
    )
    return replace(
        translation,
        statements=kept,
        findings=(*translation.findings, Finding(min(out)[0], _TEXT, severity="information")),
    )
