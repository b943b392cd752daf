"""Which resources become messages of sf2900: what a hospital tells of a citizen, on the citizen's case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gateway.domain.statement import Body
from gateway.translate.sf2900.writing import written
from gateway.translate.telling.of_resources import told


def messages(resources: Sequence[Body], now: datetime, mappings: Path) -> list[bytes]:
    """One message for each stay that has ended, goal and letter, in the order of `resources`.

    Raises BadRequest when there is none, MissingField and others naming what cannot be written without.
    """
    return [written(one) for one in told(resources, now, mappings)]
