"""What a resource is about, read from its codes and words by the tables in mappings/policy.

The labeller only adds: a label that the sender gave stays, and confidentiality is never lowered. Codes in contained
resources count for the whole.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeVar

from gateway.domain.content import BARE, CLOSED, FILE, KEPT, TEXT, UNIT, Content, content_of
from gateway.domain.security_label import (
    ACT_CODE,
    CONFIDENTIALITY,
    CONFIDENTIALITY_RANK,
    DATA_CLASS,
    UNREAD,
    counts,
    label_of,
)
from gateway.domain.statement import Body
from gateway.domain.words import Words, diagnoses

ANY = "*"
_Said = TypeVar("_Said")
# Systems of which is known that they hold no diagnoses, or only such as rows name. A code of any other system is read
# as if it named none: senders write `ICD-10`, a URL of their own, or that of another country's edition.
_KNOWN = (
    "http://snomed.info/", "http://loinc.org", "http://unitsofmeasure.org", "http://terminology.hl7.org/", "http://hl7.dk/",
    "http://hl7.org/fhir/", "http://kl.dk/", "http://fhir.kl.dk/", "http://medcomfhir.dk/", "https://faellesplan.dk/",
    "https://data.gov.dk/", "urn:iso:", "urn:ietf:",
)  # fmt: skip
# A list of clinical codes of which the tables know single ones: what is told by others, without words, nobody can read.
_CLINICAL = "http://snomed.info/"
_MAIN = frozenset({"Condition", "Observation", "Procedure"})  # that tell in codes alone what they are about
_DIAGNOSES = "http://hl7.org/fhir/sid/"  # of FHIR's own names of systems, those of lists of diagnoses among them

LABELLED_CLASSES = frozenset({"housing", "employment", "benefit", "criminal", "protected-address"})
"""Data classes that stand as labels too. A label-scoped permit must cover every label, so ordinary ones do not."""

_DUTY = "override"  # what a sector owes the citizen is nobody else's, whatever else is coded in it
# When codes say several things, the class that most readers are kept from.
_STRONGEST = (
    "criminal", "wishes", "benefit", "employment", "psychiatry", "substance", "housing", "function", "social", "health",
    "stay", "plan", "identity", "consent", "protected-address",
    "override",
)  # fmt: skip
# How sure a class is: a code goes before a word, a word before "any code of this system", and that before the type.
_SYSTEM, _WORD, _CODE = range(3)

_UUID = 32
# An ICD-10 code as people write it: DZ65.0, F 20.0, dz 65-0. The tables write them without.
_DIAGNOSIS = re.compile(r"(D?[A-Z])[ .-]?(\d\d)[ .,-]?(\w*)", re.ASCII)
_UUID_PART = 8  # of a UUID that a row shortens, at least its first group is told

_WORDLESS = frozenset({"Patient", "RelatedPerson", "Consent"})
_DIAGNOSED = frozenset({"Condition", "EpisodeOfCare", "Procedure", "ServiceRequest"})  # whose whole text may be one
_UNTOLD = frozenset({KEPT, CLOSED, BARE})
_NAME = "name"  # a code that may be a word: no diagnosis of another list
_REMEMBERED = 8192
_SHORT = 240  # longer texts are written once
_GIVEN = 2_000  # characters of a sender's own labels; with more of them nothing is remembered


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What one group of codes means: `label` (`system|code`, "" for none) and `data_class` ("" for no say).

    `systems` may be `*`, and `""` for codes of no system, or of one that is not known here; `prefixes` are the
    beginnings of codes ("" for all), for `text` and `unit` words as domain/words.py reads them (`psykiat`, `*psykiat`,
    `hiv=`, `gule_papirer`).
    `kinds` limits the row to resource types, empty for any.
    """

    systems: tuple[str, ...]
    prefixes: tuple[str, ...]
    label: str
    data_class: str
    kinds: tuple[str, ...] = ()
    rule: str = ""


