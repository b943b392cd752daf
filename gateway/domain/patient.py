"""Fold of Patient: one per identity, later words over earlier ones, joined identities linked."""

from __future__ import annotations

from collections import defaultdict

from gateway.domain.citizen import Person
from gateway.domain.resource import Ids, Resource
from gateway.domain.security_label import CONFIDENTIALITY
from gateway.domain.statement import Body, Statement, Verb
from gateway.domain.written import by_rest, takes_back

_ASSERT = Verb.ASSERT  # looked up once: reading a member of an enum takes longer than a call
_OF_ONE_SYSTEM = "urn:faellesplan:source:"  # how names of systems begin that a source numbers by for itself
_KEEPER = "managingOrganization"  # whose system told of the citizen last: its own word, and nobody else's to know


class _Places(dict[str, int]):
    """Where the elements of an Identifier stand: those that are not named come last."""

    def __missing__(self, name: str) -> int:
        return len(self)


_ORDER = _Places({name: n for n, name in enumerate(("use", "type", "system", "value", "period", "assigner"))})
# The two spellings of one choice element: saying one takes the other away (R4 2.1.1.4).
_OTHER_SPELLING = {
    "deceasedBoolean": "deceasedDateTime",
    "deceasedDateTime": "deceasedBoolean",
    "multipleBirthBoolean": "multipleBirthInteger",
    "multipleBirthInteger": "multipleBirthBoolean",
}
_NOT_AS_IT_IS = frozenset({"identifier", "meta", "name", *_OTHER_SPELLING})


def fold_patients(
    statements: list[Statement], person: Person, ids: Ids, *, every_number: bool = False
) -> list[Resource]:
    """One Patient per identity that was spoken of. The survivor is active and replaces the others (Patient.link). Where
    all was taken back, and somebody did so by DELETE, it is deleted, unless it leads to another identity. With
    `every_number` also those of one system alone: for whoever holds the messages, never to be served."""
    said: dict[str, list[Statement]] = defaultdict(list)
    for one in statements:
        said[one.key].append(one)
    for words in said.values():
        if len(words) > 1:
            words.sort(key=lambda s: s.order)
    return [_patient(key, words, person, ids, every_number=every_number) for key, words in said.items()]


def _patient(key: str, words: list[Statement], person: Person, ids: Ids, *, every_number: bool) -> Resource:
    body: Body = {}
    standing = _standing(words)
    for word in standing:
        _say(body, word)
    if labels := [*_labels(standing), *_left(words)]:
        body["meta"] = body.get("meta", {}) | {"security": _protection(labels)}
    if "identifier" not in body:  # what it is known by stays when all else was taken back: other resources point here
        system, _, number = key.partition("|")
        body["identifier"] = [{"system": system, "value": number}]
    if not every_number:
        body["identifier"] = _for_all(body["identifier"], key)
    body.pop(_KEEPER, None)
    survives = key == person.survivor
    others = person.identities if survives else (person.survivor,)
    body["active"] = survives and (bool(standing) or all("link" in word.body for word in words))
    links: list[Body] = [
        {"other": {"reference": f"Patient/{ids('Patient', other)}"}, "type": "replaces" if survives else "replaced-by"}
        for other in others
        if other != key
    ]
    links += _see_also(words, {one["other"]["reference"] for one in links})
    if links:
        body["link"] = links
    sources = tuple(sorted({word.source for word in words}))
    gone = not (standing or "link" in body) and any(takes_back(word) for word in words)
    source = (standing or words)[-1].source
    return Resource("Patient", ids("Patient", key), body, source, "shared", gone, (), sources, deleted=gone)


def _standing(words: list[Statement]) -> list[Statement]:
    """Those that still count: a source that deletes its record of a person (A29, DELETE) takes back all it said of it
    before, and one that updates by REST what it wrote so. Others know the person too, and their words stay."""
    if len(words) == 1 and words[0].verb is _ASSERT and "link" not in words[0].body:
        return words
    taken = {word.source: word.order for word in words if word.verb is Verb.WITHDRAW and "link" not in word.body}
    said = [word for word in words if word.verb is not Verb.WITHDRAW and "link" not in word.body]
    anew = {word.source: word.order for word in said if word.verb is Verb.CORRECT and by_rest(word)}  # by PUT
    said = [w for w in said if not by_rest(w) or w.source not in anew or w.order >= anew[w.source]]
    return [word for word in said if word.source not in taken or word.order > taken[word.source]]


