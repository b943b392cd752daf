"""What a source writes by REST: how it is named, and the fold of its words with those of a task's owner.

A REST write is a statement like any other: a snapshot of one object, under a key that no message can give an object,
since neither a FHIR id nor a UUID holds a colon. What a source took back by DELETE is *deleted*: kept for history, and
not there for anybody who reads or searches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.domain.resource import Ids, Resource
from gateway.domain.snapshot import fold_snapshot
from gateway.domain.source import Source
from gateway.domain.statement import Act, Statement, Verb

_REST = "rest:"
HANDLED = ("status", "statusReason", "businessStatus", "output")
"""What the owner of a Task says of it; all else is the word of whoever asked for it."""


def written_key(source: str, kind: str, token: str) -> str:
    """The key of an object that this source writes by REST; `token` is the only part that is new."""
    return f"{source}|{kind}|{_REST}{token}"


def writer_of(kind: str, key: str) -> str:
    """The id of the source that wrote an object by REST, "" for what was told by message."""
    if _REST not in key:  # nearly every key
        return ""
    source, _, token = key.partition(f"|{kind}|")
    return source if token.startswith(_REST) else ""


def origin_of(token: str, ordinal: int = 0) -> str:
    """The origin of a statement that came by REST."""
    return f"{_REST}{token}/{ordinal}"


def by_rest(one: Statement) -> bool:
    """Whether a statement came by REST."""
    return one.origin.startswith(_REST)


def takes_back(one: Statement) -> bool:
    """Whether this is a DELETE: a withdrawal without another word."""
    return one.verb is Verb.WITHDRAW and not one.body and by_rest(one)


def fold_written(
    kind: str, key: str, said: Sequence[Statement], ids: Ids, sources: Mapping[str, Source]
) -> Resource | None:
    """The resource as its author last wrote it, with what the owner of a task has said of it since; `said` is in order.

    Of a task that is told by messages the owner's word stands: they are sent again without meaning it.
    """
    own = [one for one in said if one.act is not Act.HANDLE]
    if not own:
        return None
    made = fold_snapshot(kind, key, own, ids, sources)
    made.deleted = takes_back(own[-1])
    if made.withdrawn:
        return made
    since = own[-1].order if writer_of(kind, key) else own[0].order
    for one in said:
        if one.act is Act.HANDLE and one.order > since:
            made.body = {name: value for name, value in made.body.items() if name not in one.cleared} | one.body
            made.sources = tuple(sorted({made.source, *made.sources, one.source}))
    return made