@dataclass(frozen=True, slots=True)
class KindRow:
    """The data class of a resource type where codes say nothing; `pinned` when codes are not asked at all.

    `sector` and `source` limit the row, `*` for any. The row with the source goes first, then the sector.
    """

    kind: str
    sector: str
    source: str
    data_class: str
    pinned: bool
    rule: str = ""


class _Meaning(NamedTuple):
    """What the rows say: labels, and (how sure, class) of the classes; `known` that there are such rows at all."""

    labels: frozenset[str]
    classes: frozenset[tuple[int, str]]
    known: bool = False


_NOTHING = _Meaning(frozenset(), frozenset())
_CANNOT_TELL = _Meaning(frozenset({UNREAD}), frozenset())

Files = Mapping[str, frozenset[str] | None]
"""Labels of the files beside resources, by the id of the Binary; None where nobody could look into it."""
_NO_FILES: Files = {}


class Labeller:
    """Labels resources by the tables, compiled once."""

    def __init__(self, rows: Iterable[LabelRow], kinds: Iterable[KindRow]) -> None:
        self._by_system: dict[str, dict[str, list[LabelRow]]] = defaultdict(lambda: defaultdict(list))
        for row in rows:
            for system in row.systems:
                for prefix in row.prefixes:
                    self._by_system[system][prefix.upper()].append(row)
        self._lengths = {
            system: sorted({len(prefix) for prefix in prefixes}) for system, prefixes in self._by_system.items()
        }
        self._words = {kind: Words(self._by_system.get(kind, {})) for kind in (TEXT, UNIT)}
        self._words[_NAME] = self._words[TEXT]
        self._kinds = {(row.kind, row.sector, row.source): row for row in kinds}
        # Codes, units and the words that displays are made of come again and again.
        self._of_code = _remembered(self._code)
        self._of_words = _remembered(self._text)
        self._of_coding = _remembered(self._coding)
        self._of_bare = _remembered(self._bare)
        self._of_all = lru_cache(_REMEMBERED)(self._concluded)

    def label(
        self, body: Body, sector: str, kind: str, source: str, content: Content | None = None, files: Files = _NO_FILES
    ) -> tuple[frozenset[str], str]:
        """Every label of the resource, the sender's included, and its data class. `content` is its body's, if known;
        a file that it names and that is none of `files` is one that nobody looked into."""
        content = content or content_of(body)
        given = frozenset(label_of(c) for c in body.get("meta", {}).get("security", ()) if isinstance(c, dict))
        found = {self._of_code(*_split(label), kind) for label in given}
        if kind in _WORDLESS:
            found.update(self._of_code(system, code, kind) for system, code in content.codes)
        else:
            for system, code, display in content.displays:
                found |= self._of_coding(system, code, display, kind)
            for system, words in content.words:
                if system == FILE:  # a letter names many things: it is not about all of them
                    found.add(_Meaning(self._text(TEXT, words, kind).labels, frozenset()))
                elif system in _UNTOLD:
                    found.add(self._untold(system, words, kind, files))
                else:
                    found.add(self._of_words(system, words, kind))
        conclude = self._of_all if sum(map(len, given)) <= _GIVEN else self._concluded
        return conclude(kind, sector, source, given, frozenset(found))

    def of_file(self, text: str) -> frozenset[str]:
        """The labels that the words of a file tell."""
        return self._text(TEXT, text, "").labels

    def _coding(self, system: str, code: str, display: str, kind: str) -> frozenset[_Meaning]:
        """What a coding tells. Its words count whole where the code says nothing, else for labels alone. A code of
        somebody's own list may be a name (PSYK)."""
        coded = self._of_code(system, code, kind)
        told = self._of_words(TEXT, display, kind) if display else _NOTHING
        if coded.labels or coded.classes:
            return frozenset((coded, _Meaning(told.labels, frozenset())))
        if display and not (code.isalpha() and not self._is_known(system)):
            return frozenset((coded, told))
        return frozenset((coded, told, self._of_words(_NAME, code, kind), self._of_words(UNIT, code, kind)))

    def _untold(self, how: str, words: str, kind: str, files: Files) -> _Meaning:
        """What is told of something that has no words here: nothing where it is known to be harmless."""
        if how == KEPT:
            told = files.get(words)
            return _CANNOT_TELL if told is None else _Meaning(told, frozenset())
        if how == CLOSED:
            return _CANNOT_TELL
        return self._of_bare(words, kind)

    def _bare(self, concept: str, kind: str) -> _Meaning:
        """Of codes alone: nothing as soon as it is known what one of them tells."""
        for system, code in map(_split, concept.split("\n")):
            clinical = system.startswith(_CLINICAL)
            if not clinical and (kind not in _MAIN or self._is_known(system) or _is_diagnosis(code)):
                return _NOTHING
            named = (self._of_words(_NAME, code, kind), self._of_words(UNIT, code, kind))
            if self._of_code(system, code, kind).known or any(one.labels for one in named):
                return _NOTHING
        return _CANNOT_TELL

    def of_code(self, system: str, code: str, kind: str) -> tuple[frozenset[str], frozenset[str]]:
        """What one code tells of a resource of this type: its labels (`system|code`) and its data classes."""
        said = self._of_code(system, code, kind)
        return said.labels, frozenset(name for _, name in said.classes)

    def _concluded(
        self, kind: str, sector: str, source: str, given: frozenset[str], found: frozenset[_Meaning]
    ) -> tuple[frozenset[str], str]:
        data_class = self._class(kind, sector, source, frozenset().union(*(one.classes for one in found)))
        labels = frozenset().union(*(one.labels for one in found))
        if data_class in LABELLED_CLASSES:
            labels |= {f"{DATA_CLASS}|{data_class}"}
        return given | labels | _confidentiality(given, labels), data_class

    def _code(self, system: str, code: str, kind: str) -> _Meaning:
        """Every row whose prefix the code begins with gives its label; the longest of them gives the class."""
        upper = code.strip().upper()
        if diagnosis := _DIAGNOSIS.fullmatch(upper):
            upper = "".join(diagnosis.groups())
        labels: set[str] = set()
        classes: list[tuple[int, str]] = []
        # A UUID may begin like a diagnosis or like a short key of its system (FSIII's A13): rows for any system and
        # short prefixes are about codes that people write.
        short = range(1, _UUID_PART) if len(code) >= _UUID else ()
        systems, known = (system,) if self._is_known(system) else (system, ""), False
        for name in systems if short else (*systems, ANY):
            for length in self._lengths.get(name, ()):
                if length > len(upper) or length in short:
                    continue
                for row in self._by_system[name].get(upper[:length], ()):
                    _add(row, kind, length, labels, classes)
                    known = True
        longest = max((length for length, _ in classes), default=0)
        sure = _CODE if longest else _SYSTEM
        said = frozenset((sure, name) for length, name in classes if length == longest)
        return _Meaning(frozenset(labels), said, known)

    def _is_known(self, system: str) -> bool:
        """Whether rows name the system, or it is one of those that hold no diagnoses."""
        of_others = system.startswith(_KNOWN) and not system.startswith(_DIAGNOSES)
        return not system or of_others or system in self._by_system

    def _text(self, system: str, words: str, kind: str) -> _Meaning:
        labels: set[str] = set()
        classes: list[tuple[int, str]] = []
        for row in self._words[system].found(words):
            _add(row, kind, _WORD, labels, classes)
        told = diagnoses(words, alone=kind in _DIAGNOSED) if system == TEXT else ()
        for named in {self._of_code(*one, kind) for one in told}:
            labels |= named.labels
            classes += [(_WORD, name) for _, name in named.classes]
        return _Meaning(frozenset(labels), frozenset(classes))

    def _class(self, kind: str, sector: str, source: str, classes: Iterable[tuple[int, str]]) -> str:
        row = next(
            (r for key in ((sector, source), (ANY, source), (sector, ANY), (ANY, ANY))
             if (r := self._kinds.get((kind, *key)))), None
        )  # fmt: skip
        if any(name == _DUTY for _, name in classes):
            return _DUTY
        if row is not None and row.pinned:
            return row.data_class
        for sure in (_CODE, _WORD, _SYSTEM):
            said = {name for how, name in classes if how == sure}
            if said:
                return min(said, key=_STRONGEST.index)
        return row.data_class if row is not None else ""