def _left(words: list[Statement]) -> list[Body]:
    """The labels of what was taken back by DELETE: nobody lowers them so (`lower-labels`), nor by writing anew. What
    messages of the source say of them later takes their place."""
    left: list[Body] = []
    last = {word.source: word for word in words if takes_back(word)}
    for source, end in sorted(last.items()):
        before = [word for word in _standing([w for w in words if w.order < end.order]) if word.source == source]
        later = [word for word in words if word.source == source and word.order > end.order]
        said = [word.body["meta"]["security"] for word in before if "security" in word.body.get("meta", {})]
        if said and not any("security" in word.body.get("meta", {}) for word in later if not by_rest(word)):
            left += said[-1]
    return left


def _see_also(words: list[Statement], known: set[str]) -> list[Body]:
    """Records that may be about the same person (A24), until they are not any more (A37). Nobody is joined by that."""
    linked: dict[str, Body] = {}
    for word in words:
        for link in word.body.get("link", []):
            other = link["other"]["reference"]
            if word.verb is Verb.WITHDRAW:
                linked.pop(other, None)
            elif other not in known:
                linked[other] = link
    return [linked[other] for other in sorted(linked)]


def _say(body: Body, word: Statement) -> None:
    for name in word.cleared:
        body.pop(name, None)
    if word.body.get("birthDate", body.get("birthDate")) != body.get("birthDate"):
        body.pop("_birthDate", None)  # the time of birth on another day
    for name, value in word.body.items():
        if name not in _NOT_AS_IT_IS:
            body[name] = value
        elif name in _OTHER_SPELLING:
            body.pop(_OTHER_SPELLING[name], None)
            body[name] = value
        elif name == "identifier":
            body[name] = _union(body.get(name, []), value)
        elif name == "meta":
            body[name] = body.get(name, {}) | value  # with the labels of this word, until those of all are told
        elif _has_parts(value) or not _has_parts(body.get(name, [])):
            body[name] = value


def _labels(words: list[Statement]) -> list[Body]:
    """What each source says now of whom to protect, together: a protection ends by the word of who told of it. A
    message says how it is now of the systems that it names (a label that marks a test tells nothing of an address);
    a write by REST only adds, as lowering takes a right and a reason."""
    said: dict[str, list[Body]] = {}
    for word in words:
        if "security" in word.body.get("meta", {}):
            labels = word.body["meta"]["security"]
            named = set() if by_rest(word) else {one.get("system") for one in labels}
            before = [one for one in said.get(word.source, []) if one.get("system") not in named]
            said[word.source] = _protection([*before, *labels])
    return [one for labels in said.values() for one in labels]


def _protection(security: list[Body]) -> list[Body]:
    """Each label once. Where one says that a protection has ended and another that there is one, there is one."""
    said = {(one.get("system", ""), one.get("code", "")): one for one in security}
    if (CONFIDENTIALITY, "R") in said:
        said.pop((CONFIDENTIALITY, "N"), None)
    return list(said.values())


def _has_parts(names: list[Body]) -> bool:
    """A name told as one text (OIO) does not take away one whose parts are known."""
    return any("family" in name for name in names)


def _for_all(numbers: list[Body], key: str) -> list[Body]:
    """Those for everybody who may see the citizen. A number of one system alone tells that this one knows the citizen
    (the jobcenter's, another municipality's): it leads to the citizen as before and is shown where it is the key."""
    return [
        one
        for one in numbers
        if not one.get("system", "").startswith(_OF_ONE_SYSTEM) or f"{one['system']}|{one.get('value', '')}" == key
    ] or numbers


def _union(known: list[Body], said: list[Body]) -> list[Body]:
    """Identifiers are never unsaid by being left out: another source may only know its own, and less of each."""
    merged: dict[tuple[str, str], Body] = {}
    for one in [*known, *said]:
        key = (one.get("system", ""), one.get("value", ""))
        merged[key] = merged.get(key, {}) | one
    # The same order whoever spoke first: a body that differs in nothing else would be another version.
    return [{n: merged[key][n] for n in sorted(merged[key], key=_ORDER.__getitem__)} for key in sorted(merged)]
