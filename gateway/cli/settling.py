"""Once everything is read and compiled: the garbage collector leaves it alone."""

from __future__ import annotations

import gc


def settle() -> None:
    """What was made at the start stays for good, so the collector need not look at it again; and what a message
    makes frees itself, so it need not look after every few hundred objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)
