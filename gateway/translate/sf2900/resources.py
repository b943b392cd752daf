"""Which resources become messages of sf2900: what a hospital tells of a citizen, on the citizen's case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gateway.domain.statement import Body
from gateway.errors import BadRequest
from gateway.translate.fhir.settled import settled, with_files
from gateway.translate.sf2900.writing import written
from gateway.translate.telling.of_resources import entries, texts_in


def messages(resources: Sequence[Body], now: datetime, mappings: Path) -> list[bytes]:
    """One message for each stay that has ended, goal and letter, in the order of `resources`.

    Raises BadRequest when there is none, MissingField and others naming what cannot be written without.
    """
    texts = texts_in(mappings)
    resources = with_files(settled(resources))
    told = [
        one.entry
        for citizen in resources
        if citizen.get("resourceType") == "Patient" and citizen.get("active") is not False
        for one in entries(resources, citizen, now, texts)
    ]
    if not told:
        hint = "A hospital's stay that has ended, goal or letter does, with the case that it is for."
        raise BadRequest("Nothing here is told to a municipality", hint=hint)
    return [written(one) for one in told]
