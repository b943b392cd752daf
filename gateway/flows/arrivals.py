"""How a message looks at the moment it is kept: its row and its access record."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from gateway.domain.caller import Caller
from gateway.domain.citizen import identity_key
from gateway.domain.intake import Change
from gateway.domain.moved import registrations
from gateway.domain.record import AccessRecord, Decision
from gateway.domain.source import Source
from gateway.store.intake import Arrival
from gateway.translate.translation import Translation


def arrival_of(
    language: str, raw: bytes, translation: Translation, fingerprint: bytes, answer: bytes, now: datetime
) -> Arrival:
    """The row of a message that was understood; its findings stand in it for the operator. Files that are kept beside
    it are not kept in it once more."""
    identity = identity_key(translation.citizen) if translation.registers else ""
    findings = [{"where": f.where, "text": f.text, "rule": f.rule} for f in translation.findings]
    return Arrival(
        language, translation.source.id, translation.message_id, translation.event, fingerprint, now,
        translation.without_files or raw, answer,
        json.dumps({"findings": findings}, ensure_ascii=False).encode() if findings else b"", translation.attached,
        registrations(identity, translation.statements, fingerprint) if translation.registers else (),
    )  # fmt: skip


def import_record(translation: Translation, change: Change, now: datetime, caller: Caller | None) -> AccessRecord:
    """What a source wrote about a citizen is on record like every look-up."""
    record = imported(translation.source, change, now, translation.message_id, translation.event)
    if caller is None:
        return record
    return replace(
        record, client=caller.client, client_name=caller.client_name, client_version=caller.client_version,
        client_owner=caller.organisation_name, address=caller.address, token=caller.token, trace=caller.trace,
    )  # fmt: skip


def imported(source: Source, change: Change, now: datetime, message_id: str, event: str) -> AccessRecord:
    """The same, where nobody but the source is known."""
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
        client=source.id,
        client_name=source.name,
        messages=(message_id,),
        operation=event,
    )
