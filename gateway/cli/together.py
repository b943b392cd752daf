"""Messages together: some name by number alone what others register (OIO: Opdater, Fjern), and all make one fold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from gateway.domain.citizen import identity_key, people
from gateway.domain.fold import fold
from gateway.domain.moved import registrations
from gateway.domain.resource import Ids, Resource
from gateway.domain.source import Source
from gateway.domain.statement import Statement
from gateway.errors import GatewayError, NamedByNumber
from gateway.translate.door import door_of
from gateway.translate.languages import Known, Languages, Recalled, Recalling
from gateway.translate.translation import Translation


@contextmanager
def told_of(file: str) -> Iterator[None]:
    """What is wrong with a content is told with the name of its file."""
    try:
        yield
    except GatewayError as error:
        error.text = f"{file}: {error.text}"
        raise


def together(languages: Languages, messages: Sequence[tuple[str, bytes]]) -> list[Translation]:
    """The translations of messages, each with the name of its file, in their order; they may come in any. Raises
    GatewayError."""
    found: dict[int, Translation] = {}
    later: dict[int, NamedByNumber] = {}
    for number, (file, raw) in enumerate(messages):
        door = door_of(raw)
        try:
            with told_of(file), languages.placing(door, raw):
                found[number] = languages.of(door).translate(raw)
        except NamedByNumber as unnamed:
            later[number] = unnamed
    known = _known(tuple(found.values()))
    for number, asking in later.items():
        file, raw = messages[number]
        spoken = languages.of(door_of(raw))
        if not isinstance(spoken, Recalling) or known.keys().isdisjoint(asking.asked):
            raise asking
        with told_of(file):
            found[number] = spoken.translate_known(raw, known)
    return [found[number] for number in range(len(messages))]


def folded(translations: Iterable[Translation], identify: Ids, sources: Mapping[str, Source]) -> list[Resource]:
    """The resources of every citizen that the messages tell of, as the store would make them of these alone."""
    evidence: dict[str, set[str]] = defaultdict(set)
    merges: list[tuple[str, str]] = []
    said: dict[str, list[Statement]] = defaultdict(list)
    for one in translations:
        if not one.statements:
            continue
        key = identity_key(one.citizen)
        evidence[key].update([identifier.key for identifier in one.citizen])
        said[key] += one.statements
        if one.merged:
            loser = identity_key(one.merged)
            evidence[loser].update(identifier.key for identifier in one.merged)
            merges.append((key, loser))
    persons = {person.survivor: person for person in people(evidence, merges).values()}
    made: list[Resource] = []
    for person in persons.values():
        own = [statement for key in person.identities for statement in said[key]]
        made += fold(own, person, identify, sources, every_number=True)  # whoever has the file may see them
    return made


def _known(found: Iterable[Translation]) -> Recalled:
    known: dict[tuple[str, str, str], Known] = {}
    for one in found:
        for thing in registrations(identity_key(one.citizen), one.statements) if one.statements else ():
            place = (one.source.id, thing.kind, thing.key)
            if place not in known or known[place].moment <= thing.moment:
                known[place] = Known(one.citizen[0], thing.moment, thing.recorded)
    return known
