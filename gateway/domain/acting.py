"""Which municipality acts, by retssikkerhedsloven § 9, from what was told of places and homes. Pure.

The municipality where the citizen lives acts. When an authority has helped the citizen into a place of the kinds in
`PLACES`, in another municipality, the one that acted goes on doing so as long as that stay lasts, and after it until
the citizen has a home again. So a shelter, a hospital, a prison, an address without a home (`Residence.home`) change
nothing; thirteen days in a flat do (both are cases of Ankestyrelsen about homeless citizens).

Nothing is guessed: where nobody told of a home and nobody said who acts, nobody is named; where the sources lead to two
municipalities, both are, and the answer says so. Social law alone: employment law has a rule of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from gateway.domain.municipality import Fact
from gateway.domain.when import BEGINNING, END

LAW = "retssikkerhedsloven § 9"
PLACES = {
    "105": "en almen ældrebolig (almenboligloven § 105)",
    "107": "et midlertidigt botilbud (servicelovens § 107)",
    "108": "et længerevarende botilbud (servicelovens § 108)",
    "109": "et krisecenter (servicelovens § 109)",
    "110": "et herberg eller forsorgshjem (servicelovens § 110)",
    "temporary": "et midlertidigt ophold (servicelovens §§ 107, 109 eller 110)",
    "hospital": "en institution under sygehusvæsenet",
    "prison": "en af kriminalforsorgens institutioner",
}


@dataclass(frozen=True, slots=True)
class Placement:
    """A stay from `start` until `end` (exclusive) in a place of a kind of `PLACES`. `helper` is the municipality that
    helped the citizen there, "" when another authority did (a hospital admits, a court sentences). `helped` is false
    where the citizen came alone. `told` is the resource that tells it."""

    kind: str
    start: datetime
    end: datetime = END
    helper: str = ""
    helped: bool = True
    told: str = ""

    def holds(self, at: datetime) -> bool:
        """Whether the citizen is there at this time."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Residence:
    """A registration in a municipality. `home` only where the citizen has a dwelling: who is registered without an
    address, with an unknown one, or at the place that helps has none there."""

    code: str
    start: datetime
    end: datetime = END
    home: bool = True
    told: str = ""

    def holds(self, at: datetime) -> bool:
        """Whether it stands at this time."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts from `start` until `end`: `codes` are empty when nobody told enough, and two or more when the sources
    contradict each other. `reason` is in the words that a caseworker reads; `told` are the resources it rests on.
    `kept`: by a stay in a place that an authority helped to."""

    codes: tuple[str, ...]
    start: datetime
    end: datetime
    reason: str
    told: tuple[str, ...] = ()
    kept: bool = False

    @property
    def disputed(self) -> bool:
        """Whether the sources lead to more than one municipality."""
        return len(self.codes) > 1


_UNKNOWN = "Ingen har oplyst, hvor borgeren bor, eller hvem der er handlekommune."
_HOME = f"Borgeren har bolig i kommunen ({LAW})."
_STAYS = f"En myndighed har hjulpet borgeren til {{place}}: den hidtidige handlekommune er det fortsat ({LAW})."
_NONE_SINCE = f"Borgeren har ikke fået en ny handlekommune siden: den hidtidige er det fortsat ({LAW})."
_ALONE = f"Et ophold, som ingen myndighed har hjulpet til, giver ingen ny handlekommune her ({LAW})."
_HELPED = f"Kommunen har hjulpet borgeren til {{place}} ({LAW})."
_TOLD = "Kilden oplyser, at kommunen er handlekommune."
_DISPUTED = "Kilderne er ikke enige om handlekommunen. "


