"""What the citizen's consents say about one access to one resource."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Word(StrEnum):
    """What a consent can say. SILENT: nothing applies, the policy table decides."""

    PERMIT = "permit"
    DENY = "deny"
    SILENT = "silent"


class Verdict(NamedTuple):
    """The outcome, and why: the Consent, the provision in it, and the number of the rule (domain/consent) that decided.

    `names` are the labels and classes that a permit lists; `breaks_glass` tells that the provision names BTG.
    A silent verdict names the consent that would have permitted but for its rule (11, 15).
    """

    word: Word
    rule: int
    consent: str = ""
    path: str = ""
    names: frozenset[str] = frozenset()
    breaks_glass: bool = False