def labelled(body: Body, labels: Iterable[str]) -> Body:
    """A copy of the resource with these labels in meta.security, after those that stand there."""
    meta = body.get("meta", {})
    there = meta.get("security", [])
    known = {label_of(coding) for coding in there}
    added = [{"system": s, "code": c} for s, c in map(_split, sorted(set(labels) - known))]
    if not added:
        return body
    return body | {"meta": meta | {"security": [*there, *added]}}


class Kept(NamedTuple):
    """What becomes of a resource's labels when it is written again: `labels` are to stand, `lowered` went with leave,
    and `held` stay although the writer left them out."""

    labels: frozenset[str]
    lowered: frozenset[str]
    held: frozenset[str]


def kept(before: Iterable[str], after: Iterable[str], may_lower: bool) -> Kept:
    """The labels (`system|code`) of a resource whose writer gives `after` where `before` stood.

    Who leaves a label out, or writes a lower confidentiality, lowers nothing without the right and a reason
    (`may_lower`: the client's right `lower-labels`, and the reason that the writer gives and the record keeps): the
    label is carried over (FHIR R4 3.1.0.4.1). What the tables say of the content is added afterwards, whoever writes.
    """
    old, new = frozenset(before), frozenset(after)
    if may_lower:
        return Kept(new, frozenset(label for label in old - new if counts(label)), frozenset())
    ranks = {label: CONFIDENTIALITY_RANK.get(_split(label)[1], -1) for label in old | new if _is_rank(label)}
    highest = max(ranks.values(), default=-1)
    below = frozenset(label for label, rank in ranks.items() if rank < highest)
    held = frozenset(label for label in old - new if counts(label)) - below
    return Kept((new | held) - below, frozenset(), held)


