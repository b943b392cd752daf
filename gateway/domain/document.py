"""A document that replaces another, adds to it, signs or transforms it is as restricted as that one.

Its sender tells the restriction once, with the first of them (TXA-18 R or V); what comes after it says nothing of it,
and would be open. Who restricted it may open what comes after it by saying so: the same source, in a message, with a
confidentiality of its own. A label that the tables read from a text is that text's alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.domain.labels import kept
from gateway.domain.resource import Resource
from gateway.domain.security_label import CONFIDENTIALITY, label_of
from gateway.domain.statement import Body, Statement
from gateway.domain.written import by_rest

KIND = "DocumentReference"
_OPEN = frozenset({f"{CONFIDENTIALITY}|N", f"{CONFIDENTIALITY}|L", f"{CONFIDENTIALITY}|M", f"{CONFIDENTIALITY}|U"})


def holds_others(one: Statement) -> bool:
    """Whether what this says may change other documents, or be changed by them: all there is must be read first."""
    if one.kind != KIND:
        return False
    return "relatesTo" in one.body or any(label not in _OPEN for label in _labels(one.body))


def restrict(made: Sequence[Resource], own: Callable[[str], str], given: Mapping[str, frozenset[str]]) -> None:
    """Each document's labels, with those of the documents that it rests on. `own` gives the id under which this
    citizen's document stands for one that is another citizen's too; `given` who gave a document its labels, by id."""
    documents = {one.id: one for one in made if one.kind == KIND}
    resting: dict[str, list[str]] = defaultdict(list)  # document → those that rest on it
    for one in documents.values():
        for named in _rests_on(one.body):
            found = named if named in documents else own(named)
            if found in documents and found != one.id:
                resting[found].append(one.id)
    said = {one: _labels(documents[one].body) for one in {*resting, *(o for ones in resting.values() for o in ones)}}
    labels = {name: frozenset(its) for name, its in said.items()}
    closed_by = {name: given.get(name, frozenset()) for name in labels}
    waiting = [name for name in labels if labels[name] - _OPEN and name in resting]
    while waiting:
        before = waiting.pop()
        for after in resting[before]:
            opened = len(closed_by[before]) == 1 and given.get(after) == closed_by[before]
            if opened and any(label.startswith(f"{CONFIDENTIALITY}|") for label in said[after]):
                continue
            together = kept(labels[before] - _OPEN, labels[after], may_lower=False).labels
            if together != labels[after] or not closed_by[before] <= closed_by[after]:
                labels[after] = together
                closed_by[after] |= closed_by[before]
                waiting.append(after)
    for name, all_of_it in labels.items():
        if all_of_it != said[name].keys():
            documents[name].body = _labelled(documents[name].body, said[name], all_of_it)


def givers(said: Sequence[Statement]) -> frozenset[str]:
    """Who gave an object its labels: a source by message, or one write by REST, which opens nothing but itself."""
    told = [one for one in said if "security" in one.body.get("meta", {})]
    return frozenset(one.origin if by_rest(one) else one.source for one in told)


def _rests_on(body: Body) -> list[str]:
    """The ids of the documents that this one replaces, adds to, signs or transforms."""
    targets = [one.get("target", {}).get("reference", "") for one in body.get("relatesTo", ()) if isinstance(one, dict)]
    return [target.removeprefix(f"{KIND}/") for target in targets if target.startswith(f"{KIND}/")]


def _labels(body: Body) -> dict[str, Any]:
    """`system|code` of each label that the sender gave → its Coding."""
    security = body.get("meta", {}).get("security", ())
    return {label_of(coding): coding for coding in security if isinstance(coding, dict)}


def _labelled(body: Body, said: Mapping[str, Any], labels: frozenset[str]) -> Body:
    """The body with these labels: those that its sender gave as they stand, others after them."""
    made = [coding for label, coding in said.items() if label in labels]
    for label in sorted(labels - set(said)):
        system, _, code = label.partition("|")
        made.append({"system": system, "code": code})
    return body | {"meta": body.get("meta", {}) | {"security": made}}
