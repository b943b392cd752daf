"""What in the data means that a benefit is reduced or stopped: mappings/codes/benefit-alert.csv.

Its rows name a KLE number (`source_system` is KLE), a state (`state`) or words of a reason (phrases.py); most of them
are marked as guesses there, since no standard says it. Rows without a target say that the benefit is whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from gateway.domain.limits import KLE
from gateway.translate.oio.tree import Node
from gateway.translate.rules.codes import Row
from gateway.translate.ydelse.phrases import Phrases

_NUMBER = re.compile(r"\d\d\.\d\d\.\d\d", re.ASCII)


class Alerts:
    """The table's rows, made ready to be asked."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = tuple(rows)
        self._phrases = Phrases(rows)

    def __repr__(self) -> str:
        """Its rows: rules that were compiled with the same table are the same."""
        return f"Alerts({self._rows!r})"

    def told(self, benefit: Node, states: Iterable[str], reasons: Sequence[str], on: str) -> dict[str, Any] | None:
        """A CodeableConcept of what became of the benefit on a day; None while it is whole. The benefit's class goes
        before the state of the grant, and that before the words of a reason."""
        found = [self.of_state(code, on) for code in states]
        by_state = found[0] if found and all(found) else None
        row = self.of_class(benefit, on) or by_state or self._phrases.strongest(". ".join(reasons), on)
        return _concept(row, benefit) if row is not None else None

    def of_class(self, benefit: Node, on: str) -> Row | None:
        """What the benefit's own class says, by its number or by what it is called."""
        numbers = _NUMBER.findall(benefit.said("Ydelse", "Klassifikation", "BrugervendtNoegle"))
        row = next((found for number in numbers if (found := self._row(KLE, number, on))), None)
        called = (benefit.said("Ydelse", "Klassifikation", "Klassetitel"), benefit.said("Ydelse", "Ydelsesnavn"))
        return row or self._phrases.strongest(". ".join((*called, benefit.said("Navn"))), on)

    def of_state(self, code: str, on: str) -> Row | None:
        """What a state says."""
        return self._row("state", code, on)

    def of_words(self, text: str, on: str) -> str:
        """The code of an alert that a class is called by, in words or by its number; "" for any other."""
        numbers = (self._row(KLE, number, on) for number in _NUMBER.findall(text))
        row = next((one for one in numbers if one is not None), None) or self._phrases.strongest(text, on)
        return row.target_code if row is not None else ""

    def _row(self, system: str, code: str, on: str) -> Row | None:
        found = (
            row for row in self._rows if (row.source_system, row.source_code) == (system, code) and row.target_code
        )
        return next((row for row in found if row.valid(on)), None)


def _concept(row: Row, benefit: Node) -> dict[str, Any]:
    """The alert, with the class it rests on behind it, and the benefit's name."""
    number = benefit.said("Ydelse", "Klassifikation", "BrugervendtNoegle")
    title = benefit.said("Ydelse", "Klassifikation", "Klassetitel")
    name = benefit.said("Ydelse", "Ydelsesnavn") or benefit.said("Navn") or title
    codings = [row.coding]
    if _NUMBER.fullmatch(number):
        codings.append({"system": KLE, "code": number, **({"display": title} if title else {})})
    return {"coding": codings, "text": f"{row.display}: {name}" if name else row.display}
