"""Translate messages of which some name by number alone what others of them register (OIO: Opdater, Fjern)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.domain.citizen import identity_key
from gateway.domain.moved import registrations
from gateway.errors import NamedByNumber
from gateway.translate.door import door_of
from gateway.translate.languages import Known, Languages, Recalled, Recalling
from gateway.translate.translation import Translation


def together(languages: Languages, messages: Sequence[bytes]) -> list[Translation]:
    """Their translations, in their order; the messages may come in any. Raises GatewayError."""
    found: dict[int, Translation] = {}
    later: dict[int, NamedByNumber] = {}
    for number, raw in enumerate(messages):
        try:
            found[number] = languages.of(door_of(raw)).translate(raw)
        except NamedByNumber as unnamed:
            later[number] = unnamed
    known = _known(tuple(found.values()))
    for number, asking in later.items():
        spoken = languages.of(door_of(messages[number]))
        if not isinstance(spoken, Recalling) or known.keys().isdisjoint(asking.asked):
            raise asking
        found[number] = spoken.translate_known(messages[number], known)
    return [found[number] for number in range(len(messages))]


def _known(found: Iterable[Translation]) -> Recalled:
    known: dict[tuple[str, str, str], Known] = {}
    for one in found:
        for thing in registrations(identity_key(one.citizen), one.statements) if one.statements else ():
            place = (one.source.id, thing.kind, thing.key)
            if place not in known or known[place].moment <= thing.moment:
                known[place] = Known(one.citizen[0], thing.moment, thing.recorded)
    return known
