"""Which resources become messages of fasit: what a hospital tells of a citizen, on the citizen's case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from gateway.domain.statement import Body
from gateway.translate.fasit.writing import written
from gateway.translate.telling.of_resources import told


def messages(resources: Sequence[Body], now: datetime, mappings: Path) -> list[bytes]:
    """One message for each stay that has ended, goal and letter, in the order of `resources`.

    Raises BadRequest when there is none, MissingField and others naming what cannot be written without.
    """
    return [
        written(replace(one, form="document")) for one in told(resources, now, mappings)
    ]  # FASIT takes documents alone
