"""Every code of a concept beside the one that was sent: FSIII has each concept by uuid and by a legacy key, equal in
rights (KLGateway 1.2), and KL moved its code systems to other URLs. What was sent always stays.
"""

from __future__ import annotations

from typing import Any

from gateway.translate.kl.urls import Urls
from gateway.translate.terms.terms import Terms

Json = dict[str, Any]

_SEVERAL = "uuid"  # systems whose concepts may have a second code


class Codings:
    """The codings of concepts, completed."""

    def __init__(self, urls: Urls, terms: Terms) -> None:
        self._urls = urls
        self._terms = terms

    def completed(self, codings: list[Json]) -> list[Json]:
        """In front of each coding the concept's own code in the present system, behind it its other codes; none of them
        twice."""
        made: list[Json] = []
        there = {(c.get("system"), c.get("code")) for c in codings}
        for coding in codings:
            before, behind = self._beside(coding) if "code" in coding and "system" in coding else ((), ())
            for one in (*before, coding, *behind):
                name = (one.get("system"), one.get("code"))
                if one is coding or name not in there:
                    made.append(one)
                    there.add(name)
        return made

    def _beside(self, coding: Json) -> tuple[tuple[Json, ...], tuple[Json, ...]]:
        meant, code = self._urls.system(coding["system"]), coding["code"]
        system = self._terms.system(meant)
        found = system.find(code) if system and system.about.spelled == _SEVERAL else None
        if system is None or found is None:
            return (coding | {"system": meant},), ()
        own, *others = system.all_codes(found.concept)
        named = {"system": meant, "display": found.concept.display}
        return (named | {"code": own}, coding | {"system": meant}), tuple(named | {"code": one} for one in others)
