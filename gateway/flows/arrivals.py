"""How a message looks at the moment it is kept: its row and its access record."""

from __future__ import annotations

import json
from datetime import datetime

from gateway.domain.caller import Caller
from gateway.domain.intake import Change
from gateway.domain.record import AccessRecord, Decision
from gateway.store.intake import Arrival
from gateway.translate.translation import Translation


def arrival_of(
    language: str, raw: bytes, translation: Translation, fingerprint: bytes, answer: bytes, now: datetime
) -> Arrival:
    """The row of a message that was understood; its findings stand in it for the operator. Files that are kept beside
    it are not kept in it once more."""
    findings = [{"where": f.where, "text": f.text, "rule": f.rule} for f in translation.findings]
    return Arrival(
        language, translation.source.id, translation.message_id, translation.event, fingerprint, now,
        translation.without_files or raw, answer,
        json.dumps({"findings": findings}, ensure_ascii=False).encode() if findings else b"", translation.attached,
    )  # fmt: skip


def import_record(translation: Translation, change: Change, now: datetime, caller: Caller | None) -> AccessRecord:
    """What a source wrote about a citizen is on record like every look-up."""
    source = translation.source
    return AccessRecord(
        time=now,
        interaction="import",
        decision=Decision.PERMIT,
        citizen=change.citizen,
        kind="Bundle",
        resources=tuple(f"{f.resource.kind}/{f.resource.id}" for f in change.folded),
        organisation=source.organisation.key,
        organisation_name=source.name,
        sector=source.sector,
        client=caller.client if caller else source.id,
        client_name=caller.client_name if caller else source.name,
        trace=caller.trace if caller else "",
        messages=(translation.message_id,),
        operation=translation.event,
    )
