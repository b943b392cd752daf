"""One look-up for every code system: by any spelling of the system, by every code of a concept, as of a day.

Pure, made once at start from the tables in mappings/ (rows.py) and our own definitions in profiles/. The operations are
those of http://hl7.org/fhir/R4/terminology-service.html; what they answer is built in answers.py. What was asked is
never told back: a caller may have put anything there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import NotFound
from gateway.translate.rules.codes import Codes, CodeTable, Row
from gateway.translate.rules.kept import Kept, state
from gateway.translate.rules.problems import Problems
from gateway.translate.terms import ours, rows
from gateway.translate.terms.sets import ValueSet
from gateway.translate.terms.system import Found, System, same_words

MAPS = "https://faellesplan.dk/fhir/ConceptMap"
_Index = dict[tuple[str, str], list[tuple[str, Row]]]
_LISTED = "GET /fhir/{kind} lists what is known here."


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a code is valid, and what is to be said of it. `found` is None for a code that is not known."""

    valid: bool
    text: str = ""
    found: Found | None = None
    system: System | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """One code that another is translated to. `code` is "" where the table says that there is none; it may have words
    for it all the same."""

    equivalence: str
    system: str = ""
    code: str = ""
    display: str = ""
    note: str = ""
    table: str = ""


class Terms:
    """Every code system, value set and code table. `systems` and `sets` are by their id here."""

    def __init__(
        self, systems: Mapping[str, System], sets: Iterable[ValueSet], codes: Codes, problems: Problems
    ) -> None:
        self.systems = systems
        self.sets = {one.about.id: one for one in sets}
        self.codes = codes
        self._systems: dict[str, System] = {}
        self._sets: dict[str, ValueSet] = {}
        for system in systems.values():
            for url in (system.about.url, *system.about.also):
                if self._systems.setdefault(folded(url), system) is not system:
                    problems.add(system.about.mark, f"{url} is another system's already")
        for value_set in self.sets.values():
            for url in (value_set.about.url, *value_set.about.also):
                if self._sets.setdefault(folded(url), value_set) is not value_set:
                    problems.add(value_set.about.mark, f"{url} is another value set's already")
        self._from: _Index = {}
        self._to: _Index = {}
        for name, table in codes.tables.items():
            for row in table.rows:
                source, target = folded(self.canonical(row.source_system)), folded(self.canonical(row.target_system))
                self._from.setdefault((source, row.source_code), []).append((name, row))
                self._to.setdefault((target, row.target_code), []).append((name, row))

    @classmethod
    def read(cls, mappings: Path, codes: Codes, problems: Problems, definitions: Path = ours.FOLDER) -> Terms:
        """The tables of a mappings folder and our own definitions; errors are noted with file and line."""
        files = state(mappings / "codes", *sorted(mappings.glob("*.csv")), definitions, told=codes.state.hex())
        return _KEPT.of(files, problems, lambda: cls._read(mappings, codes, problems, definitions))

    @classmethod
    def _read(cls, mappings: Path, codes: Codes, problems: Problems, definitions: Path) -> Terms:
        found: dict[str, System] = {}
        for about in rows.systems(mappings, problems):
            if about.table in found:
                problems.add(about.mark, f"{about.table} stands here twice")
            found[about.table] = System(about, rows.concepts(mappings, about.table, problems), problems)
        own = ours.read(definitions, problems)
        found |= {about.table: System(about, concepts, problems) for about, concepts in own.systems}
        sets = [ValueSet(about, found, problems) for about in (*rows.sets(mappings, problems), *own.sets)]
        return cls(found, sets, codes, problems)

    def system(self, url: str) -> System | None:
        """A system by any spelling of its URL, None when it is not known here."""
        return self._systems.get(folded(url))

    def named(self, url: str, version: str = "") -> System:
        """The same, or NotFound; a version that is told must be the one that is here."""
        system = self.system(url)
        if system is None:
            raise NotFound("This code system is not known here", hint=_LISTED.format(kind="CodeSystem"))
        version = version or url.partition("|")[2]
        if version and version != system.about.version:
            raise NotFound("This version of the code system is not here", hint=f"It is {system.about.version}.")
        return system

    def value_set(self, url: str) -> ValueSet:
        """A value set by any spelling of its URL. Raises NotFound."""
        found = self._sets.get(folded(url))
        if found is None:
            raise NotFound("This value set is not known here", hint=_LISTED.format(kind="ValueSet"))
        return found

    def lookup(self, system: System, code: str, on: str = "") -> Found:
        """A concept as of a day. Raises NotFound."""
        found = system.find(code, on)
        if found is None:
            raise NotFound(_unknown(system, code))
        return found

    def validate(self, system: System, code: str, display: str = "", on: str = "") -> Verdict:
        """Whether a code is one of the system, in its own spelling, and a display one of its displays. A retired code
        is valid: histories are full of them. That it is retired is told."""
        found = system.find(code, on)
        if found is None:
            return Verdict(False, _unknown(system, code), None, system)
        concept = found.concept
        said = [retired(concept, on)]
        if not found.exact:
            said.append(f"The code is written {found.code} in {system.about.name}.")
        wrong = bool(display) and not same_words(display, (concept.display, *concept.also))
        if wrong and not system.about.official:
            said.append(f"The display here is our own: {concept.display}.")
        elif wrong:
            said.append(f"The display of this code is {concept.display}.")
        valid = found.exact and not (wrong and system.about.official)
        return Verdict(valid, " ".join(filter(None, said)), found, system)

    def validate_in(
        self, value_set: ValueSet, system: System | None, code: str, display: str = "", on: str = ""
    ) -> Verdict:
        """Whether a code is in a value set; without a system in whichever of its systems has it."""
        candidates = [system] if system else [self.named(url) for url in value_set.systems]
        verdicts = [self.validate(one, code, display, on) for one in candidates]
        known = [(one, one.system, one.found) for one in verdicts if one.system and one.found]
        inside = [one for one, its, found in known if value_set.holds(its, found.concept.code)]
        if inside or not known:
            return (inside or verdicts)[0]
        verdict, its, found = known[0]
        why = f"The code is none of {value_set.about.name}."
        if not its.is_leaf(found.concept.code):
            why += " Others stand below it."
        return Verdict(False, f"{why} {verdict.text}".strip(), found, its)

    def table(self, url: str) -> CodeTable:
        """A code table by the URL of its ConceptMap. Raises NotFound."""
        name = folded(url).removeprefix(f"{folded(MAPS)}/")
        if name not in self.codes.tables:
            raise NotFound("This concept map is not known here", hint=_LISTED.format(kind="ConceptMap"))
        return self.codes.tables[name]

    def translate(
        self, url: str, code: str, *, target: str = "", table: CodeTable | None = None, reverse: bool = False,
        on: str = "",
    ) -> list[Match]:  # fmt: skip
        """The codes that one means elsewhere: by one code table or by all, and as another code of the same concept."""
        found: dict[tuple[str, str, str], Match] = {}
        system = self.system(url)
        same = () if table else self._same(system, url, code, on)
        for match in (*same, *self._told(url, code, table, reverse, on)):
            if not target or folded(match.system) == folded(self.canonical(target)):
                found.setdefault((match.system, match.code, match.table), match)
        return list(found.values())

    def refuted(self, url: str, code: str) -> str:
        """What is to be said of a code that its system, all of which is known here, does not have; "" of any other."""
        system = self.system(url)
        if system is None or system.find(code) is not None or not system.knows_all_like(code):
            return ""
        return _unknown(system, code)

    def _same(self, system: System | None, url: str, code: str, on: str) -> Iterator[Match]:
        """The other codes of the same concept, and its own in the present system where that was called otherwise."""
        found = system.find(code, on) if system else None
        if system is None or found is None:
            return
        moved = folded(url) != folded(system.about.url)
        for other in system.all_codes(found.concept):
            if other != code or moved:
                yield Match("equal", system.about.url, other, found.concept.display)

    def _told(self, url: str, code: str, table: CodeTable | None, reverse: bool, on: str) -> Iterator[Match]:
        """What the code tables say. Without a system a table is asked for the code alone."""
        if table and not url:
            asked = [
                (table.name, row) for row in table.rows if code == (row.target_code if reverse else row.source_code)
            ]
        else:
            index, system = self._to if reverse else self._from, folded(self.canonical(url))
            asked = [one for spelled in self._spellings(url, code) for one in index.get((system, spelled), ())]
        for name, row in asked:
            if (not table or name == table.name) and (not on or row.valid(on)):
                yield self._match(name, row, reverse)

    def _match(self, name: str, row: Row, reverse: bool) -> Match:
        if reverse:
            its = self.system(row.source_system)
            known = its.find(row.source_code) if its else None
            display = known.concept.display if known else ""
            return Match("relatedto", row.source_system, row.source_code, display, row.note, f"{MAPS}/{name}")
        if not row.target_code:  # of the system that the table leads to otherwise
            others = {one.target_system for one in self.codes.tables[name].rows if one.target_code}
            system = row.target_system or (others.pop() if len(others) == 1 else "")
            return Match("unmatched", system, display=row.display, note=row.note, table=f"{MAPS}/{name}")
        return Match("relatedto", row.target_system, row.target_code, row.display, row.note, f"{MAPS}/{name}")

    def _spellings(self, url: str, code: str) -> tuple[str, ...]:
        """Every code of the concept that is meant, where the system is known."""
        system = self.system(url)
        found = system.find(code) if system else None
        return tuple(dict.fromkeys((code, *system.all_codes(found.concept)))) if system and found else (code,)

    def canonical(self, url: str) -> str:
        """The present URL of a system, the same where the system is not known."""
        system = self.system(url)
        return system.about.url if system else url


NO_TERMS = Terms({}, (), Codes({}), Problems())


def folded(url: str) -> str:
    """A system's or a definition's URL without what differs from one writer to the next: http or https, capitals, a
    version behind it, a slash at its end, an OID with and without its urn."""
    told = url.strip().partition("|")[0].rstrip("/").lower()
    return told.removeprefix("urn:oid:").removeprefix("https://").removeprefix("http://")


def retired(concept: rows.Concept, on: str) -> str:
    """What is to be said of a code that is not in use on a day, "" of one that is."""
    if not on or concept.valid(on):
        return ""
    if on < concept.valid_from:
        return f"The code is in use from {concept.valid_from} on."
    return f"The code is retired: it was in use until {concept.valid_to}."


def _unknown(system: System, code: str) -> str:
    about = system.about
    above = system.nearest_above(code)
    if above is not None:
        return f"The table holds the beginnings of codes only; this one lies below {above.code}, {above.display}"
    if system.knows_all_like(code):
        return f"{about.name} has no such code"
    return f"The code is not among those of {about.name} that are known here; it may be one all the same"


_KEPT = Kept[Terms](4)
