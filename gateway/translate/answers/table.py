"""mappings/<language>/receipts.csv and outcomes.csv: how a municipal system's receipts look, and what they mean.

`receipts.csv` names elements, whatever their namespace; of several the first that is there counts:

| part | the element that holds |
|---|---|
| root | the whole receipt: its name tells a technical one from a business one |
| of | the id of the message that it is about |
| code | how it went, one of `outcomes.csv` |
| text | why, in the receiver's words |
| id | the receipt's own id |
| authority | the CVR number of the municipality that gives it |

`outcomes.csv` tells what each code means: `ok` (well), `taken` (stored; a business receipt follows), `transient-error`
(send again), `fatal-error` (refused). `4*` stands for every code that begins so. `text` is what an operator reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.outgoing import Outcome
from gateway.translate.oio.tree import Node
from gateway.translate.rules.lines import lines
from gateway.translate.rules.problems import Mark, Problems

TECHNICAL, BUSINESS = "technical", "business"
_RECEIPTS = (TECHNICAL, BUSINESS)
_PARTS = ("root", "of", "code", "text", "id", "authority")
_OUTCOMES: tuple[Outcome, ...] = ("ok", "taken", "transient-error", "fatal-error")


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements that hold one part, and where that is said."""

    names: Sequence[str]
    rule: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means."""

    outcome: Outcome
    text: str


@dataclass(frozen=True, slots=True)
class ReceiptTable:
    """Both tables of one language. Keys are (receipt, part) and (receipt, code)."""

    elements: Mapping[tuple[str, str], Elements]
    meanings: Mapping[tuple[str, str], Meaning]

    def kind(self, root: Node) -> str:
        """`technical`, `business`, or "" for what is no receipt."""
        for kind in _RECEIPTS:
            if root.name in self.elements.get((kind, "root"), _NONE).names:
                return kind
        return ""

    def node(self, kind: str, part: str, root: Node) -> Node | None:
        """The element that holds a part."""
        names = self.elements.get((kind, part), _NONE).names
        nodes = [node for node in root.walk() if node.text]
        return next((node for name in names for node in nodes if node.name == name), None)

    def meaning(self, kind: str, code: str) -> Meaning | None:
        """What a code means; None where nobody said."""
        known = [code, *(code[:length] + "*" for length in range(len(code), 0, -1))]
        return next((self.meanings[kind, one] for one in known if (kind, one) in self.meanings), None)


_NONE = Elements((), "")


def read(folder: Path, problems: Problems) -> ReceiptTable:
    """The tables of a language; every fault is noted with its line."""
    name = f"{folder.parent.name}/{folder.name}"
    elements: dict[tuple[str, str], Elements] = {}
    for line in lines(
        folder / "receipts.csv", f"{name}/receipts.csv", ("receipt", "part", "elements", "why"), problems
    ):
        key = (line.one("receipt", _RECEIPTS), line.one("part", _PARTS))
        names = tuple(line.cells["elements"].split())
        if not names or key in elements:
            problems.add(line.mark, f"{' '.join(key)} needs one line, with an element")
        elements[key] = Elements(names, f"{line.mark.file}:{line.mark.line}")
    meanings: dict[tuple[str, str], Meaning] = {}
    for line in lines(
        folder / "outcomes.csv", f"{name}/outcomes.csv", ("receipt", "code", "outcome", "text"), problems
    ):
        key = (line.one("receipt", _RECEIPTS), line.cells["code"])
        if not key[1] or key in meanings:
            problems.add(line.mark, "a code needs one line")
        outcome = next((one for one in _OUTCOMES if one == line.one("outcome", _OUTCOMES)), _OUTCOMES[0])
        meanings[key] = Meaning(outcome, line.cells["text"])
    kinds = {kind for kind, _ in elements}
    for kind in sorted(kinds):
        for part in ("root", "code", *(("of", "authority") if kind == BUSINESS else ())):
            if (kind, part) not in elements:
                problems.add(Mark(f"{name}/receipts.csv", 0), f"{kind} has no {part}")
    return ReceiptTable(elements, meanings)
