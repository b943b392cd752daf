"""A person's own word about a stay: it is over, or it is not over after all (MedCom R.BR7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gateway.domain.resource import Ids
from gateway.domain.source import Source
from gateway.domain.statement import Act, Body, Statement, Verb
from gateway.domain.stay import episodes, fold_stays

NOTE = "a person closed this stay; its discharge was never told"


def closing(
    said: list[Statement],
    stay: str,
    at: datetime,
    now: datetime,
    number: str,
    ids: Ids,
    sources: Mapping[str, Source],
    *,
    undo: bool = False,
) -> Statement | None:
    """What to keep when a person closes the stay with this Encounter id at `at`, or takes that back; None where the
    citizen whose stays were `said` has none of this id. `number` names the word that is kept."""
    for _, group in episodes(said):
        for found in fold_stays(group, ids, sources):
            if (found.kind, found.id) == ("Encounter", stay):
                body: Body = {name: found.body[name] for name in ("class", "serviceProvider") if name in found.body}
                one = next(s for s in group if s.kind == "Encounter")
                return Statement(
                    kind="Encounter", key=one.key, act=Act.CLOSE, verb=Verb.WITHDRAW if undo else Verb.ASSERT,
                    happened=at, recorded=now, body=body, source=found.source, origin=f"{number}/0", notes=(NOTE,),
                )  # fmt: skip
    return None
