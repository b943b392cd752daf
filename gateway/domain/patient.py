"""Fold of Patient: one per identity, later words over earlier ones, joined identities linked."""

from __future__ import annotations

from collections import defaultdict

from gateway.domain.citizen import Person
from gateway.domain.resource import Ids, Resource
from gateway.domain.statement import Body, Statement, Verb

# The two spellings of one choice element: saying one takes the other away (R4 2.1.1.4).
_CHOICES = (("deceasedBoolean", "deceasedDateTime"), ("multipleBirthBoolean", "multipleBirthInteger"))


def fold_patients(statements: list[Statement], person: Person, ids: Ids) -> list[Resource]:
    """One Patient per identity that was spoken of. The survivor is active and replaces the others (Patient.link)."""
    said: dict[str, list[Statement]] = defaultdict(list)
    for one in statements:
        said[one.key].append(one)
    return [_patient(key, sorted(words, key=lambda s: s.order), person, ids) for key, words in said.items()]


def _patient(key: str, words: list[Statement], person: Person, ids: Ids) -> Resource:
    body: Body = {}
    for word in words:
        if word.verb is not Verb.WITHDRAW:
            _say(body, word)
    survives = key == person.survivor
    others = person.identities if survives else (person.survivor,)
    body["active"] = survives
    links = [
        {"other": {"reference": f"Patient/{ids('Patient', other)}"}, "type": "replaces" if survives else "replaced-by"}
        for other in others
        if other != key
    ]
    if links:
        body["link"] = links
    sources = tuple(sorted({word.source for word in words}))
    return Resource("Patient", ids("Patient", key), body, words[-1].source, "shared", sources=sources)


def _say(body: Body, word: Statement) -> None:
    for name in word.cleared:
        body.pop(name, None)
    for name, value in word.body.items():
        for pair in _CHOICES:
            if name in pair:
                body.pop(pair[1 - pair.index(name)], None)
        if name == "identifier":
            body[name] = _union(body.get(name, []), value)
        elif name != "name" or _has_parts(value) or not _has_parts(body.get(name, [])):
            body[name] = value
    security = word.body.get("meta", {}).get("security")
    if security is None and "meta" in word.body:
        body["meta"] = word.body["meta"]


def _has_parts(names: list[Body]) -> bool:
    """A name told as one text (OIO) does not take away one whose parts are known."""
    return any("family" in name for name in names)


def _union(known: list[Body], said: list[Body]) -> list[Body]:
    """Identifiers are never unsaid by being left out: another source may only know its own, and less of each."""
    merged: dict[tuple[str, str], Body] = {}
    for one in [*known, *said]:
        key = (one.get("system", ""), one.get("value", ""))
        merged[key] = merged.get(key, {}) | one
    return [merged[key] for key in sorted(merged)]
