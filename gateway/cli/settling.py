"""How much the garbage collector looks at: less from the start, and nothing of what was read and compiled."""

from __future__ import annotations

import gc


def unhurried() -> None:
    """What a start makes stays, and what a message makes frees itself: the collector need not look after every few
    hundred objects. With Python's threshold of 700 it takes as long as all that is done to read the rules."""
    gc.set_threshold(10_000)


def settle() -> None:
    """Once everything is read and compiled: it stays for good, so the collector need not look at it again."""
    gc.collect()
    gc.freeze()
