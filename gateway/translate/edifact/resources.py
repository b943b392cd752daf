"""FHIR resources as EDIFACT (`gateway translate --to edifact`): the OIOXML letters of them, written as segments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.translate.edifact import table
from gateway.translate.edifact.writing import written
from gateway.translate.oioxml import tree
from gateway.translate.oioxml.out import resources as letters
from gateway.translate.rules.codes import Codes
from gateway.translate.rules.problems import Problems


def messages(resources: Sequence[dict[str, Any]], now: datetime, mappings: Path) -> list[bytes]:
    """The interchanges that resources become, one letter in each, by the tables in `mappings`.

    Raises BadRequest when nothing becomes a letter, UnknownMessage for a letter or an element (an attached file) that
    the tables have no segments for, MappingError.
    """
    problems = Problems()
    tables = table.load(mappings, Codes.read(mappings / "codes", problems), problems)
    problems.check()
    return [written(tree.read(letter), tables) for letter in letters.messages(resources, now, mappings)]