def _remembered(work: Callable[..., _Said]) -> Callable[..., _Said]:
    """The same work, done once for what comes again and again: for short texts, since what is remembered is kept."""
    known = lru_cache(_REMEMBERED)(work)

    def done(*texts: str) -> _Said:
        return (known if sum(map(len, texts)) <= _SHORT else work)(*texts)

    return done


def _is_diagnosis(code: str) -> bool:
    return bool(_DIAGNOSIS.fullmatch(code.strip().upper()))


def _is_rank(label: str) -> bool:
    return label.startswith(f"{CONFIDENTIALITY}|")


def _add(row: LabelRow, kind: str, sure: int, labels: set[str], classes: list[tuple[int, str]]) -> None:
    if row.kinds and kind not in row.kinds:
        return
    if row.label:
        labels.add(row.label)
    if row.data_class:
        classes.append((sure, row.data_class))


def _confidentiality(given: Iterable[str], labels: Iterable[str]) -> set[str]:
    """R for anything sensitive, else N; nothing where what is given is as high already."""
    told = (*given, *labels)
    sensitive = any(label.startswith((f"{ACT_CODE}|", f"{DATA_CLASS}|")) and label != UNREAD for label in told)
    codes = [code for system, code in map(_split, (*given, *labels)) if system == CONFIDENTIALITY]
    highest = max((CONFIDENTIALITY_RANK.get(code, -1) for code in codes), default=-1)
    least = "R" if sensitive else "N"
    return {f"{CONFIDENTIALITY}|{least}"} if highest < CONFIDENTIALITY_RANK[least] else set()


def _split(label: str) -> tuple[str, str]:
    system, _, code = label.rpartition("|")
    return system, code
