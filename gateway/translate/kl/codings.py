"""Every code of a concept beside the one that was sent: FSIII has each concept by uuid and by a legacy key, equal in
rights (KLGateway 1.2), and KL moved its code systems to other URLs. What was sent always stays; reports send codes
without a word, so a known one gets its name.
"""

from __future__ import annotations

from typing import Any

from gateway.domain.municipality import CODES as MUNICIPALITIES
from gateway.domain.municipality import four_digits
from gateway.translate.kl.urls import Urls
from gateway.translate.terms.terms import Terms

Json = dict[str, Any]

_MOST_KNOWN = 4096
_LONGEST_KNOWN = 400  # characters of all that a coding holds
_SEVERAL = "uuid"  # systems whose concepts may have a second code


class Codings:
    """The codings of concepts, completed."""

    def __init__(self, urls: Urls, terms: Terms) -> None:
        self._meant = urls.systems.of
        self._terms = terms
        self._alone: dict[tuple[Any, ...], list[Json]] = {}

    def alone(self, codings: list[Json]) -> list[Json] | None:
        """As `completed`, where one coding stands alone and holds nothing but texts, which is nearly always so. Codes
        recur from message to message: what was found is known."""
        if len(codings) != 1:
            return None
        key = tuple(codings[0].items())
        try:
            known = self._alone.get(key)
        except TypeError:
            return None
        if known is None:
            known = self.completed([self.spelled(codings[0])])
            if _is_short(codings[0]):
                if len(self._alone) >= _MOST_KNOWN:
                    self._alone.clear()
                self._alone[key] = known
        return known.copy()

    def completed(self, codings: list[Json]) -> list[Json]:
        """In front of each coding the concept's own code in the present system, behind it its other codes; none of them
        twice, and not what was sent."""
        made: list[Json] = []
        there = {(c.get("system"), c.get("code")) for c in codings}
        for coding in codings:
            sent, *beside = self._found(coding) if "code" in coding and "system" in coding else (coding,)
            new = [one for one in beside if (one["system"], one["code"]) not in there]
            there.update((one["system"], one["code"]) for one in new)
            first = new[:1] if beside[:1] == new[:1] else []
            made += [*first, sent, *new[len(first) :]]
        return made

    def spelled(self, coding: Json) -> Json:
        """Municipality codes have four digits; some systems take them for numbers and lose the first. One that came
        without a word gets its name."""
        system = coding.get("system")
        if type(system) is str and "code" in coding and self._meant(system) == MUNICIPALITIES:
            return self.municipality(coding)
        return coding

    def municipality(self, coding: Json) -> Json:
        """As `spelled`, for what can be nothing but a municipality."""
        code = four_digits(str(coding.get("code", "")))
        if not code:
            return coding
        system = self._terms.system(MUNICIPALITIES)
        found = system.find(code) if system and "display" not in coding else None
        named = {"display": found.concept.words} if found else {}
        return coding | {"system": MUNICIPALITIES, "code": code} | named

    def _found(self, coding: Json) -> list[Json]:
        """The coding as it was sent, with its name; the concept's own in the present system; the others."""
        meant, code = self._meant(coding["system"]), coding["code"]
        system = self._terms.system(meant)
        found = system.find(code) if system and system.about.official else None
        if system is None or found is None:
            return [coding, coding | {"system": meant}]
        name = coding.get("display") or found.concept.words
        several = system.all_codes(found.concept) if system.about.spelled == _SEVERAL else ()
        codes = dict.fromkeys((*several, code))
        return [
            coding | {"display": name},
            *({"system": meant, "code": one, "display": name} for one in codes),
        ]


def _is_short(coding: Json) -> bool:
    """Whether it holds nothing but texts, and no long ones."""
    return all(type(one) is str for one in coding.values()) and sum(map(len, coding.values())) <= _LONGEST_KNOWN
