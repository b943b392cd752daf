"""Anonymous treatment (serviceloven § 101 a) is no part of any plan (§ 141 (6)), whoever tells of it and however its
section is written: what is left out wrongly can be told, what was shown cannot be taken back.

What cites the section is left out with what is told of it alone: its goals, its reasons, what refers to it. Words of a
letter that mention the section are no treatment of this citizen and stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.domain.content import content_of
from gateway.domain.plain import plain
from gateway.domain.resource import Ids
from gateway.domain.statement import Body, Statement

EFFORTS = frozenset({"CarePlan", "ServiceRequest", "EpisodeOfCare"})
"""What rests on a section of a law."""

_OF_EFFORTS = frozenset({"Goal", "Condition"})
_SECTION = re.compile(r"§101\s?a\b", re.IGNORECASE)

Thing = tuple[str, str]


def is_anonymous(kind: str, body: Body) -> bool:
    """Whether it is an effort that cites the section."""
    if kind not in EFFORTS:
        return False
    content = content_of(body)
    words = [*(said for _, said in content.words), *(display for _, _, display in content.displays)]
    return any("101" in one and _SECTION.search(plain(one)) for one in words)


def left_out(statements: Sequence[Statement], ids: Ids) -> frozenset[Thing]:
    """The (kind, key) of everything in a message that tells of anonymous treatment; nothing in nearly every message."""
    out: set[Thing] = {(one.kind, one.key) for one in statements if is_anonymous(one.kind, one.body)}
    if not out:
        return frozenset()
    refers = {(one.kind, one.key): content_of(one.body).references for one in statements}
    names = {thing: f"{thing[0]}/{ids(*thing)}" for thing in refers}
    while more := {one for one, said in refers.items() if one not in out and said & {names[each] for each in out}}:
        out |= more
    told = {one for thing in out for one in refers[thing]}
    kept = {one for thing, said in refers.items() if thing not in out for one in said}
    return frozenset(out | {one for one in refers if one[0] in _OF_EFFORTS and names[one] in told - kept})