def acting_over_time(
    placements: Iterable[Placement], residences: Iterable[Residence], facts: Iterable[Fact] = ()
) -> list[Acting]:
    """Who acts in each span of time, in order and without gaps. `facts` are what sources told of who acts, those of
    social law or of no area. The order of what is told does not matter, nor its repetition."""
    stays = sorted(
        {p for p in placements if p.kind in PLACES}, key=lambda p: (p.start, p.end, p.kind, p.helper, p.told)
    )
    homes = sorted(set(residences), key=lambda r: (r.start, r.end, r.code, r.home, r.told))
    said = sorted(
        {f for f in facts if f.role == "acting" and f.area in ("", "social")}, key=lambda f: (f.start, f.code, f.told)
    )
    told: list[Placement | Residence | Fact] = [*stays, *homes, *said]
    edges = {BEGINNING, END, *(one.start for one in told), *(one.end for one in told)}
    spans: list[Acting] = []
    before: tuple[str, ...] = ()
    for start, end in pairwise(sorted(edges)):
        word = _by_law([p for p in stays if p.holds(start)], _registered(homes, start), before)
        codes, reason, tellers = _with_claims(word, [f for f in said if f.holds(start)])
        spans.append(Acting(codes, start, end, reason, tuple(sorted({*tellers} - {""})), word.kept))
        before = word.codes if word.firm else codes
    return _joined(spans)


def acting_at(spans: Sequence[Acting], at: datetime) -> Acting:
    """Who acts at one time."""
    return next(span for span in spans if span.start <= at < span.end)


class _Word(NamedTuple):
    """What the law says of one span. Not `firm` where it only goes on because nobody told otherwise."""

    codes: tuple[str, ...]
    reason: str
    told: tuple[str, ...] = ()
    firm: bool = False
    kept: bool = False


def _registered(residences: Sequence[Residence], at: datetime) -> list[Residence]:
    """Where the citizen is registered: one is registered in one place, so a later registration ends an earlier."""
    there = [r for r in residences if r.holds(at)]
    newest = max((r.start for r in there), default=at)
    return [r for r in there if r.start == newest]


def _by_law(here: Sequence[Placement], registered: Sequence[Residence], before: tuple[str, ...]) -> _Word:
    """`before` is who acted until now. A stay goes before a home: it keeps what was there when it began."""
    helped = next((p for p in here if p.helped), None)
    stays = tuple(p.told for p in here)
    if helped and before:
        return _Word(before, _STAYS.format(place=PLACES[helped.kind]), stays, firm=True, kept=True)
    if homes := [r for r in registered if r.home]:
        return _Word(tuple(sorted({r.code for r in homes})), _HOME, tuple(r.told for r in homes), firm=True)
    if helped and (helpers := {p.helper for p in here if p.helped and p.helper}):
        return _Word(tuple(sorted(helpers)), _HELPED.format(place=PLACES[helped.kind]), stays, firm=True, kept=True)
    if before:
        return _Word(before, _ALONE if here else _NONE_SINCE, stays)
    return _Word((), _UNKNOWN)


def _with_claims(word: _Word, claims: Sequence[Fact]) -> tuple[tuple[str, ...], str, list[str]]:
    """What the law says beside what sources told of who acts: they speak where it has nothing firm to say, and where
    they contradict it both stand."""
    named = {fact.code for fact in claims}
    told = [*word.told, *(one for fact in claims for one in fact.told)]
    if not claims:
        codes, reason = word.codes, word.reason
    elif word.firm:
        codes, reason = tuple(sorted(named | set(word.codes))), word.reason
    else:
        codes, reason, told = tuple(sorted(named)), _TOLD, [one for fact in claims for one in fact.told]
    return codes, (_DISPUTED if len(codes) > 1 else "") + reason, told


def _joined(spans: Sequence[Acting]) -> list[Acting]:
    """Neighbours that say the same for the same reason, as one."""
    joined: list[Acting] = []
    for one in spans:
        last = joined[-1] if joined else None
        if last and (last.codes, last.reason, last.told) == (one.codes, one.reason, one.told):
            joined[-1] = replace(last, end=one.end)
        else:
            joined.append(one)
    return joined
