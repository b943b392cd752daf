"""What the states of cases and efforts mean for the plan, by the code tables that the rules read them with."""

from __future__ import annotations

from functools import lru_cache

from gateway.domain.registered import States
from gateway.translate.rules.codes import Codes

_LIVES = (("oio-fremdrift", "oio-intent"), ("indsats-fremdrift", "indsats-intent"))


@lru_cache(maxsize=4)
def meanings(codes: Codes) -> States:
    """By the state: how far it is in its life, which is the order of its table, and status and intent of a CarePlan."""
    found = {}
    for status, intent in _LIVES:
        rows = codes.tables[status].rows if status in codes.tables else ()
        meant = {row.source_code: row.target_code for row in codes.tables[intent].rows} if rows else {}
        for rank, row in enumerate(rows):
            told = {"status": row.target_code, "intent": meant.get(row.source_code, "")}
            found[row.source_code] = (rank, {name: code for name, code in told.items() if code})
    return found
